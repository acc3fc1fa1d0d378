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

namespace embedmask {

struct Config {
    struct Backbone {
        std::int64_t depth = 50;        ///< 50 or 101
        bool stride_in_1x1 = true;      ///< MSRA layout; false for torchvision weights (§3.1)
        double frozen_bn_eps = 0;       ///< ε of frozen batch norm (§3.2)
        std::int64_t freeze_at = 2;     ///< stages without gradient: 2 = stem and layer1 (§3.3)
        std::string last_stage = "c5";  ///< "c4" cuts ResNet after layer3 (preset `lite`)

        bool operator==(const Backbone&) const = default;
    } backbone;

    struct Fpn {
        std::int64_t channels = 256;
        std::string p6_from = "p5";  ///< "p5" or "c5" (§3.4)

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
    std::string embed_mode = "add";  ///< "add", "coordconv", or "none" (FCOS alone)
    std::string coordconv_range =
        "divisor";  ///< coordinates of CoordConv: "divisor" or "unit" (§9.4)
    std::int64_t embed_dim = 16;
    std::int64_t spatial_dims = 2;
    std::string position_scale = "learned";  ///< λ: "learned" or "none" (§4.2, §4.9)
    double position_divisor = 100;
    double margin_reduce_factor = 32;
    double embed_reduce_factor = 1;
    std::string margin_level_scale = "spatial";  ///< κ_l on the "spatial" dims or "none"
    double prior_margin = 2;
    bool fix_margin = false;
    std::string proposal_head = "direct";  ///< "direct", "conv3" or "conv1_conv3" (§4.9)
    std::string pixel_fusion = "p3";       ///< "p3" or "p3p4p5"
    std::string pixel_norm = "gn";         ///< "gn" or "bn"
    std::int64_t pixel_channels = 256;
    bool semantic_loss = false;  ///< auxiliary semantic head (training only)
    double semantic_loss_weight = 1;
    std::string names = "authors";  ///< parameter names: "authors" (§4.6) or "detectron2" (§10.5)

    // Target assignment and losses (§5, §6).
    bool center_sampling = true;
    double center_radius = 1.5;
    std::string center = "box";  ///< "box" or "mask_centroid"
    bool sample_in_mask = true;
    std::string mask_proposals = "best";  ///< "best", "all_positives" or "iou_mean"
    double mask_proposals_iou = 0.5;
    std::int64_t max_proposals = 500;
    double focal_alpha = 0.25;
    double focal_gamma = 2;
    std::string box_loss = "giou";  ///< "giou", "iou" or "linear_iou"
    double mask_loss_weight = 0.5;
    double mask_loss_eps = 1e-9;
    std::string mask_loss_type = "lovasz";  ///< "lovasz" or "dice"
    double box_padding = -1;
    std::int64_t mask_scale_factor = 2;
    std::string mask_target = "any";  ///< "any" or "sample" (§11 item 12)
    double mask_target_threshold = 0;

    // Inference (§7).
    std::string upsample = "embedding";    ///< "embedding" or "probability" (§11 item 1)
    std::string resampler = "half_pixel";  ///< "half_pixel" or "aligned"
    double score_thresh = 0.05;
    std::int64_t pre_nms_top_n = 1000;
    double nms_thresh = 0.6;
    std::int64_t max_det = 100;  ///< <= 0: no limit
    bool thresh_with_ctr = false;
    bool score_sqrt = false;
    bool legacy_plus_one = true;
    std::string mask_window = "box";   ///< "box" or "full" (§11 item 14)
    std::string paste_domain = "log";  ///< "log" or "prob" (§11 item 15)
    double mask_thresh = 0.53;
    bool postprocess_masks = false;  ///< masks at network input size, for timing (§7.6)
    bool keep_embed = false;

    struct Input {
        std::vector<std::int64_t> short_train = {800};  ///< one, a list, or see short_train_mode
        std::string short_train_mode = "list";          ///< "list" or "range" (two ends, inclusive)
        std::int64_t max = 1333;
        std::int64_t short_test = 800;
        std::vector<double> mean = {102.9801, 115.9465, 122.7717};
        std::vector<double> std = {1, 1, 1};
        std::string order = "bgr";          ///< "bgr" or "rgb"; mean and std are in this order
        std::string range = "255";          ///< "255": values 0..255, "1": values 0..1
        std::string resize_rule = "mrcnn";  ///< "mrcnn" or "d2" (§2.2)
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
        std::string warmup = "constant";  ///< "constant" or "linear"
        double warmup_factor = 1.0 / 3.0;
        std::int64_t warmup_iters = 500;
        std::vector<std::int64_t> steps = {60000, 80000};
        std::int64_t max_iter = 90000;
        std::int64_t batch = 16;
        double gamma = 0.1;
        std::string optimizer = "sgd";   ///< "sgd" or "adamw"
        std::string schedule = "steps";  ///< "steps" (×gamma at each of `steps`) or "cosine"
        std::int64_t accumulate = 1;     ///< parts in which a batch is computed to save memory
        double clip_norm = 0;            ///< largest norm of all gradients together; 0 = no limit
        double ema = 0;                  ///< decay of the averaged weights; 0 = none

        bool operator==(const Solver&) const = default;
    } solver;

    /// What is trained on. Never part of a model file: it names files of one machine.
    struct Data {
        std::vector<std::string> train = {};         ///< COCO annotation files
        std::vector<std::string> train_images = {};  ///< their folders of photos
        std::vector<double> weights = {};  ///< how often a photo of each file appears in a pass
        std::string val = {};              ///< annotation file for `best` and early stopping
        std::string val_images = {};
        std::string unknown_masks = "error";  ///< objects without a mask: "error" or "box-only"
        std::string sampler = "authors";      ///< "authors" or "detectron2" (§2.8)
        std::string resume_order = "exact";   ///< "exact", or "authors": a new pass (§2.8)
        double flip = 0.5;                    ///< probability of a horizontal flip
        double color_jitter = 0;  ///< largest relative change of brightness, contrast, saturation
        double crop = 0;          ///< probability of a random crop
        std::vector<double> scale_jitter = {};  ///< [low, high] factor on the size, then a crop
        double copy_paste = 0;         ///< probability that objects of another photo are pasted in
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
double initial_margin(const Config& config);

/// Whether the network has embedding heads (everything but the preset `fcos`).
bool has_masks(const Config& config);

/// Number of spatial-free embedding dimensions.
std::int64_t free_dims(const Config& config);

/// Parses TOML text on top of `base`. `source` (a file name) appears in error messages.
/// Error: syntax, unknown key, wrong type, value out of range, values that contradict each other.
Config parse_config(std::string_view toml, std::string_view source, const Config& base = {});

/// Applies `key=value` assignments of the command line, all or none; a value is TOML, or a bare
/// word for a string. Error as for `parse_config`; values are checked against each other at the
/// end.
void apply_overrides(Config& config, std::span<const std::string> assignments);

/// All keys with their values as TOML text; `parse_config(to_toml(c))` gives c back.
std::string to_toml(const Config& config);

/// A line "key: before -> after" for each key whose values differ, in the order of `to_toml`.
std::vector<std::string> differences(Config before, Config after);

/// One entry per preset that `preset()` knows.
struct PresetInfo {
    std::string name;
    std::string summary;
};
std::span<const PresetInfo> presets();

/// The resolved preset. Error naming the nearest preset for an unknown name.
Config preset(std::string_view name);

}  // namespace embedmask
