#include "config/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "embedmask/error.h"

namespace embedmask::detail {
namespace {

constexpr double kMillion = 1e6;
constexpr double kBillion = 1e9;

Field flag(std::string key, bool& value) {
    return {std::move(key), &value};
}

// `choices` are the words of the enum values, in order from 0.
template <typename Enum>
Field word(std::string key, Enum& value, std::vector<std::string> choices) {
    return {std::move(key),
            Word{[&value] { return static_cast<std::size_t>(value); },
                 [&value](std::size_t index) { value = static_cast<Enum>(index); }},
            0, 0, std::move(choices)};
}

template <typename T>
Field number(std::string key, T& value, double min, double max) {
    return {std::move(key), &value, min, max};
}

template <typename T>
Field list(std::string key, std::vector<T>& value, double min, double max, std::size_t length) {
    return {std::move(key), &value, min, max, {}, length};
}

Field text(std::string key, std::string& value) {
    return {std::move(key), &value};
}

template <typename T>
Field optional_list(std::string key, std::vector<T>& value, double min, double max,
                    std::size_t length = 0) {
    return {std::move(key), &value, min, max, {}, length, true};
}

void add_model_fields(Config& c, std::vector<Field>& all) {
    all.insert(
        all.end(),
        {
            word("detector", c.detector, {"fcos", "nanodet"}),
            flag("freeze_detector", c.freeze_detector),
            number("num_classes", c.num_classes, 1, 100000),
            list("strides", c.strides, 1, 1024, 0),
            list("size_split", c.size_split, 1, kMillion, 4),
            number("tower_convs", c.tower_convs, 1, 16),
            number("tower_channels", c.tower_channels, 1, 4096),
            number("tower_groups", c.tower_groups, 1, 4096),
            number("prior_prob", c.prior_prob, 1e-9, 1 - 1e-9),
            flag("norm_reg_targets", c.norm_reg_targets),
            flag("centerness_on_reg", c.centerness_on_reg),
            flag("use_dcn_in_tower", c.use_dcn_in_tower),
            word("embed_mode", c.embed_mode, {"add", "coordconv", "none"}),
            word("coordconv_range", c.coordconv_range, {"divisor", "unit"}),
            number("embed_dim", c.embed_dim, 1, 256),
            number("spatial_dims", c.spatial_dims, 0, 2),
            word("position_scale", c.position_scale, {"learned", "none"}),
            number("position_divisor", c.position_divisor, 1e-6, kBillion),
            number("margin_reduce_factor", c.margin_reduce_factor, 1e-6, kBillion),
            number("embed_reduce_factor", c.embed_reduce_factor, 1e-6, kBillion),
            word("margin_level_scale", c.margin_level_scale, {"spatial", "none"}),
            number("prior_margin", c.prior_margin, 1e-6, kBillion),
            flag("fix_margin", c.fix_margin),
            word("proposal_head", c.proposal_head, {"direct", "conv3", "conv1_conv3", "conv1"}),
            flag("proposal_per_level", c.proposal_per_level),
            word("proposal_input", c.proposal_input, {"tower", "tower_pyramid"}),
            word("spatial_embedding", c.spatial_embedding, {"absolute", "relative"}),
            word("pixel_fusion", c.pixel_fusion, {"p3", "p3p4p5", "top_down"}),
            word("pixel_tower", c.pixel_tower, {"conv", "separable"}),
            word("pixel_norm", c.pixel_norm, {"gn", "bn"}),
            number("pixel_channels", c.pixel_channels, 1, 4096),
            number("pixel_stride", c.pixel_stride, 4, 8),
            number("pixel_output_kernel", c.pixel_output_kernel, 1, 3),
            word("head_activation", c.head_activation, {"relu", "leaky_relu"}),
            flag("semantic_loss", c.semantic_loss),
            number("semantic_loss_weight", c.semantic_loss_weight, 0, kMillion),
            word("names", c.names, {"authors", "detectron2"}),
        });
}

void add_training_fields(Config& c, std::vector<Field>& all) {
    all.insert(all.end(), {
                              flag("center_sampling", c.center_sampling),
                              number("center_radius", c.center_radius, 1e-6, kMillion),
                              word("center", c.center, {"box", "mask_centroid"}),
                              flag("sample_in_mask", c.sample_in_mask),
                              word("mask_proposals", c.mask_proposals,
                                   {"best", "all_positives", "iou_mean", "best_two"}),
                              number("mask_proposals_iou", c.mask_proposals_iou, 0, 1),
                              number("max_proposals", c.max_proposals, 1, kMillion),
                              number("focal_alpha", c.focal_alpha, 0, 1),
                              number("focal_gamma", c.focal_gamma, 0, 100),
                              word("box_loss", c.box_loss, {"giou", "iou", "linear_iou"}),
                              number("mask_loss_weight", c.mask_loss_weight, 0, kMillion),
                              number("mask_loss_eps", c.mask_loss_eps, 1e-12, 0.5),
                              word("mask_loss_type", c.mask_loss_type, {"lovasz", "dice"}),
                              number("box_padding", c.box_padding, -1, 100),
                              number("box_padding_cells", c.box_padding_cells, 0, 1000),
                              number("mask_scale_factor", c.mask_scale_factor, 1, 2),
                              word("mask_target", c.mask_target, {"any", "sample", "area"}),
                              number("mask_target_threshold", c.mask_target_threshold, 0, 1),
                          });
}

void add_inference_fields(Config& c, std::vector<Field>& all) {
    all.insert(all.end(), {
                              word("upsample", c.upsample, {"embedding", "probability"}),
                              word("resampler", c.resampler, {"half_pixel", "aligned"}),
                              number("score_thresh", c.score_thresh, 0, 1),
                              number("pre_nms_top_n", c.pre_nms_top_n, 1, kMillion),
                              number("nms_thresh", c.nms_thresh, 0, 1),
                              number("max_det", c.max_det, -1, kMillion),
                              flag("thresh_with_ctr", c.thresh_with_ctr),
                              flag("score_sqrt", c.score_sqrt),
                              flag("legacy_plus_one", c.legacy_plus_one),
                              word("mask_window", c.mask_window, {"box", "full"}),
                              word("paste_domain", c.paste_domain, {"log", "prob"}),
                              number("mask_thresh", c.mask_thresh, 1e-4, 1 - 1e-6),
                              flag("postprocess_masks", c.postprocess_masks),
                              flag("keep_embed", c.keep_embed),
                          });
}

void add_tables(Config& c, std::vector<Field>& all) {
    auto& backbone = c.backbone;
    auto& input = c.input;
    auto& solver = c.solver;
    all.insert(all.end(),
               {
                   number("checkpoint_period", c.checkpoint_period, 1, kBillion),
                   number("eval_period", c.eval_period, 0, kBillion),
                   number("patience", c.patience, 0, kBillion),
                   number("log_period", c.log_period, 1, kBillion),
                   number("workers", c.workers, 0, 1024),
                   number("seed", c.seed, 0, 9e15),
                   text("start_model", c.start_model),
                   number("backbone.depth", backbone.depth, 1, 1000),
                   flag("backbone.stride_in_1x1", backbone.stride_in_1x1),
                   number("backbone.frozen_bn_eps", backbone.frozen_bn_eps, 0, 1),
                   number("backbone.freeze_at", backbone.freeze_at, 0, 5),
                   word("backbone.last_stage", backbone.last_stage, {"c4", "c5"}),
                   number("fpn.channels", c.fpn.channels, 1, 4096),
                   word("fpn.p6_from", c.fpn.p6_from, {"p5", "c5"}),
                   word("nanodet.norm", c.nanodet.norm, {"folded", "bn"}),
                   list("input.short_train", input.short_train, 1, kMillion, 0),
                   word("input.short_train_mode", input.short_train_mode, {"list", "range"}),
                   number("input.max", input.max, 1, kMillion),
                   number("input.short_test", input.short_test, 1, kMillion),
                   list("input.mean", input.mean, -kMillion, kMillion, 3),
                   list("input.std", input.std, 1e-9, kMillion, 3),
                   word("input.order", input.order, {"bgr", "rgb"}),
                   word("input.range", input.range, {"255", "1"}),
                   word("input.resize_rule", input.resize_rule, {"mrcnn", "d2"}),
                   number("input.size_divisor", input.size_divisor, 1, 1024),
                   flag("input.aspect_grouping", input.aspect_grouping),
                   number("solver.lr", solver.lr, 0, kMillion),
                   number("solver.momentum", solver.momentum, 0, 1),
                   number("solver.wd", solver.wd, 0, kMillion),
                   number("solver.bias_lr_factor", solver.bias_lr_factor, 0, kMillion),
                   number("solver.wd_bias", solver.wd_bias, 0, kMillion),
                   number("solver.wd_norm", solver.wd_norm, 0, kMillion),
                   word("solver.warmup", solver.warmup, {"constant", "linear"}),
                   number("solver.warmup_factor", solver.warmup_factor, 0, 1),
                   number("solver.warmup_iters", solver.warmup_iters, 0, kBillion),
                   list("solver.steps", solver.steps, 0, kBillion, 0),
                   number("solver.max_iter", solver.max_iter, 1, kBillion),
                   number("solver.batch", solver.batch, 1, kMillion),
                   number("solver.gamma", solver.gamma, 0, kMillion),
                   word("solver.optimizer", solver.optimizer, {"sgd", "adamw"}),
                   word("solver.schedule", solver.schedule, {"steps", "cosine"}),
                   number("solver.accumulate", solver.accumulate, 1, kMillion),
                   number("solver.clip_norm", solver.clip_norm, 0, kBillion),
                   number("solver.ema", solver.ema, 0, 1),
                   number("solver.detector_lr_factor", solver.detector_lr_factor, 0, kMillion),
                   number("solver.detector_start", solver.detector_start, 0, kBillion),
                   number("teacher.class_weight", c.teacher.class_weight, 0, kMillion),
                   number("teacher.box_weight", c.teacher.box_weight, 0, kMillion),
                   number("teacher.embedding_weight", c.teacher.embedding_weight, 0, kMillion),
               });
}

void add_data_fields(Config::Data& data, std::vector<Field>& all) {
    all.insert(all.end(), {
                              optional_list("data.train", data.train, 0, 0),
                              optional_list("data.train_images", data.train_images, 0, 0),
                              optional_list("data.weights", data.weights, 0, kMillion),
                              text("data.val", data.val),
                              text("data.val_images", data.val_images),
                              word("data.unknown_masks", data.unknown_masks, {"error", "box-only"}),
                              word("data.sampler", data.sampler, {"authors", "detectron2"}),
                              word("data.resume_order", data.resume_order, {"exact", "authors"}),
                              number("data.flip", data.flip, 0, 1),
                              number("data.color_jitter", data.color_jitter, 0, 1),
                              number("data.crop", data.crop, 0, 1),
                              optional_list("data.scale_jitter", data.scale_jitter, 0.01, 100, 2),
                              number("data.copy_paste", data.copy_paste, 0, 1),
                              flag("data.scaled_decoding", data.scaled_decoding),
                          });
}

}  // namespace

std::vector<Field> fields(Config& config) {
    std::vector<Field> all;
    add_model_fields(config, all);
    add_training_fields(config, all);
    add_inference_fields(config, all);
    add_tables(config, all);
    add_data_fields(config.data, all);
    return all;
}

std::string range_problem(const Field& field, double value) {
    if (value >= field.min && value <= field.max) {
        return {};
    }
    return fmt::format("found {}: expected {} to {}", value, field.min, field.max);
}

namespace {

Field field_of(std::string_view key) {
    static Config defaults;
    static const std::vector<Field> all = fields(defaults);
    const auto found = std::ranges::find(all, key, &Field::key);
    assert(found != all.end());
    return *found;
}

}  // namespace

void require_in_range(std::string_view key, double value, std::string_view name) {
    const std::string problem = range_problem(field_of(key), value);
    if (!problem.empty()) {
        throw Error(fmt::format("{}: {}", name, problem), {}, ErrorKind::usage);
    }
}

Range range_of(std::string_view key) {
    const Field field = field_of(key);
    return {field.min, field.max};
}

}  // namespace embedmask::detail
