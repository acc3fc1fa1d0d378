"""NanoDet-Plus-m in PyTorch, written from the papers (ShuffleNetV2, GhostNet, NanoDet-Plus).

Batch norm is folded, and every convolution has a bias; or it is stored as NAME.norm. Works in whatever
floating type the weights have.
"""
import torch
import torch.nn.functional as F

LEVELS = ("P3", "P4", "P5", "P6")
BLOCKS = {2: 4, 3: 8, 4: 4}
BINS = 8


def conv(weights, name, x, stride=1, active=True):
    weight = weights[name + ".weight"]
    bias = weights[name + ".bias"] if name + ".bias" in weights else None
    y = F.conv2d(x, weight, bias, stride, weight.shape[-1] // 2, groups=x.shape[1] // weight.shape[1])
    if name + ".norm.weight" in weights:
        mean, variance, scale, shift = (weights[f"{name}.norm.{part}"] for part in
                                        ("running_mean", "running_var", "weight", "bias"))
        y = F.batch_norm(y, mean, variance, scale, shift, eps=1e-5)
    return F.leaky_relu(y, 0.1) if active else y


def shuffle(a, b):
    """Channels of a and b in turn."""
    return torch.stack((a, b), dim=2).flatten(1, 2)


def shuffle_block(weights, name, x, first):
    stride = 2 if first else 1
    if first:
        shortcut = conv(weights, name + ".branch1.dw", x, 2, active=False)
        shortcut = conv(weights, name + ".branch1.pw", shortcut)
        y = x
    else:
        shortcut, y = x.chunk(2, dim=1)
    y = conv(weights, name + ".branch2.pw1", y)
    y = conv(weights, name + ".branch2.dw", y, stride, active=False)
    return shuffle(shortcut, conv(weights, name + ".branch2.pw2", y))


def backbone(weights, image):
    x = F.max_pool2d(conv(weights, "backbone.conv1", image, 2), 3, 2, 1)
    maps = [x]
    for stage, blocks in BLOCKS.items():
        for k in range(blocks):
            x = shuffle_block(weights, f"backbone.stage{stage}.{k}", x, k == 0)
        maps.append(x)
    return maps


def ghost_block(weights, name, *maps):
    x = torch.cat(maps, dim=1)
    y = x
    for part, active in (("ghost1", True), ("ghost2", False)):
        primary = conv(weights, f"{name}.{part}.primary", y, active=active)
        y = torch.cat((primary, conv(weights, f"{name}.{part}.cheap", primary, active=active)), dim=1)
    shortcut = conv(weights, name + ".shortcut.dw", x, active=False)
    return y + conv(weights, name + ".shortcut.pw", shortcut, active=False)


def half(weights, name, x):
    return conv(weights, name + ".pw", conv(weights, name + ".dw", x, 2))


def double(x):
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def pyramid(weights, maps):
    c3, c4, c5 = (conv(weights, f"pan.reduce.{i}", x) for i, x in enumerate(maps))
    middle = ghost_block(weights, "pan.top_down.0", double(c5), c4)
    p3 = ghost_block(weights, "pan.top_down.1", double(middle), c3)
    p4 = ghost_block(weights, "pan.bottom_up0", half(weights, "pan.down0", p3), middle)
    p5 = ghost_block(weights, "pan.bottom_up1", half(weights, "pan.down1", p4), c5)
    p6 = half(weights, "pan.extra_in", c5) + half(weights, "pan.extra_out", p5)
    return p3, p4, p5, p6


def forward(weights, image, config):
    """Class logits, distances in strides and the logits of their bins, by output name; and what the
    embedding heads read: per level the pyramid, the tower and the distances, and the map at stride 4."""
    outputs = {}
    towers = []
    distances = []
    quarter, *maps = backbone(weights, image)
    levels = pyramid(weights, maps)
    for i, (level, x) in enumerate(zip(LEVELS, levels)):
        for block in range(2):
            x = conv(weights, f"head.{i}.tower.{block}.dw", x)
            x = conv(weights, f"head.{i}.tower.{block}.pw", x)
        towers.append(x)
        outputs[f"class_logits.{level}"] = conv(weights, f"head.{i}.cls_logits", x, active=False)
        bins = conv(weights, f"head.{i}.box_bins", x, active=False)
        outputs[f"box_bins.{level}"] = bins
        share = bins.unflatten(1, (4, BINS)).softmax(2)
        distances.append(torch.einsum("nsbhw,b->nshw", share, torch.arange(BINS).to(share)))
        outputs[f"box.{level}"] = distances[-1]
    return outputs, levels, towers, distances, quarter
