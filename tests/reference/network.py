"""A preset with random weights: the engine's outputs and masks against model.py and masks.py.

usage: network.py REFERENCE_CASES_PROGRAM PRESET [KEY=VALUE ...]

The engine computes in float32 as shipped, the reference in float64, so that what differs is ours.
"""
import sys
import tempfile
import tomllib

from helper import np, pathlib, read_safetensors, run, torch

import masks
import model

RELATIVE = 1e-4     # of a tensor's largest magnitude (issue: 1e-4 in fp32)
NEAR_TIE = 5e-4     # how close to the threshold a pixel may decide either way
MOST_TIES = 1e-3    # share of a case's pixels


def to_double(tensors):
    return {name: torch.from_numpy(values).double() for name, values in tensors.items()}


def compare_outputs(found, expected, prefix):
    """The largest relative difference; ends the test where a tensor differs."""
    worst = 0.0
    names = {name.removeprefix(prefix) for name in found if name.startswith(prefix)}
    for name in sorted(names):
        a, b = found[prefix + name], expected[name].numpy()
        if a.shape != b.shape:
            sys.exit(f"{prefix}{name}: shape {a.shape}, the reference has {b.shape}")
        difference = np.abs(a - b).max() / max(np.abs(b).max(), 1e-30)
        if not difference <= RELATIVE:
            sys.exit(f"{prefix}{name}: differs by {difference:.2e} of its largest value")
        worst = max(worst, difference)
    return names, worst


def compare_masks(results, metadata, outputs, config):
    """(foreground share, pixels that are near-ties); ends the test where a mask differs."""
    original = tuple(int(side) for side in metadata["original"].split())
    content = tuple(int(side) for side in metadata["content"].split())
    limit = masks.threshold(config)
    ties = 0
    for i, (box, (level, location)) in enumerate(zip(results["boxes"], results["cells"].astype(int))):
        name = model.LEVELS[level]
        q = outputs[f"embedding.{name}"][0].flatten(1)[:, location]
        margin = torch.full_like(q, model.initial_margin(config)) if config["fix_margin"] else \
            outputs[f"margin.{name}"][0].flatten(1)[:, location]
        values = masks.quarter_map(outputs["pixel_embedding"], q, margin, box.tolist(), config)
        values = masks.paste(values, original, content, config).numpy()
        differ = (values > limit) != (results["masks"][i] != 0)
        if np.abs(values - limit)[differ].max(initial=0) > NEAR_TIE:
            sys.exit(f"mask {i} (box {box}, {name} cell {location}): {differ.sum()} pixels differ, "
                     f"by up to {np.abs(values - limit)[differ].max():.2e} from the threshold")
        ties += int(differ.sum())
    share = results["masks"].mean()
    if not 0.002 < share < 0.98:
        sys.exit(f"{share:.3f} of all pixels are foreground: these masks test nothing")
    if ties > MOST_TIES * results["masks"].size:
        sys.exit(f"{ties} of {results['masks'].size} pixels differ: too many to be ties")
    return share, ties


def main():
    program, preset, *sets = sys.argv[1:]
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as folder:
        run(program, preset, folder, *sets)
        tensors, settings = read_safetensors(pathlib.Path(folder) / "model.safetensors")
        results, metadata = read_safetensors(pathlib.Path(folder) / "results.safetensors")
    config = tomllib.loads(settings["embedmask.config"])
    weights = model.Weights(to_double(tensors))
    with torch.no_grad():
        outputs = model.forward(weights, torch.from_numpy(results["image"]).double(), config)
    names, worst = compare_outputs(results, outputs, "whole/")
    if names != set(outputs):
        sys.exit(f"outputs {sorted(names ^ set(outputs))} are on one side only")
    # Scales and margins that a configuration has and does not read.
    if weights.unused():
        sys.exit(f"the reference has no use for {weights.unused()}")
    _, fast = compare_outputs(results, outputs, "fast/")
    line = f"{preset} {' '.join(sets)}: outputs within {worst:.1e}, rewritten {fast:.1e}"
    if "masks" in results:
        share, ties = compare_masks(results, metadata, outputs, config)
        line += f"; masks {share:.0%} foreground, {ties} near-ties of {results['masks'].size} pixels"
    print(line)


if __name__ == "__main__":
    main()
