/// @file
/// The configuration: every switch of the specification's Appendix B, as one plain value.
///
/// A preset is a named Config; a TOML file or `--set key=value` changes single keys. Parsing
/// rejects unknown keys (and names the nearest known one), wrong types and values out of range,
/// with file and line. All functions are pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedmask/export.h"

namespace embedmask {

// Settings that are words in a configuration file. src/config/fields.cpp maps words to values.

/// The detector that proposes objects.
enum class DetectorKind {
    fcos,     ///< FCOS on a ResNet with FPN, as in the paper
    nanodet,  ///< NanoDet-Plus-m: ShuffleNetV2 with GhostPAN
};
/// Batch norm of NanoDet-Plus.
enum class NanodetNorm {
    folded,  ///< folded into the convolutions, as in the author's files
    bn,      ///< layers of their own, for training from scratch
};
/// Last stage of the backbone.
enum class LastStage {
    c4,  ///< ResNet without layer4 (preset `lite`)
    c5,  ///< the whole ResNet
};
/// Input of the pyramid level P6 (§3.4).
enum class P6Source {
    p5,  ///< the pyramid level P5
    c5,  ///< the backbone stage C5
};
/// How coordinates enter the embeddings (§4.3, §9.4).
enum class EmbedMode {
    add,        ///< added to the spatial embedding, as in the paper
    coordconv,  ///< appended to the features (CoordConv, Table 3)
    none,       ///< no embeddings: FCOS alone, boxes without masks
};
/// Unit of the coordinates of CoordConv (§9.4).
enum class CoordConvRange {
    divisor,  ///< pixels divided by `position_divisor`
    unit,     ///< -1 to 1 over the input
};
/// The scale λ of the coordinates (§4.2, §4.9).
enum class PositionScale {
    learned,  ///< a trained parameter
    none,     ///< fixed at 1
};
/// Dimensions that the factor κ_l of a level scales (§4.4).
enum class MarginLevelScale {
    spatial,  ///< the spatial margins
    none,     ///< no dimension
};
/// Layers between the box tower and embeddings and margins (§4.9).
enum class ProposalHeadKind {
    direct,       ///< none (G3)
    conv3,        ///< a 3×3 convolution
    conv1_conv3,  ///< a 1×1 and a 3×3 convolution (T2)
    conv1,        ///< a 1×1 convolution with an activation; the outputs are 1×1, too
};
/// Input of the proposal head.
enum class ProposalInput {
    tower,          ///< the detector's box tower
    tower_pyramid,  ///< the tower and the pyramid level together
};
/// What spatial embeddings and margins of proposals refer to.
enum class SpatialEmbedding {
    absolute,  ///< the location (§4.3)
    relative,  ///< the predicted box, which the mask loss then trains, too: its centre, and its
               ///< size as the unit
};
/// Pyramid levels that the pixel head reads (§4.9).
enum class PixelFusion {
    p3,        ///< P3
    p3p4p5,    ///< the sum of refined P3, P4 and P5
    top_down,  ///< P5, enlarged and added to P4, enlarged and added to P3
};
/// Convolutions of the pixel head's tower.
enum class PixelTower {
    conv,       ///< 3×3
    separable,  ///< depthwise 3×3, then 1×1
};
/// Activation in the embedding heads.
enum class HeadActivation {
    relu,        ///< ReLU
    leaky_relu,  ///< leaky ReLU with slope 0.1
};
/// Normalisation in the pixel head.
enum class PixelNorm {
    gn,  ///< group norm
    bn,  ///< batch norm
};
/// Naming scheme of the parameters.
enum class ParameterNames {
    authors,     ///< as in the authors' G3 code (§4.6)
    detectron2,  ///< as in the Table 2 code (§10.5)
};
/// Centre of the region of positive locations (§5.2).
enum class SamplingCenter {
    box,            ///< centre of the box
    mask_centroid,  ///< centroid of the mask
};
/// Positive locations that the mask loss uses (§5.5).
enum class MaskProposals {
    best,           ///< one per object: the one with the best predicted IoU
    all_positives,  ///< all, up to `max_proposals`
    iou_mean,       ///< the mean of those with an IoU above `mask_proposals_iou` (G1)
    best_two,       ///< of all locations, the best by IoU and one of the next seven by p·IoU⁶
};
/// Box regression loss (§6.3).
enum class BoxLoss {
    giou,        ///< 1 − GIoU
    iou,         ///< −ln IoU
    linear_iou,  ///< 1 − IoU
};
/// Mask loss (§6.5, §6.8).
enum class MaskLossType {
    lovasz,  ///< Lovász hinge
    dice,    ///< Dice loss
};
/// How a mask is reduced to quarter resolution as a target (§11 item 12).
enum class MaskTarget {
    any,     ///< bilinear, then above `mask_target_threshold`
    sample,  ///< every fourth pixel
    area,    ///< mean of 4×4 pixels, from `mask_target_threshold` on
};
/// What is upsampled to quarter resolution (§11 item 1).
enum class Upsample {
    embedding,    ///< the pixel embedding (G3)
    probability,  ///< the mask probability (paper, T2)
};
/// Bilinear resampling grid (§7.4, §7.9).
enum class Resampler {
    half_pixel,  ///< pixel centres at half integers
    aligned,     ///< corner pixels aligned
};
/// Where mask probabilities are evaluated (§11 item 14).
enum class MaskWindow {
    box,   ///< in the box, enlarged by two cells
    full,  ///< in the whole image
};
/// Domain in which masks are resized to the image (§11 item 15).
enum class PasteDomain {
    log,   ///< log probability (G3)
    prob,  ///< probability (paper, T2)
};
/// Meaning of `input.short_train`.
enum class ShortTrainMode {
    list,   ///< a choice of sizes
    range,  ///< two inclusive ends
};
/// Channel order of the network input. `input.mean` and `input.std` use it too.
enum class ChannelOrder {
    bgr,  ///< blue, green, red
    rgb,  ///< red, green, blue
};
/// Value range of the network input before `input.mean` is subtracted.
enum class ValueRange {
    to_255,  ///< 0 to 255
    to_1,    ///< 0 to 1
};
/// Rounding of the input size (§2.2).
enum class ResizeRule {
    mrcnn,  ///< truncates; the long side may exceed its limit by one pixel
    d2,     ///< rounds
};
/// Learning rate during the warm-up iterations (§8.2).
enum class Warmup {
    constant,  ///< `warmup_factor` × lr
    linear,    ///< rises linearly from `warmup_factor` × lr
};
/// Optimiser.
enum class OptimizerKind {
    sgd,    ///< SGD with momentum (§8.1)
    adamw,  ///< AdamW
};
/// Learning rate schedule after the warm-up.
enum class ScheduleKind {
    steps,   ///< × `gamma` at each iteration in `steps`
    cosine,  ///< cosine decay to 0
};
/// Treatment of objects without a mask in training data.
enum class UnknownMasks {
    error,     ///< refuse the data
    box_only,  ///< train on their boxes, leave them out of the mask loss
};
/// Order of the training images (§2.8).
enum class SamplerKind {
    authors,     ///< incomplete last batches of a pass are used
    detectron2,  ///< complete batches only
};
/// Image order of a resumed run.
enum class ResumeOrder {
    exact,    ///< continues where the checkpoint was written
    authors,  ///< starts a new pass over the data (§2.8)
};

/// All settings of a network, its inference and its training. The defaults are the preset `g3`.
/// The comments give the words that a configuration file uses.
struct Config {
    /// The backbone (§3.1 to §3.3). NanoDet-Plus reads `freeze_at` only.
    struct Backbone {
        std::int64_t depth = 50;     ///< 50 or 101
        bool stride_in_1x1 = true;   ///< MSRA layout; false for torchvision weights (§3.1)
        double frozen_bn_eps = 0;    ///< ε of frozen batch norm (§3.2)
        std::int64_t freeze_at = 2;  ///< frozen stages: 1 = stem, 2 = layer1 (stage2), ... (§3.3)
        LastStage last_stage = LastStage::c5;  ///< "c4" or "c5"

        bool operator==(const Backbone&) const = default;
    };
    Backbone backbone;  ///< keys `backbone.*`

    /// The feature pyramid (§3.4).
    struct Fpn {
        std::int64_t channels = 256;      ///< of every level
        P6Source p6_from = P6Source::p5;  ///< "p5" or "c5"

        bool operator==(const Fpn&) const = default;
    };
    Fpn fpn;  ///< keys `fpn.*`

    /// NanoDet-Plus.
    struct Nanodet {
        NanodetNorm norm = NanodetNorm::folded;  ///< "folded" or "bn"

        bool operator==(const Nanodet&) const = default;
    };
    Nanodet nanodet;  ///< keys `nanodet.*`

    DetectorKind detector = DetectorKind::fcos;  ///< "fcos" or "nanodet"
    bool freeze_detector = false;                ///< train the embedding heads only

    // The detector and the embedding heads (§4).
    std::int64_t num_classes = 80;                             ///< without background
    std::vector<std::int64_t> strides = {8, 16, 32, 64, 128};  ///< pixels, of the levels from P3
    std::vector<std::int64_t> size_split = {64, 128, 256,
                                            512};  ///< pixels; object sizes (§5.2; FCOS)
    std::int64_t tower_convs = 4;                  ///< of each tower of FCOS, and of the pixel head
    std::int64_t tower_channels = 256;             ///< of the class and box towers (FCOS)
    std::int64_t tower_groups = 32;                ///< groups of group norm
    double prior_prob = 0.01;                      ///< class probability at initialisation (§4.5)
    bool norm_reg_targets = true;   ///< box distances in units of the stride (true for NanoDet)
    bool centerness_on_reg = true;  ///< centre-ness reads the box tower (FCOS)
    bool use_dcn_in_tower = false;  ///< deformable convolutions; not supported
    EmbedMode embed_mode = EmbedMode::add;                     ///< "add", "coordconv", "none"
    CoordConvRange coordconv_range = CoordConvRange::divisor;  ///< "divisor" or "unit"
    std::int64_t embed_dim = 16;                               ///< D
    std::int64_t spatial_dims = 2;                             ///< 2, or 0: spatial-free only
    PositionScale position_scale = PositionScale::learned;     ///< "learned" or "none"
    double position_divisor = 100;                             ///< of coordinates in pixels (§4.3)
    double margin_reduce_factor = 32;                          ///< B (§4.4)
    double embed_reduce_factor = 1;                            ///< of the proposal embedding
    MarginLevelScale margin_level_scale = MarginLevelScale::spatial;  ///< "spatial" or "none"
    double prior_margin = 2;  ///< distance at which the initial probability is one half (§4.4)
    bool fix_margin = false;  ///< constant margin (Table 3)
    ProposalHeadKind proposal_head =
        ProposalHeadKind::direct;     ///< "direct", "conv3", "conv1_conv3" or "conv1"
    bool proposal_per_level = false;  ///< each level has a proposal head of its own
    ProposalInput proposal_input = ProposalInput::tower;  ///< "tower" or "tower_pyramid"
    SpatialEmbedding spatial_embedding = SpatialEmbedding::absolute;  ///< "absolute", "relative"
    PixelFusion pixel_fusion = PixelFusion::p3;             ///< "p3", "p3p4p5" or "top_down"
    PixelTower pixel_tower = PixelTower::conv;              ///< "conv" or "separable"
    PixelNorm pixel_norm = PixelNorm::gn;                   ///< "gn" or "bn"
    std::int64_t pixel_channels = 256;                      ///< of the pixel head's tower
    std::int64_t pixel_stride = 8;                          ///< of the pixel embedding: 8 or 4
    std::int64_t pixel_output_kernel = 3;                   ///< of its last convolution: 3 or 1
    HeadActivation head_activation = HeadActivation::relu;  ///< "relu" or "leaky_relu"
    bool semantic_loss = false;                      ///< auxiliary semantic head while training
    double semantic_loss_weight = 1;                 ///< of that loss
    ParameterNames names = ParameterNames::authors;  ///< "authors" or "detectron2"

    // Target assignment and losses (§5, §6). NanoDet-Plus has an assignment of its own and ignores
    // those marked FCOS.
    bool center_sampling = true;                  ///< positives lie near the centre (§5.2; FCOS)
    double center_radius = 1.5;                   ///< of that region, in strides (FCOS)
    SamplingCenter center = SamplingCenter::box;  ///< "box" or "mask_centroid" (FCOS)
    bool sample_in_mask = true;                   ///< positives lie inside the mask (FCOS)
    /// "best", "all_positives", "iou_mean" or "best_two"
    MaskProposals mask_proposals = MaskProposals::best;
    double mask_proposals_iou = 0.5;   ///< threshold of "iou_mean" and "best_two"
    std::int64_t max_proposals = 500;  ///< limit of "all_positives"
    double focal_alpha = 0.25;         ///< α of the focal loss (§6.2; FCOS)
    double focal_gamma = 2;            ///< γ of the focal loss, β of the quality focal loss
    BoxLoss box_loss = BoxLoss::giou;  ///< "giou", "iou" or "linear_iou" (FCOS)
    double mask_loss_weight = 0.5;     ///< λ1
    double mask_loss_eps = 1e-9;       ///< clamp of the mask loss (§6.5)
    MaskLossType mask_loss_type = MaskLossType::lovasz;  ///< "lovasz" or "dice"
    double box_padding = -1;             ///< crops the mask loss to enlarged boxes; -1: off (§6.6)
    double box_padding_cells = 1;        ///< added to that on every side, at quarter resolution
    std::int64_t mask_scale_factor = 2;  ///< from the pixel embedding to quarter resolution
    MaskTarget mask_target = MaskTarget::any;  ///< "any", "sample" or "area"
    double mask_target_threshold = 0;          ///< of "any" and "area"

    // Inference (§7).
    Upsample upsample = Upsample::embedding;      ///< "embedding" or "probability"
    Resampler resampler = Resampler::half_pixel;  ///< "half_pixel" or "aligned"
    double score_thresh = 0.05;                   ///< lowest class score of a candidate
    std::int64_t pre_nms_top_n = 1000;            ///< candidates per level
    double nms_thresh = 0.6;                      ///< IoU above which a candidate is suppressed
    std::int64_t max_det = 100;                   ///< detections per image; <= 0: no limit
    bool thresh_with_ctr = false;  ///< apply `score_thresh` after multiplying by centre-ness (FCOS)
    bool score_sqrt = false;       ///< score = sqrt(class × centre-ness), else the product
    bool legacy_plus_one = true;   ///< the "+1" box convention (§11 item 11)
    MaskWindow mask_window = MaskWindow::box;     ///< "box" or "full"
    PasteDomain paste_domain = PasteDomain::log;  ///< "log" or "prob"
    double mask_thresh = 0.53;       ///< probability from which a pixel belongs to a mask
    bool postprocess_masks = false;  ///< masks at network input size, for timing (§7.6)
    bool keep_embed = false;         ///< keep embeddings with every prediction

    /// The network input (§2.2 to §2.5).
    struct Input {
        std::vector<std::int64_t> short_train = {800};  ///< short sides while training, pixels
        ShortTrainMode short_train_mode = ShortTrainMode::list;     ///< "list" or "range"
        std::int64_t max = 1333;                                    ///< longest side, pixels
        std::int64_t short_test = 800;                              ///< short side, pixels
        std::vector<double> mean = {102.9801, 115.9465, 122.7717};  ///< subtracted, per channel
        std::vector<double> std = {1, 1, 1};                        ///< divided by, per channel
        ChannelOrder order = ChannelOrder::bgr;                     ///< "bgr" or "rgb"
        ValueRange range = ValueRange::to_255;                      ///< "255" or "1"
        ResizeRule resize_rule = ResizeRule::mrcnn;                 ///< "mrcnn" or "d2"
        std::int64_t size_divisor = 32;  ///< inputs are padded to multiples of this
        bool aspect_grouping = true;     ///< batches of portrait or landscape only

        bool operator==(const Input&) const = default;
    };
    Input input;  ///< keys `input.*`

    /// Optimiser and schedule (§8.1, §8.2).
    struct Solver {
        double lr = 0.01;                                  ///< learning rate
        double momentum = 0.9;                             ///< of SGD
        double wd = 1e-4;                                  ///< weight decay
        double bias_lr_factor = 2;                         ///< × lr for biases
        double wd_bias = 0;                                ///< weight decay of biases
        double wd_norm = 1e-4;                             ///< weight decay of normalisation layers
        Warmup warmup = Warmup::constant;                  ///< "constant" or "linear"
        double warmup_factor = 1.0 / 3.0;                  ///< × lr at the start
        std::int64_t warmup_iters = 500;                   ///< iterations
        std::vector<std::int64_t> steps = {60000, 80000};  ///< milestones, iterations
        std::int64_t max_iter = 90000;                     ///< iterations
        std::int64_t batch = 16;                           ///< images of all devices together
        double gamma = 0.1;                                ///< factor at each milestone
        OptimizerKind optimizer = OptimizerKind::sgd;      ///< "sgd" or "adamw"
        ScheduleKind schedule = ScheduleKind::steps;       ///< "steps" or "cosine"
        std::int64_t accumulate = 1;      ///< steps in which a batch is computed, to save memory
        double clip_norm = 0;             ///< largest norm of all gradients together; 0: no limit
        double ema = 0;                   ///< decay of the averaged weights; 0: none
        double detector_lr_factor = 1;    ///< × lr for the parameters of the detector
        std::int64_t detector_start = 0;  ///< iterations in which the detector is frozen

        bool operator==(const Solver&) const = default;
    };
    Solver solver;  ///< keys `solver.*`

    /// The installed model that `embedmask train` starts from without --weights; empty: none.
    std::string start_model;

    /// Learning from a teacher (`embedmask train --teacher`): factors of its losses.
    struct Teacher {
        double class_weight = 1;      ///< of class probabilities and centre-ness
        double box_weight = 1;        ///< of boxes
        double embedding_weight = 1;  ///< of embeddings, if both networks have them

        bool operator==(const Teacher&) const = default;
    };
    Teacher teacher;  ///< keys `teacher.*`

    /// Training and validation data. Never part of a model file: it names files of one machine.
    struct Data {
        std::vector<std::string> train = {};         ///< COCO annotation files
        std::vector<std::string> train_images = {};  ///< the image folder of each
        std::vector<double> weights = {};  ///< how often images of each file appear per pass
        std::string val = {};              ///< annotation file for validation
        std::string val_images = {};       ///< its image folder
        UnknownMasks unknown_masks = UnknownMasks::error;  ///< "error" or "box-only"
        SamplerKind sampler = SamplerKind::authors;        ///< "authors" or "detectron2"
        ResumeOrder resume_order = ResumeOrder::exact;     ///< "exact" or "authors"
        double flip = 0.5;                                 ///< probability of a horizontal flip
        double color_jitter = 0;  ///< largest relative change of brightness, contrast, saturation
        double crop = 0;          ///< probability of a random crop
        std::vector<double> scale_jitter = {};  ///< [low, high] factor on the size, then a crop
        double copy_paste = 0;                  ///< probability of pasting objects of another image
        bool scaled_decoding = false;  ///< let the JPEG decoder shrink: faster, not exact (§2.3)

        bool operator==(const Data&) const = default;
    };
    Data data;  ///< keys `data.*`

    std::int64_t checkpoint_period = 2500;  ///< iterations
    std::int64_t eval_period = 0;  ///< iterations between validations; 0: at every checkpoint
    std::int64_t patience = 0;     ///< validations without a better AP before stopping; 0: never
    std::int64_t log_period = 20;  ///< iterations
    std::int64_t workers = 4;      ///< loader threads per device
    std::int64_t seed = 0;         ///< of every random number of a run

    bool operator==(const Config&) const = default;
};

/// ln 2 / prior_margin²: the margin at initialisation, and with `fix_margin` (§4.4).
EMBEDMASK_EXPORT double initial_margin(const Config& config);

/// Whether the network has embedding heads: `embed_mode` is not "none".
EMBEDMASK_EXPORT bool has_masks(const Config& config);

/// Number of spatial-free embedding dimensions.
EMBEDMASK_EXPORT std::int64_t free_dims(const Config& config);

/// Error (`source`, key, value, range) for the first value that is out of range or contradicts
/// another one. The same rules as for TOML and the command line.
EMBEDMASK_EXPORT void validate(const Config& config, std::string_view source = "configuration");

/// Parses TOML text on top of `base`. `source` (a file name) appears in error messages.
/// Error: syntax, unknown key, wrong type, value out of range, values that contradict each other.
EMBEDMASK_EXPORT Config parse_config(std::string_view toml, std::string_view source,
                                     const Config& base = {});

/// Applies `key=value` assignments, all or none. A value is TOML, or a bare word for a string.
/// Values are checked against each other at the end. Error as for `parse_config`.
EMBEDMASK_EXPORT void apply_overrides(Config& config, std::span<const std::string> assignments);

/// All keys with their values as TOML text; `parse_config(to_toml(c))` gives c back.
EMBEDMASK_EXPORT std::string to_toml(const Config& config);

/// A line "key: before -> after" for each key whose values differ, in the order of `to_toml`.
EMBEDMASK_EXPORT std::vector<std::string> differences(Config before, Config after);

/// A preset of `preset()`.
struct PresetInfo {
    std::string name;     ///< as `preset()` takes it
    std::string summary;  ///< one line
};
/// All presets.
EMBEDMASK_EXPORT std::span<const PresetInfo> presets();

/// The resolved preset. Error naming the nearest preset for an unknown name.
EMBEDMASK_EXPORT Config preset(std::string_view name);

/// The configuration in a TOML file (the name ends with ".toml"), or else the preset of that name.
/// Error as for `parse_config` and `preset`.
EMBEDMASK_EXPORT Config read_config(const std::string& file_or_preset);

}  // namespace embedmask
