"""EmbedMask's network as the specification tells it (§3, §4), for any configuration.

Plain functions over a dict of weights by the names of checkpoints (§4.6, §10.5), in whatever floating
type the weights have. Gradients flow, so it can judge training as well.
"""
import math

import torch
import torch.nn.functional as F

import nanodet

BOTTLENECKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
LEVELS = ("P3", "P4", "P5", "P6", "P7")


class Weights:
    """Weights by name that remember which of them were asked for."""

    def __init__(self, tensors):
        self.tensors = tensors
        self.used = set()

    def __getitem__(self, name):
        self.used.add(name)
        return self.tensors[name]

    def __contains__(self, name):
        return name in self.tensors

    def unused(self):
        return sorted(name for name in set(self.tensors) - self.used
                      if not name.endswith("num_batches_tracked"))


def conv(weights, name, x, stride=1):
    weight = weights[name + ".weight"]
    bias = weights[name + ".bias"] if name + ".bias" in weights else None
    return F.conv2d(x, weight, bias, stride=stride, padding=weight.shape[-1] // 2)


def fixed_norm(weights, name, x, epsilon):
    """Batch norm from stored statistics (§3.2)."""
    scale = weights[name + ".weight"] / torch.sqrt(weights[name + ".running_var"] + epsilon)
    shift = weights[name + ".bias"] - weights[name + ".running_mean"] * scale
    return x * scale[:, None, None] + shift[:, None, None]


def group_norm(weights, name, x, groups):
    return F.group_norm(x, groups, weights[name + ".weight"], weights[name + ".bias"], eps=1e-5)


def aligned_upsample(x, factor):
    """§4.9: output i reads source max(i − f div 2, 0)/f, the last cell replicated beyond the end."""
    for axis in (-2, -1):
        size = x.shape[axis]
        position = (torch.arange(size * factor) - factor // 2).clamp(min=0)
        low = position // factor
        high = (low + 1).clamp(max=size - 1)
        part = (position % factor).to(x.dtype) / factor
        if axis == -2:
            part = part[:, None]
        x = x.index_select(axis, low) * (1 - part) + x.index_select(axis, high) * part
    return x


# Backbone and FPN (§3).


class Names:
    """Where the authors' repository and detectron2 put the same modules (§10.5)."""

    def __init__(self, config):
        self.detectron = config["names"] == "detectron2"

    def stem(self):
        if self.detectron:
            return "backbone.bottom_up.stem.conv1", "backbone.bottom_up.stem.conv1.norm"
        return "backbone.body.stem.conv1", "backbone.body.stem.bn1"

    def block(self, stage, index):
        if self.detectron:
            return f"backbone.bottom_up.res{stage + 1}.{index}."
        return f"backbone.body.layer{stage}.{index}."

    def block_conv(self, number):
        return (f"conv{number}", f"conv{number}.norm" if self.detectron else f"bn{number}")

    def shortcut(self):
        return ("shortcut", "shortcut.norm") if self.detectron else ("downsample.0", "downsample.1")

    def lateral(self, stage):  # stage 3..5 = C3..C5
        return f"backbone.fpn_lateral{stage}" if self.detectron else f"backbone.fpn.fpn_inner{stage - 1}"

    def smooth(self, stage):
        return f"backbone.fpn_output{stage}" if self.detectron else f"backbone.fpn.fpn_layer{stage - 1}"

    def top(self, block):
        return f"backbone.top_block.{block}" if self.detectron else f"backbone.fpn.top_blocks.{block}"

    def fcos(self, module):
        if not self.detectron:
            return "rpn.head." + module
        return "proposal_generator.fcos_head." + ("ctrness" if module == "centerness" else module)


def bottleneck(weights, names, x, prefix, stride, config):
    epsilon = config["backbone"]["frozen_bn_eps"]
    first, second = (stride, 1) if config["backbone"]["stride_in_1x1"] else (1, stride)

    def conv_norm(pair, value, step):
        return fixed_norm(weights, prefix + pair[1], conv(weights, prefix + pair[0], value, step), epsilon)

    y = F.relu(conv_norm(names.block_conv(1), x, first))
    y = F.relu(conv_norm(names.block_conv(2), y, second))
    y = conv_norm(names.block_conv(3), y, 1)
    shortcut = names.shortcut()
    if prefix + shortcut[0] + ".weight" in weights:
        x = conv_norm(shortcut, x, stride)
    return F.relu(x + y)


def backbone(weights, names, image, config):
    """C3, C4, C5; without C5 when the backbone is cut."""
    stem, norm = names.stem()
    x = F.relu(fixed_norm(weights, norm, conv(weights, stem, image, 2), config["backbone"]["frozen_bn_eps"]))
    x = F.max_pool2d(x, 3, stride=2, padding=1)
    maps = []
    stages = 3 if config["backbone"]["last_stage"] == "c4" else 4
    for stage in range(1, stages + 1):
        for index in range(BOTTLENECKS[config["backbone"]["depth"]][stage - 1]):
            stride = 2 if stage > 1 and index == 0 else 1
            x = bottleneck(weights, names, x, names.block(stage, index), stride, config)
        maps.append(x)
    return maps[1:]


def pyramid(weights, names, maps, config):
    """P3..P7 (§3.4). A backbone without C5 gets P5 from P4 as P6 comes from P5."""
    stages = [3 + i for i in range(len(maps))]
    inner = None
    levels = {}
    for stage, features in reversed(list(zip(stages, maps))):
        lateral = conv(weights, names.lateral(stage), features)
        inner = lateral if inner is None else lateral + inner.repeat_interleave(2, -2).repeat_interleave(2, -1)
        levels[stage] = conv(weights, names.smooth(stage), inner)
    if 5 not in levels:
        levels[5] = conv(weights, names.top("p5"), levels[4], 2)
    source = maps[-1] if config["fpn"]["p6_from"] == "c5" else levels[5]
    p6 = conv(weights, names.top("p6"), source, 2)
    return [levels[3], levels[4], levels[5], p6, conv(weights, names.top("p7"), F.relu(p6), 2)]


# Heads (§4).


def tower(weights, name, x, config):
    for i in range(config["tower_convs"]):
        x = conv(weights, f"{name}.{3 * i}", x)
        x = F.relu(group_norm(weights, f"{name}.{3 * i + 1}", x, config["tower_groups"]))
    return x


def coordinates(x, stride):
    """u of every cell (§4.3): (2, h, w), x first, in pixels of the padded input."""
    rows, columns = x.shape[-2:]
    u_x = torch.arange(columns, dtype=x.dtype) * stride + stride // 2
    u_y = torch.arange(rows, dtype=x.dtype) * stride + stride // 2
    return torch.stack([u_x.expand(rows, columns), u_y[:, None].expand(rows, columns)])


def embed(weights, x, stride, config, spatial, free, position_scale):
    """Proposal or pixel embedding from features x: added coordinates, or CoordConv (§4.2, §9.4)."""
    u = coordinates(x, stride)
    if config["embed_mode"] == "coordconv":
        if config["coordconv_range"] == "unit":
            size = torch.tensor([x.shape[-1] * stride, x.shape[-2] * stride], dtype=x.dtype)
            u = 2 * u / size[:, None, None] - 1
        else:
            u = u / config["position_divisor"]
        return conv(weights, free, torch.cat([x, u.expand(x.shape[0], -1, -1, -1)], 1))
    parts = []
    if config["spatial_dims"] > 0:
        scale = weights[position_scale + ".scale"] if config["position_scale"] == "learned" else 1
        parts.append(scale * u / config["position_divisor"] + conv(weights, spatial, x))
    if config["embed_dim"] > config["spatial_dims"]:
        parts.append(conv(weights, free, x))
    return torch.cat(parts, 1)


def proposal_embedding(weights, box_features, stride, config):
    x = box_features / config["embed_reduce_factor"]
    if config["names"] == "detectron2":
        if config["proposal_head"] == "conv1_conv3":
            x = conv(weights, "proposal_head.embed_conv", x)
        return embed(weights, x, stride, config, "proposal_head.embed_head.spatial_embed_head",
                     "proposal_head.embed_head.free_embed_head", "proposal_head.position_scale")
    return embed(weights, x, stride, config, "rpn.head.proposal_spatial_embed_pred",
                 "rpn.head.proposal_other_embed_pred", "rpn.head.position_scale")


def margin_logits(weights, box_features, level, config):
    """g with κ_l applied: m = exp of this (§4.2, §4.9)."""
    spatial = config["spatial_dims"]
    x = box_features / config["margin_reduce_factor"]
    head = "proposal_head." if config["names"] == "detectron2" else "rpn.head."
    if config["names"] == "detectron2":
        if config["proposal_head"] == "conv1_conv3":
            x = conv(weights, head + "margin_conv", x)
        g = torch.cat([conv(weights, head + "spatial_margin_head", x),
                       conv(weights, head + "free_margin_head", x)], 1)
    else:
        g = conv(weights, head + "proposal_margin_pred", x)
    if config["margin_level_scale"] == "none" or spatial == 0:
        return g
    kappa = weights[f"{head}margin_scales.{level}.scale"]
    return torch.cat([kappa * g[:, :spatial], g[:, spatial:]], 1)


def norm_block(weights, name, x, config):
    """3x3 convolution, normalisation, ReLU of the fused pixel branch (§4.9)."""
    x = conv(weights, name + ".0", x)
    if config["pixel_norm"] == "bn":
        return F.relu(fixed_norm(weights, name + ".1", x, 1e-5))
    return F.relu(group_norm(weights, name + ".1", x, config["tower_groups"]))


def pixel_features(weights, levels, config):
    """E of §4.2, or F of the mask branch of §4.9."""
    branch = "mask_branch." if config["names"] == "detectron2" else "rpn.head.mask_branch."
    x = levels[0]
    if config["pixel_fusion"] == "p3p4p5":
        x = norm_block(weights, branch + "refine.0", levels[0], config)
        x = x + aligned_upsample(norm_block(weights, branch + "refine.1", levels[1], config), 2)
        x = x + aligned_upsample(norm_block(weights, branch + "refine.2", levels[2], config), 4)
    if config["pixel_norm"] == "gn":
        return tower(weights, "rpn.head.mask_tower", x, config)
    for i in range(config["tower_convs"]):
        x = norm_block(weights, f"{branch}tower.{i}", x, config)
    return conv(weights, f"{branch}tower.{config['tower_convs']}", x)


def pixel_embedding(weights, levels, config):
    x = pixel_features(weights, levels, config) / config["embed_reduce_factor"]
    stride = config["strides"][0]
    if config["names"] == "detectron2":
        return embed(weights, x, stride, config, "pixel_head.spatial_embed_head",
                     "pixel_head.free_embed_head", "pixel_head.position_scale")
    return embed(weights, x, stride, config, "rpn.head.pixel_spatial_embed_pred",
                 "rpn.head.pixel_other_embed_pred", "rpn.head.position_scale")


def semantic_logits(weights, levels, config):
    branch = "mask_branch." if config["names"] == "detectron2" else "rpn.head.mask_branch."
    x = norm_block(weights, branch + "seg_head.0", levels[0], config)
    x = norm_block(weights, branch + "seg_head.1", x, config)
    return conv(weights, branch + "logits", x)


def forward(weights, image, config):
    """Every tensor that leaves the heads (§4.7), by the names of embedmask/graph.h."""
    if config["detector"] == "nanodet":
        return nanodet.forward(weights, image, config)
    names = Names(config)
    levels = pyramid(weights, names, backbone(weights, names, image, config), config)
    outputs = {}
    for level, (name, features) in enumerate(zip(LEVELS, levels)):
        stride = config["strides"][level]
        a = tower(weights, names.fcos("cls_tower"), features, config)
        b = tower(weights, names.fcos("bbox_tower"), features, config)
        outputs[f"class_logits.{name}"] = conv(weights, names.fcos("cls_logits"), a)
        centerness = b if config["centerness_on_reg"] else a
        outputs[f"centerness.{name}"] = conv(weights, names.fcos("centerness"), centerness)
        distances = weights[names.fcos(f"scales.{level}.scale")] * conv(weights, names.fcos("bbox_pred"), b)
        outputs[f"box.{name}"] = F.relu(distances) if config["norm_reg_targets"] else torch.exp(distances)
        if config["embed_mode"] == "none":
            continue
        outputs[f"embedding.{name}"] = proposal_embedding(weights, b, stride, config)
        g = margin_logits(weights, b, level, config)
        outputs[f"margin_logits.{name}"] = g
        if not config["fix_margin"]:
            outputs[f"margin.{name}"] = torch.exp(g)
    if config["embed_mode"] != "none":
        outputs["pixel_embedding"] = pixel_embedding(weights, levels, config)
        if config["semantic_loss"]:
            outputs["semantic_logits"] = semantic_logits(weights, levels, config)
    return outputs


def initial_margin(config):
    """The margin of every dimension when it is fixed (§4.4)."""
    return math.log(2) / config["prior_margin"] ** 2
