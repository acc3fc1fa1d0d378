#!/usr/bin/env python3
"""Writes decode.json and resize.json: tiny image files and what Pillow makes of them.

Needs numpy and Pillow >= 11. The images are drawn here; nothing comes from photographs.
"""
import io
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(7)


def image(h, w, channels=3):
    y, x = np.mgrid[0:h, 0:w]
    planes = [np.sin(x / 5 + c) + np.cos(y / 4 - 2 * c) + rng.normal(0, 0.2, (h, w))
              for c in range(channels)]
    return np.clip(np.stack(planes, -1) * 55 + 128, 0, 255).astype(np.uint8)


def jpeg(array, mode="RGB", **options):
    out = io.BytesIO()
    image = Image.fromarray(array if mode != "L" else array[..., 0])
    if mode == "CMYK":
        image = Image.frombytes("CMYK", array.shape[1::-1], array.tobytes())
    image.save(out, "JPEG", **options)
    return out.getvalue()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(
        ">I", zlib.crc32(name + data))


def png(rows_of_pass, w, h, depth, color, interlace=0, before=b""):
    """rows_of_pass: list of passes, each a list of packed rows."""
    raw = b"".join(b"\0" + row for rows in rows_of_pass for row in rows)
    header = struct.pack(">IIBBBBB", w, h, depth, color, 0, 0, interlace)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before +
            chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def pack_bits(values, depth):
    bits = "".join(format(int(v), f"0{depth}b") for v in values)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
         (0, 1, 1, 2)]


def exif(orientation):
    block = Image.Exif()
    block[0x0112] = orientation
    return block


cases = []


def add(name, data, rgb=None):
    if rgb is None:
        rgb = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    cases.append({"name": name, "file": data.hex(), "height": rgb.shape[0],
                  "width": rgb.shape[1], "rgb": np.ascontiguousarray(rgb).tobytes().hex()})


H, W = 19, 27
rgb = image(H, W)
add("jpeg 4:2:0", jpeg(rgb, quality=80, subsampling=2))
add("jpeg 4:2:2", jpeg(rgb, quality=80, subsampling=1))
add("jpeg 4:4:4", jpeg(rgb, quality=95, subsampling=0))
add("jpeg grey", jpeg(rgb, "L", quality=80))
add("jpeg progressive", jpeg(rgb, quality=80, progressive=True))
add("jpeg restart markers", jpeg(rgb, quality=80, restart_marker_blocks=1))
add("jpeg rgb", jpeg(rgb, quality=80, keep_rgb=True))
cmyk = jpeg(image(H, W, 4), "CMYK", quality=90)
add("jpeg cmyk", cmyk)
adobe = cmyk.index(b"Adobe")
add("jpeg ycck", cmyk[:adobe + 11] + b"\x02" + cmyk[adobe + 12:])

g = rgb[..., 0]
for depth in (1, 2, 4):
    small = g >> (8 - depth)
    data = png([[pack_bits(row, depth) for row in small]], W, H, depth, 0)
    full = (small.astype(int) * 255 // (2**depth - 1)).astype(np.uint8)
    add(f"png grey {depth} bit", data, np.repeat(full[..., None], 3, -1))
add("png grey 8 bit", png([[row.tobytes() for row in g]], W, H, 8, 0))
g16 = rng.integers(0, 65536, (H, W))
add("png grey 16 bit", png([[row.astype(">u2").tobytes() for row in g16]], W, H, 16, 0),
    np.repeat((g16 >> 8).astype(np.uint8)[..., None], 3, -1))
add("png rgb 8 bit", png([[row.tobytes() for row in rgb]], W, H, 8, 2))
rgb16 = rng.integers(0, 65536, (H, W, 3))
add("png rgb 16 bit", png([[row.astype(">u2").tobytes() for row in rgb16]], W, H, 16, 2),
    (rgb16 >> 8).astype(np.uint8))
rgba = image(H, W, 4)
add("png rgba 8 bit", png([[row.tobytes() for row in rgba]], W, H, 8, 6), rgba[..., :3])
rgba16 = rng.integers(0, 65536, (H, W, 4))
add("png rgba 16 bit", png([[row.astype(">u2").tobytes() for row in rgba16]], W, H, 16, 6),
    (rgba16 >> 8).astype(np.uint8)[..., :3])
la = image(H, W, 2)
add("png grey and alpha", png([[row.tobytes() for row in la]], W, H, 8, 4),
    np.repeat(la[..., :1], 3, -1))
palette = rng.integers(0, 256, (16, 3)).astype(np.uint8)
index = rng.integers(0, 16, (H, W))
plte = chunk(b"PLTE", palette.tobytes())
add("png palette 4 bit", png([[pack_bits(row, 4) for row in index]], W, H, 4, 3, before=plte),
    palette[index])
add("png palette 8 bit with tRNS",
    png([[row.astype(np.uint8).tobytes() for row in index]], W, H, 8, 3,
        before=plte + chunk(b"tRNS", bytes(range(0, 160, 10)))), palette[index])
add("png rgb with tRNS and gAMA",
    png([[row.tobytes() for row in rgb]], W, H, 8, 2,
        before=chunk(b"gAMA", struct.pack(">I", 100000)) +
        chunk(b"tRNS", struct.pack(">HHH", *map(int, rgb[0, 0])))), rgb)
add("png rgb interlaced",
    png([[rgb[y, x0::dx].tobytes() for y in range(y0, H, dy)] for x0, y0, dx, dy in ADAM7],
        W, H, 8, 2, interlace=1), rgb)

tiny = image(2, 3)
wide = image(9, 17)
for orientation in range(1, 9):
    for kind, array in (("PNG", tiny), ("JPEG", wide)):
        out = io.BytesIO()
        Image.fromarray(array).save(out, kind, exif=exif(orientation))
        upright = ImageOps.exif_transpose(Image.open(io.BytesIO(out.getvalue())).convert("RGB"))
        add(f"{kind.lower()} orientation {orientation}", out.getvalue(), np.asarray(upright))

(HERE / "decode.json").write_text(json.dumps({"cases": cases}, indent=0) + "\n")

resized = []
for h, w, nh, nw in [(9, 13, 21, 30), (37, 50, 11, 8), (16, 16, 16, 5), (16, 16, 40, 16),
                     (1, 1, 7, 9), (40, 3, 2, 33), (64, 64, 1, 1)]:
    source = rng.integers(0, 256, (h, w, 3)).astype(np.uint8)
    # Recent versions choose the order of the passes; ours is always horizontal first (spec 2.3).
    result = Image.fromarray(source).resize((nw, h), Image.BILINEAR)
    result = np.asarray(result.resize((nw, nh), Image.BILINEAR))
    resized.append({"height": h, "width": w, "rgb": source.tobytes().hex(), "new_height": nh,
                    "new_width": nw, "new_rgb": result.tobytes().hex()})
(HERE / "resize.json").write_text(json.dumps({"cases": resized}, indent=0) + "\n")
