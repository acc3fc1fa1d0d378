"""From embeddings to masks in the size of the image (§7.4, §7.5, §7.9 and the switches of §11)."""
import math

import numpy as np
import torch
import torch.nn.functional as F

from model import aligned_upsample

OUTSIDE = -10.0  # log-probability of the cells outside a detection's window


def half_pixel(x, size):
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


def to_quarter(x, config):
    """From the grid of the pixel embedding to stride 4."""
    if config["pixel_stride"] == 4:
        return x
    if config["resampler"] == "aligned":
        return aligned_upsample(x, 2)
    return half_pixel(x, (2 * x.shape[-2], 2 * x.shape[-1]))


def log_probability(pixels, q, margin):
    """−Σ m (p − q)² of every cell: (1, 1, h, w) from (1, D, h, w)."""
    distance = (pixels - q[:, None, None]) ** 2
    return -(distance * margin[:, None, None]).sum(1, keepdim=True)


def window(box, height, width):
    """Cells of the quarter grid that the box reaches, two more on every side (§7.4 step 2)."""
    x1, y1, x2, y2 = (int(value / 4) for value in box)  # int() truncates
    return max(x1 - 2, 0), max(y1 - 2, 0), min(x2 + 2, width), min(y2 + 2, height)


def quarter_map(pixels, q, margin, box, config):
    """What is resized to the image: log-probabilities or probabilities on the quarter grid."""
    if config["upsample"] == "embedding":
        values = log_probability(to_quarter(pixels, config), q, margin)
        if config["paste_domain"] == "prob":
            values = torch.exp(values)
    else:
        values = log_probability(pixels, q, margin)
        if config["paste_domain"] == "prob":
            values = torch.exp(values)
        values = to_quarter(values, config)
    if config["mask_window"] == "box":
        x1, y1, x2, y2 = window(box, *values.shape[-2:])
        outside = OUTSIDE if config["paste_domain"] == "log" else 0.0
        framed = torch.full_like(values, outside)
        framed[..., y1:y2, x1:x2] = values[..., y1:y2, x1:x2]
        values = framed
    return values


def paste_size(cells, original, content):
    """ceil(cells·4·original/content) in float32, left to right (§7.5 step 4)."""
    return math.ceil(np.float32(np.float32(cells * 4) * np.float32(original)) / np.float32(content))


def paste(values, original, content, config):
    """Values in the size of the image; sizes are (height, width)."""
    if config["resampler"] == "aligned":
        # §7.9: to the padded input, cut to the image's content, then to the image.
        full = aligned_upsample(values, 4)[..., :content[0], :content[1]]
        return half_pixel(full, original)[0, 0]
    height, width = values.shape[-2:]
    size = (paste_size(height, original[0], content[0]), paste_size(width, original[1], content[1]))
    return half_pixel(values, size)[0, 0, :original[0], :original[1]]


def threshold(config):
    value = config["mask_thresh"]
    return math.log(value) if config["paste_domain"] == "log" else value
