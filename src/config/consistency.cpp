#include "config/consistency.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/detector.h"
#include "embedmask/error.h"

namespace embedmask::detail {
namespace {

// Throws unless a rule holds.
class Checker {
public:
    explicit Checker(std::string source) : source_(std::move(source)) {}

    void require(bool holds, const std::string& problem, const char* fix) const {
        if (!holds) {
            throw Error(fmt::format("{}: {}", source_, problem), fix);
        }
    }

private:
    std::string source_;
};

void check_fcos(const Config& c, const Checker& check) {
    check.require(c.backbone.depth == 50 || c.backbone.depth == 101,
                  fmt::format("backbone.depth: found {}: expected 50 or 101", c.backbone.depth),
                  "set backbone.depth = 50");
    check.require(c.nanodet.norm == NanodetNorm::folded,
                  "nanodet.norm = \"bn\" needs detector = \"nanodet\"",
                  "set nanodet.norm = \"folded\"");
    check.require(c.tower_channels % c.tower_groups == 0,
                  "tower_channels is not a multiple of tower_groups",
                  "set tower_groups to a divisor");
    check.require(c.backbone.last_stage == LastStage::c5 || c.fpn.p6_from == P6Source::p5,
                  "fpn.p6_from = \"c5\" needs backbone.last_stage = \"c5\"",
                  "set fpn.p6_from = \"p5\"");
}

void check_nanodet(const Config& c, const Checker& check) {
    check.require(c.norm_reg_targets,
                  "norm_reg_targets = false: detector = \"nanodet\" predicts distances in strides",
                  "set norm_reg_targets = true");
    check.require(!c.legacy_plus_one,
                  "legacy_plus_one = true: the boxes of detector = \"nanodet\" have no \"+1\"",
                  "set legacy_plus_one = false");
    check.require(c.names == ParameterNames::authors,
                  "names = \"detectron2\" needs detector = \"fcos\"", "set names = \"authors\"");
}

void check_detector(const Config& c, const Checker& check) {
    const std::vector<std::int64_t>& strides = detector_of(c.detector).strides;
    check.require(c.strides == strides,
                  fmt::format("strides: found [{}]: expected [{}], those of the detector",
                              fmt::join(c.strides, ", "), fmt::join(strides, ", ")),
                  "start from a preset with this detector, or remove strides");
    check.require(
        !c.use_dcn_in_tower,
        "use_dcn_in_tower = true is not supported (no published result uses it, spec §4.1)",
        "set use_dcn_in_tower = false");
    check.require(!c.freeze_detector || has_masks(c),
                  "freeze_detector = true leaves nothing to train with embed_mode = \"none\"",
                  "set freeze_detector = false");
    check.require(c.solver.detector_start == 0 || has_masks(c),
                  "solver.detector_start leaves nothing to train with embed_mode = \"none\"",
                  "set solver.detector_start = 0");
    if (c.detector == DetectorKind::nanodet) {
        check_nanodet(c, check);
    } else {
        check_fcos(c, check);
    }
}

void check_embeddings(const Config& c, const Checker& check) {
    check.require(
        c.names != ParameterNames::detectron2 || c.position_scale != PositionScale::learned,
        "names = \"detectron2\" has no learned position scale", "set position_scale = \"none\"");
    check.require(c.spatial_dims > 0 || c.margin_level_scale == MarginLevelScale::none,
                  "margin_level_scale scales spatial margins, but spatial_dims is 0",
                  "set margin_level_scale = \"none\"");
    check.require(c.spatial_dims == 0 || c.spatial_dims == 2,
                  fmt::format("spatial_dims: found {}: expected 0 or 2", c.spatial_dims),
                  "set spatial_dims = 2 (with coordinates) or 0 (spatial-free only)");
    check.require(c.spatial_dims <= c.embed_dim, "spatial_dims is larger than embed_dim",
                  "set embed_dim to at least 2");
    const bool hides_coordinates = c.proposal_head == ProposalHeadKind::conv3 ||
                                   c.proposal_head == ProposalHeadKind::conv1_conv3;
    check.require(c.embed_mode != EmbedMode::coordconv || !hides_coordinates,
                  "embed_mode = \"coordconv\" needs proposal_head = \"direct\" or \"conv1\"",
                  "set proposal_head = \"direct\"");
    if (c.spatial_embedding == SpatialEmbedding::absolute) {
        return;
    }
    check.require(
        c.embed_mode == EmbedMode::add && c.spatial_dims > 0,
        "spatial_embedding = \"relative\" needs embed_mode = \"add\" and spatial_dims = 2",
        "set spatial_embedding = \"absolute\"");
    check.require(c.position_scale == PositionScale::none,
                  "spatial_embedding = \"relative\" has no learned position scale",
                  "set position_scale = \"none\"");
    check.require(!c.fix_margin,
                  "spatial_embedding = \"relative\" needs margins that depend on the box",
                  "set fix_margin = false");
}

// Group norm of every convolution of the pixel head.
void check_pixel_groups(const Config& c, const Checker& check) {
    if (c.pixel_norm == PixelNorm::bn) {
        return;
    }
    const auto divides = [&](std::int64_t channels, const char* what) {
        check.require(channels % c.tower_groups == 0,
                      fmt::format("{} of the pixel head has {} channels, not a multiple of "
                                  "tower_groups = {}",
                                  what, channels, c.tower_groups),
                      "set tower_groups to a divisor");
    };
    divides(c.pixel_channels, "the tower");
    if (c.pixel_fusion == PixelFusion::top_down || c.pixel_tower == PixelTower::separable) {
        divides(detector_of(c.detector).pyramid_channels(c), "the input");
    }
    if (c.pixel_stride == 4) {
        divides(c.pixel_channels / 2, "the part at stride 4");
    }
}

void check_pixel_head(const Config& c, const Checker& check) {
    constexpr std::int64_t kQuarter = 4;  // masks are coupled at stride 4
    check.require(c.pixel_stride == 4 || c.pixel_stride == 8,
                  fmt::format("pixel_stride: found {}: expected 4 or 8", c.pixel_stride),
                  "set pixel_stride = 8");
    check.require(c.mask_scale_factor * kQuarter == c.pixel_stride,
                  fmt::format("mask_scale_factor: found {}: expected {}, pixel_stride / 4",
                              c.mask_scale_factor, c.pixel_stride / kQuarter),
                  "set mask_scale_factor = 2 for pixel_stride = 8, and 1 for 4");
    check.require(
        c.pixel_output_kernel == 1 || c.pixel_output_kernel == 3,
        fmt::format("pixel_output_kernel: found {}: expected 1 or 3", c.pixel_output_kernel),
        "set pixel_output_kernel = 3");
    check.require(c.pixel_channels % 2 == 0 || c.pixel_stride == 8,
                  "pixel_stride = 4 halves pixel_channels, which is odd",
                  "set an even pixel_channels");
    check_pixel_groups(c, check);
}

void check_input(const Config::Input& input, const Checker& check) {
    constexpr std::int64_t kCoarsestOfBackbone = 32;
    check.require(
        input.size_divisor % kCoarsestOfBackbone == 0,
        fmt::format("input.size_divisor: found {}: expected a multiple of 32", input.size_divisor),
        "set input.size_divisor = 32");
    check.require(
        input.short_train_mode == ShortTrainMode::list ||
            (input.short_train.size() == 2 && input.short_train[0] <= input.short_train[1]),
        "input.short_train_mode = \"range\" needs input.short_train = [low, high]",
        "pass two numbers, the smaller one first");
}

}  // namespace

void check_consistency(const Config& config, const std::string& source) {
    const Checker check(source);
    check_detector(config, check);
    check_embeddings(config, check);
    check_pixel_head(config, check);
    check.require(
        config.mask_target != MaskTarget::area || config.mask_target_threshold > 0,
        "mask_target = \"area\" makes every cell foreground with mask_target_threshold = 0",
        "set mask_target_threshold = 0.5");
    check_input(config.input, check);
}

}  // namespace embedmask::detail
