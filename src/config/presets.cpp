// Presets as differences from `g3`; configs/NAME.toml contain the same presets, resolved.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/lines.h"
#include "base/nearest.h"
#include "embedmask/config.h"
#include "embedmask/error.h"

namespace embedmask {
namespace {

constexpr std::uint64_t kLargestFile = 1U << 20;

struct Preset {
    PresetInfo info;
    std::string base;     // another preset; empty = the defaults of Config
    std::string changes;  // TOML
};

const char* const kTable2 = R"(
position_scale = "none"
proposal_head = "conv1_conv3"
pixel_fusion = "p3p4p5"
pixel_norm = "bn"
pixel_channels = 128
semantic_loss = true
names = "detectron2"
center = "mask_centroid"
sample_in_mask = false
mask_proposals = "all_positives"
mask_loss_weight = 1.0
mask_loss_eps = 1e-6
mask_target = "sample"
upsample = "probability"
resampler = "aligned"
thresh_with_ctr = true
score_sqrt = true
legacy_plus_one = false
mask_window = "full"
paste_domain = "prob"
mask_thresh = 0.5
checkpoint_period = 5000
data.sampler = "detectron2"
backbone.frozen_bn_eps = 1e-5
input.short_train = [640, 672, 704, 736, 768, 800]
input.mean = [103.53, 116.28, 123.675]
input.resize_rule = "d2"
solver.bias_lr_factor = 1.0
solver.wd_bias = 1e-4
solver.wd_norm = 0.0
solver.warmup = "linear"
solver.warmup_factor = 0.001
solver.warmup_iters = 1000
)";

const char* const k3x = R"(
backbone.depth = 101
solver.steps = [210000, 250000]
solver.max_iter = 270000
)";

// For few images: keep the pretrained backbone, average the weights, stop when AP no longer
// improves.
const char* const kFinetune = R"(
backbone.freeze_at = 5
input.short_train = [224, 256, 288, 320]
input.max = 533
input.short_test = 320
solver.batch = 4
solver.lr = 0.005
solver.max_iter = 900
solver.steps = [675, 828]
solver.warmup_iters = 150
solver.clip_norm = 10.0
solver.ema = 0.99
checkpoint_period = 150
patience = 5
)";

const char* const kNanodet = R"(
detector = "nanodet"
strides = [8, 16, 32, 64]
legacy_plus_one = false
backbone.freeze_at = 0
input.mean = [103.53, 116.28, 123.675]
input.std = [57.375, 57.12, 58.395]
input.short_test = 320
input.max = 533
input.short_train = [320]
input.resize_rule = "d2"
solver.optimizer = "adamw"
solver.schedule = "cosine"
solver.lr = 0.001
solver.batch = 8
solver.clip_norm = 5.0
solver.bias_lr_factor = 1.0
solver.wd_norm = 0.0
solver.warmup = "linear"
solver.warmup_factor = 0.001
)";

// EmbedMask's heads on a trained detector.
const char* const kNano = R"(
embed_mode = "add"
freeze_detector = true
position_scale = "none"
position_divisor = 40.0
margin_reduce_factor = 1.0
margin_level_scale = "none"
proposal_head = "conv1"
proposal_per_level = true
spatial_embedding = "relative"
pixel_fusion = "top_down"
pixel_tower = "separable"
pixel_norm = "bn"
pixel_channels = 96
pixel_stride = 4
mask_scale_factor = 1
pixel_output_kernel = 1
head_activation = "leaky_relu"
tower_convs = 2
mask_proposals = "best_two"
box_padding = 0.15
box_padding_cells = 2.0
mask_target = "area"
mask_target_threshold = 0.5
paste_domain = "prob"
mask_thresh = 0.5
checkpoint_period = 1000
solver.lr = 0.003
solver.max_iter = 7000
solver.warmup_iters = 100
)";

const char* const kFinetuneNano = R"(
start_model = "coco-nano"
freeze_detector = false
backbone.freeze_at = 4
solver.warmup_iters = 50
input.short_train = [256, 288, 320, 352]
input.max = 587
solver.max_iter = 600
solver.lr = 0.001
solver.ema = 0.99
checkpoint_period = 100
patience = 5
)";

const std::vector<Preset>& all_presets() {
    static const std::vector<Preset> presets = {
        {{"g3", "EmbedMask R-50, the authors' newest code (default)"}, "", ""},
        {{"r50_1x", "Table 1, R-50, 12 epochs"}, "g3", "mask_thresh = 0.52"},
        {{"r101_ms_3x", "Table 1, R-101, 36 epochs, short side 640 to 800"},
         "g3",
         std::string(k3x) + "input.short_train = [640, 800]\ninput.short_train_mode = \"range\""},
        {{"table2", "Table 2 architecture (AdelaiDet fork), R-50, 12 epochs"}, "g3", kTable2},
        {{"table2_r101_3x", "Table 2, R-101, 36 epochs"}, "table2", k3x},
        {{"table3_fixed_margin_d8", "Table 3: fixed margin, D = 8"},
         "r50_1x",
         "embed_dim = 8\nfix_margin = true"},
        {{"table3_d4", "Table 3: learned margin, D = 4"}, "r50_1x", "embed_dim = 4"},
        {{"table3_d8", "Table 3: learned margin, D = 8"}, "r50_1x", "embed_dim = 8"},
        {{"table3_d16", "Table 3: learned margin, D = 16 (= r50_1x)"}, "r50_1x", ""},
        {{"table3_spatial_aware", "Table 3: spatial-aware embedding only"},
         "r50_1x",
         "embed_dim = 2\nspatial_dims = 2"},
        {{"table3_spatial_free", "Table 3: spatial-free embedding only"},
         "r50_1x",
         "spatial_dims = 0\nmargin_level_scale = \"none\""},
        {{"table3_coordconv", "Table 3: CoordConv instead of added coordinates"},
         "r50_1x",
         "embed_mode = \"coordconv\"\nposition_scale = \"none\""},
        {{"fusion_semantic", "g3 with pixel fusion and the semantic branch (§9.2, end)"},
         "g3",
         "pixel_fusion = \"p3p4p5\"\nsemantic_loss = true"},
        {{"fcos", "detector only: boxes, no masks"},
         "g3",
         "embed_mode = \"none\"\nsample_in_mask = false"},
        {{"paper", "the paper taken literally (column \"paper\" of §11)"},
         "r50_1x",
         "mask_window = \"full\"\npaste_domain = \"prob\"\nupsample = \"probability\"\n"
         "mask_proposals = \"all_positives\"\nsample_in_mask = false"},
        {{"table2_r50_1x", "Table 2, R-50, 12 epochs (= table2)"}, "table2", ""},
        {{"fcos_r50_1x", "detector only, R-50, 12 epochs (= fcos)"}, "fcos", ""},
        {{"paper_r50_1x", "the paper taken literally, R-50, 12 epochs (= paper)"}, "paper", ""},
        {{"finetune", "your own categories, few images, one device"}, "g3", kFinetune},
        {{"lite", "for small CPUs: ResNet-50 up to C4, 128 channels, 2 tower convolutions"},
         "g3",
         "backbone.last_stage = \"c4\"\nfpn.channels = 128\ntower_channels = 128\n"
         "pixel_channels = 128\ntower_convs = 2\ninput.short_test = 480\ninput.max = 800\n"
         "input.short_train = [480]"},
        {{"nanodet", "NanoDet-Plus-m, 80 categories of COCO: boxes, no masks, for small CPUs"},
         "fcos",
         kNanodet},
        {{"nano", "EmbedMask on NanoDet-Plus-m, for small CPUs"}, "nanodet", kNano},
        {{"finetune_nano", "nano for your own categories, few images"}, "nano", kFinetuneNano},
    };
    return presets;
}

Config resolve(const Preset& preset) {
    Config base;
    if (!preset.base.empty()) {
        base = embedmask::preset(preset.base);
    }
    return parse_config(preset.changes, "preset " + preset.info.name, base);
}

}  // namespace

std::span<const PresetInfo> presets() {
    static const std::vector<PresetInfo> infos = [] {
        std::vector<PresetInfo> list;
        for (const Preset& preset : all_presets()) {
            list.push_back(preset.info);
        }
        return list;
    }();
    return infos;
}

Config preset(std::string_view name) {
    std::vector<std::string> names;
    for (const Preset& candidate : all_presets()) {
        if (candidate.info.name == name) {
            return resolve(candidate);
        }
        names.push_back(candidate.info.name);
    }
    throw Error(fmt::format("no preset named \"{}\"; available: {}", name, fmt::join(names, ", ")),
                detail::did_you_mean(name, names, "`embedmask info --presets` describes them"));
}

Config read_config(const std::string& file_or_preset) {
    if (!file_or_preset.ends_with(".toml")) {
        return preset(file_or_preset);
    }
    return parse_config(detail::read_text(file_or_preset, kLargestFile, "a configuration"),
                        file_or_preset);
}

}  // namespace embedmask
