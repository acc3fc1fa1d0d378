/// The configuration: every switch of the specification's Appendix B, as one plain value.
///
/// A preset is a named Config; a TOML file or `--set key=value` changes single keys. Parsing
/// rejects unknown keys (naming the nearest known one), wrong types and values out of range, with
/// file and line. All functions are pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedmask/export.h"

namespace embedmask {

// Closed words: what a configuration file writes as a string. The table of words is in
// src/config/fields.cpp.

/// Where the backbone ends.
enum class LastStage { c4, c5 };
/// What the pyramid level P6 is computed from (§3.4).
enum class P6Source { p5, c5 };
/// How coordinates enter the embeddings; `none`: FCOS alone, no masks.
enum class EmbedMode { add, coordconv, none };
/// Coordinates of CoordConv (§9.4).
enum class CoordConvRange { divisor, unit };
/// λ (§4.2, §4.9).
enum class PositionScale { learned, none };
/// Which dimensions κ_l scales.
enum class MarginLevelScale { spatial, none };
/// §4.9.
enum class ProposalHeadKind { direct, conv3, conv1_conv3 };
/// Levels that the pixel head reads.
enum class PixelFusion { p3, p3p4p5 };
/// Normalisation of the pixel head.
enum class PixelNorm { gn, bn };
/// §4.6, §10.5.
enum class ParameterNames { authors, detectron2 };
/// Centre of the sampling region (§5).
enum class SamplingCenter { box, mask_centroid };
/// Locations that the mask loss takes.
enum class MaskProposals { best, all_positives, iou_mean };
/// §6.
enum class BoxLoss { giou, iou, linear_iou };
/// §6.
enum class MaskLossType { lovasz, dice };
/// §11 item 12.
enum class MaskTarget { any, sample };
/// What is upsampled (§11 item 1).
enum class Upsample { embedding, probability };
/// How.
enum class Resampler { half_pixel, aligned };
/// §11 item 14.
enum class MaskWindow { box, full };
/// §11 item 15.
enum class PasteDomain { log, prob };
/// Whether `short_train` lists sizes or gives two inclusive ends.
enum class ShortTrainMode { list, range };
/// Of the network input; mean and std are in it.
enum class ChannelOrder { bgr, rgb };
/// Values 0..255 or 0..1.
enum class ValueRange { to_255, to_1 };
/// §2.2: `mrcnn` truncates and keeps the cap on the long side within one pixel, `d2` rounds.
enum class ResizeRule { mrcnn, d2 };
enum class Warmup { constant, linear };
enum class OptimizerKind { sgd, adamw };
/// `steps`: × gamma at each of `steps`.
enum class ScheduleKind { steps, cosine };
/// Objects without a mask.
enum class UnknownMasks { error, box_only };
/// §2.8.
enum class SamplerKind { authors, detectron2 };
/// `exact`, or a new pass (§2.8).
enum class ResumeOrder { exact, authors };

struct Config {
    struct Backbone {
        std::int64_t depth = 50;     ///< 50 or 101
        bool stride_in_1x1 = true;   ///< MSRA layout; false for torchvision weights (§3.1)
        double frozen_bn_eps = 0;    ///< ε of frozen batch norm (§3.2)
        std::int64_t freeze_at = 2;  ///< stages without gradient: 2 = stem and layer1 (§3.3)
        LastStage last_stage = LastStage::c5;  ///< "c4" cuts ResNet after layer3 (preset `lite`)

        bool operator==(const Backbone&) const = default;
    } backbone;

    struct Fpn {
        std::int64_t channels = 256;
        P6Source p6_from = P6Source::p5;  ///< "p5" or "c5" (§3.4)

        bool operator==(const Fpn&) const = default;
    } fpn;

    // The detector (FCOS) and the embedding heads (§4).
    std::int64_t num_classes = 80;
    std::vector<std::int64_t> strides = {8, 16, 32, 64, 128};
    std::vector<std::int64_t> size_split = {64, 128, 256, 512};
    std::int64_t tower_convs = 4;
    std::int64_t tower_channels = 256;
    std::int64_t tower_groups = 32;  ///< groups of GroupNorm
    double prior_prob = 0.01;
    bool norm_reg_targets = true;
    bool centerness_on_reg = true;
    bool use_dcn_in_tower = false;
    EmbedMode embed_mode = EmbedMode::add;  ///< "add", "coordconv", or "none" (FCOS alone)
    CoordConvRange coordconv_range =
        CoordConvRange::divisor;  ///< coordinates of CoordConv: "divisor" or "unit" (§9.4)
    std::int64_t embed_dim = 16;
    std::int64_t spatial_dims = 2;
    PositionScale position_scale = PositionScale::learned;  ///< λ: "learned" or "none" (§4.2, §4.9)
    double position_divisor = 100;
    double margin_reduce_factor = 32;
    double embed_reduce_factor = 1;
    MarginLevelScale margin_level_scale =
        MarginLevelScale::spatial;  ///< κ_l on the "spatial" dims or "none"
    double prior_margin = 2;
    bool fix_margin = false;
    ProposalHeadKind proposal_head =
        ProposalHeadKind::direct;                ///< "direct", "conv3" or "conv1_conv3" (§4.9)
    PixelFusion pixel_fusion = PixelFusion::p3;  ///< "p3" or "p3p4p5"
    PixelNorm pixel_norm = PixelNorm::gn;        ///< "gn" or "bn"
    std::int64_t pixel_channels = 256;
    bool semantic_loss = false;  ///< auxiliary semantic head (training only)
    double semantic_loss_weight = 1;
    ParameterNames names =
        ParameterNames::authors;  ///< parameter names: "authors" (§4.6) or "detectron2" (§10.5)

    // Target assignment and losses (§5, §6).
    bool center_sampling = true;
    double center_radius = 1.5;
    SamplingCenter center = SamplingCenter::box;  ///< "box" or "mask_centroid"
    bool sample_in_mask = true;
    MaskProposals mask_proposals = MaskProposals::best;  ///< "best", "all_positives" or "iou_mean"
    double mask_proposals_iou = 0.5;
    std::int64_t max_proposals = 500;
    double focal_alpha = 0.25;
    double focal_gamma = 2;
    BoxLoss box_loss = BoxLoss::giou;  ///< "giou", "iou" or "linear_iou"
    double mask_loss_weight = 0.5;
    double mask_loss_eps = 1e-9;
    MaskLossType mask_loss_type = MaskLossType::lovasz;  ///< "lovasz" or "dice"
    double box_padding = -1;
    std::int64_t mask_scale_factor = 2;
    MaskTarget mask_target = MaskTarget::any;  ///< "any" or "sample" (§11 item 12)
    double mask_target_threshold = 0;

    // Inference (§7).
    Upsample upsample = Upsample::embedding;      ///< "embedding" or "probability" (§11 item 1)
    Resampler resampler = Resampler::half_pixel;  ///< "half_pixel" or "aligned"
    double score_thresh = 0.05;
    std::int64_t pre_nms_top_n = 1000;
    double nms_thresh = 0.6;
    std::int64_t max_det = 100;  ///< <= 0: no limit
    bool thresh_with_ctr = false;
    bool score_sqrt = false;
    bool legacy_plus_one = true;
    MaskWindow mask_window = MaskWindow::box;     ///< "box" or "full" (§11 item 14)
    PasteDomain paste_domain = PasteDomain::log;  ///< "log" or "prob" (§11 item 15)
    double mask_thresh = 0.53;
    bool postprocess_masks = false;  ///< masks at network input size, for timing (§7.6)
    bool keep_embed = false;

    struct Input {
        std::vector<std::int64_t> short_train = {800};  ///< one, a list, or see short_train_mode
        ShortTrainMode short_train_mode =
            ShortTrainMode::list;  ///< "list" or "range" (two ends, inclusive)
        std::int64_t max = 1333;
        std::int64_t short_test = 800;
        std::vector<double> mean = {102.9801, 115.9465, 122.7717};
        std::vector<double> std = {1, 1, 1};
        ChannelOrder order = ChannelOrder::bgr;  ///< "bgr" or "rgb"; mean and std are in this order
        ValueRange range = ValueRange::to_255;   ///< "255": values 0..255, "1": values 0..1
        ResizeRule resize_rule = ResizeRule::mrcnn;  ///< "mrcnn" or "d2" (§2.2)
        std::int64_t size_divisor = 32;
        bool aspect_grouping = true;

        bool operator==(const Input&) const = default;
    } input;

    struct Solver {
        double lr = 0.01;
        double momentum = 0.9;
        double wd = 1e-4;
        double bias_lr_factor = 2;
        double wd_bias = 0;
        double wd_norm = 1e-4;
        Warmup warmup = Warmup::constant;  ///< "constant" or "linear"
        double warmup_factor = 1.0 / 3.0;
        std::int64_t warmup_iters = 500;
        std::vector<std::int64_t> steps = {60000, 80000};
        std::int64_t max_iter = 90000;
        std::int64_t batch = 16;
        double gamma = 0.1;
        OptimizerKind optimizer = OptimizerKind::sgd;  ///< "sgd" or "adamw"
        ScheduleKind schedule =
            ScheduleKind::steps;      ///< "steps" (×gamma at each of `steps`) or "cosine"
        std::int64_t accumulate = 1;  ///< parts in which a batch is computed to save memory
        double clip_norm = 0;         ///< largest norm of all gradients together; 0 = no limit
        double ema = 0;               ///< decay of the averaged weights; 0 = none

        bool operator==(const Solver&) const = default;
    } solver;

    /// What is trained on. Never part of a model file: it names files of one machine.
    struct Data {
        std::vector<std::string> train = {};         ///< COCO annotation files
        std::vector<std::string> train_images = {};  ///< their folders of images
        std::vector<double> weights = {};  ///< how often an image of each file appears in a pass
        std::string val = {};              ///< annotation file for `best` and early stopping
        std::string val_images = {};
        UnknownMasks unknown_masks =
            UnknownMasks::error;  ///< objects without a mask: "error" or "box-only"
        SamplerKind sampler = SamplerKind::authors;  ///< "authors" or "detectron2" (§2.8)
        ResumeOrder resume_order =
            ResumeOrder::exact;   ///< "exact", or "authors": a new pass (§2.8)
        double flip = 0.5;        ///< probability of a horizontal flip
        double color_jitter = 0;  ///< largest relative change of brightness, contrast, saturation
        double crop = 0;          ///< probability of a random crop
        std::vector<double> scale_jitter = {};  ///< [low, high] factor on the size, then a crop
        double copy_paste = 0;         ///< probability that objects of another image are pasted in
        bool scaled_decoding = false;  ///< let the JPEG decoder shrink: faster, not exact (§2.3)

        bool operator==(const Data&) const = default;
    } data;

    std::int64_t checkpoint_period = 2500;
    std::int64_t eval_period = 0;  ///< iterations between validations; 0 = at every checkpoint
    std::int64_t patience = 0;     ///< validations without a better AP before stopping; 0 = never
    std::int64_t log_period = 20;
    std::int64_t workers = 4;
    std::int64_t seed = 0;

    bool operator==(const Config&) const = default;
};

/// m0 = ln 2 / prior_margin², the margin at initialisation and of `fix_margin` (§4.4).
EMBEDMASK_EXPORT double initial_margin(const Config& config);

/// Whether the network has embedding heads (everything but the preset `fcos`).
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

/// Applies `key=value` assignments of the command line, all or none; a value is TOML, or a bare
/// word for a string. Error as for `parse_config`; values are checked against each other at the
/// end.
EMBEDMASK_EXPORT void apply_overrides(Config& config, std::span<const std::string> assignments);

/// All keys with their values as TOML text; `parse_config(to_toml(c))` gives c back.
EMBEDMASK_EXPORT std::string to_toml(const Config& config);

/// A line "key: before -> after" for each key whose values differ, in the order of `to_toml`.
EMBEDMASK_EXPORT std::vector<std::string> differences(Config before, Config after);

/// One entry per preset that `preset()` knows.
struct PresetInfo {
    std::string name;
    std::string summary;
};
EMBEDMASK_EXPORT std::span<const PresetInfo> presets();

/// The resolved preset. Error naming the nearest preset for an unknown name.
EMBEDMASK_EXPORT Config preset(std::string_view name);

/// The configuration in the TOML file of that name (it ends with ".toml"), or else the preset.
EMBEDMASK_EXPORT Config read_config(const std::string& file_or_preset);

}  // namespace embedmask
