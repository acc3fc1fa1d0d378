#!/usr/bin/env python3
"""Time the network of EmbedMask beside ONNX Runtime and PyTorch, interleaved in one run.

The graph (g3, R-50) is written out here with random weights; batch norm is folded into the
convolutions, as `embedmask` does it. See bench/peers.md.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--embedmask", default="build/embedmask", help="the program")
    parser.add_argument("--size", default="800x1088", help="HEIGHTxWIDTH of the network input")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=10, help="samples of each contender")
    parser.add_argument("--json", help="write every sample to this file")
    return parser.parse_args()


ARGUMENTS = parse_arguments() if __name__ == "__main__" else None
if ARGUMENTS:
    # Before torch is imported: its threads must not spin while another contender runs.
    os.environ["OMP_NUM_THREADS"] = str(ARGUMENTS.threads)
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ["KMP_BLOCKTIME"] = "0"

import onnxruntime
import torch
from torch import nn

LEVELS = 5
EMBEDDING = 16
GMAC = {(800, 1088): 203.75}  # what `embedmask info` counts


def conv(cin, cout, kernel, stride=1):
    return nn.Conv2d(cin, cout, kernel, stride, kernel // 2)


class Bottleneck(nn.Module):
    """The stride sits in the first 1x1 convolution; each bias is that of the folded norm."""

    def __init__(self, cin, width, stride, project):
        super().__init__()
        self.conv1 = conv(cin, width, 1, stride)
        self.conv2 = conv(width, width, 3)
        self.conv3 = conv(width, 4 * width, 1)
        self.shortcut = conv(cin, 4 * width, 1, stride) if project else nn.Identity()

    def forward(self, x):
        y = self.conv1(x).relu()
        y = self.conv2(y).relu()
        return (self.conv3(y) + self.shortcut(x)).relu()


class ResNet50(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = conv(3, 64, 7, 2)
        stages, cin = [], 64
        for stage, count in enumerate((3, 4, 6, 3)):
            width, blocks = 64 << stage, []
            for k in range(count):
                blocks.append(Bottleneck(cin, width, 2 if k == 0 and stage else 1, k == 0))
                cin = 4 * width
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.stem(x).relu(), 3, 2, 1)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps[1:]


class Pyramid(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.ModuleList(conv(c, 256, 1) for c in (512, 1024, 2048))
        self.layer = nn.ModuleList(conv(256, 256, 3) for _ in range(3))
        self.p6 = conv(256, 256, 3, 2)
        self.p7 = conv(256, 256, 3, 2)

    def forward(self, maps):
        top, out = None, []
        for inner, layer, c in zip(self.inner[::-1], self.layer[::-1], maps[::-1]):
            lateral = inner(c)
            if top is not None:
                lateral = lateral + nn.functional.interpolate(top, scale_factor=2.0)
            top = lateral
            out.insert(0, layer(lateral))
        out.append(self.p6(out[-1]))
        out.append(self.p7(out[-1].relu()))
        return out


def tower():
    layers = []
    for _ in range(4):
        layers += [conv(256, 256, 3), nn.GroupNorm(32, 256), nn.ReLU()]
    return nn.Sequential(*layers)


class EmbedMask(nn.Module):
    def __init__(self, height, width):
        super().__init__()
        self.backbone, self.fpn = ResNet50(), Pyramid()
        self.class_tower, self.box_tower, self.mask_tower = tower(), tower(), tower()
        self.class_logits = conv(256, 80, 3)
        self.box, self.centerness = conv(256, 4, 3), conv(256, 1, 3)
        self.q_spatial, self.q_free = conv(256, 2, 3), conv(256, EMBEDDING - 2, 3)
        self.margin = conv(256, EMBEDDING, 3)
        self.p_spatial, self.p_free = conv(256, 2, 3), conv(256, EMBEDDING - 2, 3)
        self.box_scale = nn.Parameter(torch.ones(LEVELS))
        self.margin_scale = nn.Parameter(torch.ones(LEVELS))
        for level in range(LEVELS):
            stride = 8 << level
            rows, columns = -(-height // stride), -(-width // stride)
            y = (torch.arange(rows) * stride + stride // 2) / 100
            x = (torch.arange(columns) * stride + stride // 2) / 100
            position = torch.stack([x.expand(rows, columns), y[:, None].expand(rows, columns)])
            self.register_buffer(f"position{level}", position[None].contiguous())
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, a=1)
                nn.init.zeros_(module.bias)

    def forward(self, image):
        pyramid = self.fpn(self.backbone(image))
        out = []
        for level, feature in enumerate(pyramid):
            a, b = self.class_tower(feature), self.box_tower(feature)
            position = getattr(self, f"position{level}")
            g = self.margin(b * (1 / 32))
            g = torch.cat([g[:, :2] * self.margin_scale[level], g[:, 2:]], 1)
            out += [
                self.class_logits(a),
                (self.box(b) * self.box_scale[level]).relu(),
                self.centerness(b),
                torch.cat([self.q_spatial(b) + position, self.q_free(b)], 1),
                g.exp(),
            ]
        e = self.mask_tower(pyramid[0])
        out.append(torch.cat([self.p_spatial(e) + self.position0, self.p_free(e)], 1))
        return tuple(out)


def count_macs(model, image):
    macs = 0

    def add(module, _, output):
        nonlocal macs
        macs += output[0].numel() * module.weight[0].numel()

    hooks = [m.register_forward_hook(add) for m in model.modules() if isinstance(m, nn.Conv2d)]
    model(image)
    for hook in hooks:
        hook.remove()
    return macs


def onnx_session(model, image, threads):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "embedmask.onnx")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(model, (image,), path, opset_version=18, dynamo=False,
                              input_names=["image"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def milliseconds(run):
    """Of the second of two runs: the first one brings memory and caches back."""
    run()
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1e3


def embedmask_milliseconds(arguments, precision):
    """Of one run after two, compiled anew."""
    command = [arguments.embedmask, "bench", "--json", "--repeat", "1", "--size", arguments.size,
               "--precision", precision, "--threads", str(arguments.threads)]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    network = result["networks"][0]
    if network["precision"] != precision:
        sys.exit(f"asked for {precision}, got {network['precision']}")
    return network["min_ms"], result["macs"]


def main(arguments):
    height, width = (int(side) for side in arguments.size.split("x"))
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    image = torch.randn(1, 3, height, width)
    with torch.inference_mode():
        model = EmbedMask(height, width).eval()
        macs = count_macs(model, image)
        print(f"{macs / 1e9:.2f} GMAC at {arguments.size}, {arguments.threads} threads, "
              f"{arguments.rounds} rounds")
        expected = GMAC.get((height, width))
        if expected:
            assert abs(macs / 1e9 / expected - 1) < 1e-3, "not the same network"
        session = onnx_session(model, image, arguments.threads)
        feed = {"image": image.numpy()}
        model = model.to(memory_format=torch.channels_last)
        image = image.to(memory_format=torch.channels_last)

        # Both must compute the same before it makes sense to time them.
        worst = max(
            float((torch.from_numpy(a) - b).abs().max() / b.abs().max().clamp(min=1e-6))
            for a, b in zip(session.run(None, feed), model(image)))
        print(f"ONNX Runtime and PyTorch differ by {worst:.1e} of an output's largest value")
        assert worst < 1e-3

        def torch_bf16():
            with torch.autocast("cpu", torch.bfloat16):
                model(image)

        contenders = {
            "embedmask fp32": lambda: embedmask_milliseconds(arguments, "fp32")[0],
            "ONNX Runtime fp32": lambda: milliseconds(lambda: session.run(None, feed)),
            "PyTorch fp32": lambda: milliseconds(lambda: model(image)),
            "embedmask bf16": lambda: embedmask_milliseconds(arguments, "bf16")[0],
            "PyTorch bf16": lambda: milliseconds(torch_bf16),
        }
        ours = embedmask_milliseconds(arguments, "fp32")[1]
        assert abs(macs / ours - 1) < 1e-3, f"embedmask counts {ours} MAC, this graph has {macs}"
        samples = {name: [] for name in contenders}
        for number in range(arguments.rounds):
            for name, measure in contenders.items():
                samples[name].append(measure())
            print(f"round {number + 1}: " +
                  ", ".join(f"{name} {times[-1]:.0f}" for name, times in samples.items()),
                  file=sys.stderr, flush=True)

    print("\n| | min ms | median ms | min / embedmask | median / embedmask |\n|---|---|---|---|---|")
    for name, times in samples.items():
        base = samples["embedmask " + name.split()[-1]]
        print(f"| {name} | {min(times):.0f} | {statistics.median(times):.0f} | "
              f"{min(times) / min(base):.2f} | "
              f"{statistics.median(times) / statistics.median(base):.2f} |")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(samples, file, indent=1)
    print(f"\nPython {sys.version.split()[0]}, torch {torch.__version__}, "
          f"onnxruntime {onnxruntime.__version__}, {torch.backends.cpu.get_cpu_capability()}")


if __name__ == "__main__":
    main(ARGUMENTS)
