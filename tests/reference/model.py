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
    groups = x.shape[1] // weight.shape[1]
    return F.conv2d(x, weight, bias, stride=stride, padding=weight.shape[-1] // 2, groups=groups)


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
    """C2, C3, C4, C5; without C5 when the backbone is cut."""
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
    return maps


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


def tower(weights, name, x, config, active=F.relu):
    for i in range(config["tower_convs"]):
        x = conv(weights, f"{name}.{3 * i}", x)
        x = active(group_norm(weights, f"{name}.{3 * i + 1}", x, config["tower_groups"]))
    return x


def coordinates(x, stride, corners=False):
    """u of every cell (§4.3): (2, h, w), x first, in pixels of the padded input."""
    rows, columns = x.shape[-2:]
    origin = 0 if corners else stride // 2
    u_x = torch.arange(columns, dtype=x.dtype) * stride + origin
    u_y = torch.arange(rows, dtype=x.dtype) * stride + origin
    return torch.stack([u_x.expand(rows, columns), u_y[:, None].expand(rows, columns)])


def embed(weights, x, stride, config, spatial, free, position_scale, corners=False):
    """Proposal or pixel embedding from features x: added coordinates, or CoordConv (§4.2, §9.4)."""
    u = coordinates(x, stride, corners)
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


class ProposalHead:
    """q and g of one level (§4.2, §4.9), with the variants of docs/training.md."""

    def __init__(self, weights, level, config):
        self.weights, self.level, self.config = weights, level, config
        self.detectron = config["names"] == "detectron2"
        self.relative = config["spatial_embedding"] == "relative"
        self.prefix = "proposal_head." if self.detectron else "rpn.head."

    def conv(self, name, x):
        own = f".{self.level}" if self.config["proposal_per_level"] else ""
        return conv(self.weights, self.prefix + name + own, x)

    def features(self, tower_features, pyramid_features):
        x = tower_features
        if self.config["proposal_input"] == "tower_pyramid":
            x = torch.cat([x, pyramid_features], 1)
        if self.config["proposal_head"] == "conv1":
            x = activation(self.config)(self.conv("hidden" if self.detectron else "proposal_hidden", x))
        return x

    def embedding(self, x, box, stride):
        config = self.config
        x = x / config["embed_reduce_factor"]
        if config["proposal_head"] == "conv1_conv3":
            x = self.conv("embed_conv" if self.detectron else "proposal_embed_conv", x)
        spatial, free = (("embed_head.spatial_embed_head", "embed_head.free_embed_head") if self.detectron
                         else ("proposal_spatial_embed_pred", "proposal_other_embed_pred"))
        own = f".{self.level}" if config["proposal_per_level"] else ""
        if self.relative:
            # q = centre + a quarter of the box's size times o, in units of position_divisor.
            x1, y1, x2, y2 = box.unbind(1)
            center = torch.stack([x1 + x2, y1 + y2], 1) / 2
            size = torch.stack([x2 - x1, y2 - y1], 1)
            q = (center + 0.25 * size * self.conv(spatial, x)) / config["position_divisor"]
            if config["embed_dim"] == config["spatial_dims"]:
                return q
            return torch.cat([q, self.conv(free, x)], 1)
        return embed(self.weights, x, stride, config, self.prefix + spatial + own, self.prefix + free + own,
                     self.prefix + "position_scale", corners=config["detector"] == "nanodet")

    def margin_logits(self, x, box):
        """g with κ_l applied, and relative to the box: m = exp of this."""
        config = self.config
        spatial = config["spatial_dims"]
        x = x / config["margin_reduce_factor"]
        if config["proposal_head"] == "conv1_conv3":
            x = self.conv("margin_conv" if self.detectron else "proposal_margin_conv", x)
        if self.detectron or self.relative:
            names = (("spatial_margin_head", "free_margin_head") if self.detectron else
                     ("proposal_spatial_margin_pred", "proposal_other_margin_pred"))
            g = torch.cat([self.conv(name, x) for name, dims in
                           zip(names, (spatial, config["embed_dim"] - spatial)) if dims > 0], 1)
        else:
            g = self.conv("proposal_margin_pred", x)
        if spatial == 0:
            return g
        aware, free = g[:, :spatial], g[:, spatial:]
        if config["margin_level_scale"] != "none":
            aware = self.weights[f"{self.prefix}margin_scales.{self.level}.scale"] * aware
        if self.relative:
            # The margin of a box twice as large is a quarter; sides count as at least 4 pixels.
            half = torch.stack([box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]], 1) / 2
            aware = aware - 2 * torch.log(half.clamp(min=2) / config["position_divisor"])
        return torch.cat([aware, free], 1)


def activation(config):
    slope = 0.1 if config["head_activation"] == "leaky_relu" else 0.0
    return lambda x: F.leaky_relu(x, slope)


def boxes(distances, stride, config):
    """x1, y1, x2, y2 of every location, in pixels, from its distances (N, 4, h, w)."""
    if config["norm_reg_targets"]:
        distances = distances * stride
    u = coordinates(distances, stride, corners=config["detector"] == "nanodet")
    return torch.cat([u - distances[:, :2], u + distances[:, 2:]], 1)


def norm_block(weights, name, x, config, active=True):
    """Convolution, normalisation, activation of the pixel branch (§4.9)."""
    x = conv(weights, name + ".0", x)
    if config["pixel_norm"] == "bn":
        x = fixed_norm(weights, name + ".1", x, 1e-5)
    else:
        x = group_norm(weights, name + ".1", x, config["tower_groups"])
    return activation(config)(x) if active else x


def pixel_block(weights, name, x, config):
    if config["pixel_tower"] == "separable":
        return norm_block(weights, name + ".pw", norm_block(weights, name + ".dw", x, config), config)
    return norm_block(weights, name, x, config)


def pixel_features(weights, levels, quarter, config):
    """E of §4.2, or F of the mask branch of §4.9."""
    branch = "mask_branch." if config["names"] == "detectron2" else "rpn.head.mask_branch."
    x = levels[0]
    if config["pixel_fusion"] == "p3p4p5":
        x = norm_block(weights, branch + "refine.0", levels[0], config)
        x = x + aligned_upsample(norm_block(weights, branch + "refine.1", levels[1], config), 2)
        x = x + aligned_upsample(norm_block(weights, branch + "refine.2", levels[2], config), 4)
    elif config["pixel_fusion"] == "top_down":
        x = norm_block(weights, branch + "lateral.2", levels[2], config, active=False)
        x = norm_block(weights, branch + "lateral.1", levels[1], config, active=False) + nanodet.double(x)
        x = levels[0] + nanodet.double(x)
    if config["pixel_norm"] == "gn" and config["pixel_tower"] == "conv":
        x = tower(weights, "rpn.head.mask_tower", x, config, activation(config))
    else:
        for i in range(config["tower_convs"]):
            x = pixel_block(weights, f"{branch}tower.{i}", x, config)
        if config["pixel_tower"] == "conv":
            x = conv(weights, f"{branch}tower.{config['tower_convs']}", x)
    if config["pixel_stride"] == 4:
        x = nanodet.double(norm_block(weights, branch + "fine.reduce", x, config, active=False))
        x = x + norm_block(weights, branch + "fine.lateral", quarter, config, active=False)
        for i in range(2):
            x = pixel_block(weights, f"{branch}fine.{i}", x, config)
    return x


def pixel_embedding(weights, levels, quarter, config):
    x = pixel_features(weights, levels, quarter, config) / config["embed_reduce_factor"]
    stride = config["pixel_stride"]
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


def fcos(weights, image, config):
    """Outputs of the detector, and what the embedding heads read: per level the pyramid, the tower
    and the distances, and the map at stride 4."""
    names = Names(config)
    maps = backbone(weights, names, image, config)
    levels = pyramid(weights, names, maps[1:], config)
    outputs = {}
    towers = []
    distances = []
    for level, (name, features) in enumerate(zip(LEVELS, levels)):
        a = tower(weights, names.fcos("cls_tower"), features, config)
        b = tower(weights, names.fcos("bbox_tower"), features, config)
        outputs[f"class_logits.{name}"] = conv(weights, names.fcos("cls_logits"), a)
        centerness = b if config["centerness_on_reg"] else a
        outputs[f"centerness.{name}"] = conv(weights, names.fcos("centerness"), centerness)
        d = weights[names.fcos(f"scales.{level}.scale")] * conv(weights, names.fcos("bbox_pred"), b)
        d = F.relu(d) if config["norm_reg_targets"] else torch.exp(d)
        outputs[f"box.{name}"] = d
        towers.append(b)
        distances.append(d)
    return outputs, levels, towers, distances, maps[0]


def forward(weights, image, config):
    """Every tensor that leaves the heads (§4.7), by the names of embedmask/graph.h."""
    detector = nanodet.forward if config["detector"] == "nanodet" else fcos
    outputs, levels, towers, distances, quarter = detector(weights, image, config)
    if config["embed_mode"] == "none":
        return outputs
    for level, (pyramid_level, b, d) in enumerate(zip(levels, towers, distances)):
        name, stride = LEVELS[level], config["strides"][level]
        head = ProposalHead(weights, level, config)
        x = head.features(b, pyramid_level)
        box = boxes(d, stride, config)
        outputs[f"embedding.{name}"] = head.embedding(x, box, stride)
        g = head.margin_logits(x, box)
        outputs[f"margin_logits.{name}"] = g
        if not config["fix_margin"]:
            outputs[f"margin.{name}"] = torch.exp(g)
    outputs["pixel_embedding"] = pixel_embedding(weights, levels, quarter, config)
    if config["semantic_loss"]:
        outputs["semantic_logits"] = semantic_logits(weights, levels, config)
    return outputs


def initial_margin(config):
    """The margin of every dimension when it is fixed (§4.4)."""
    return math.log(2) / config["prior_margin"] ** 2
