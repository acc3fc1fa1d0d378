"""Times pycocotools and `embedmask eval` on the same generated files, in one run.

    bench/pycocotools_compare.py build/embedmask [--folder DIR] [--size mixed|val2017]

`mixed`: 2,000 images, 15,000 ground truths, 60,000 detections; `val2017`: 5,000 images and 36,781 of each.
The generator is seeded: every run writes the same bytes. Results must agree exactly, or the script fails.
"""
import argparse
import contextlib
import io
import json
import math
import pathlib
import random
import re
import subprocess
import tempfile
import time

from pycocotools import mask as mask_utils
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

SIZES = {"mixed": (2000, 15000, 60000), "val2017": (5000, 36781, 36781)}
WIDTH, HEIGHT, CATEGORIES = 640, 480, 80


def ring(rng, x, y, w, h):
    """A wobbly closed outline in the box."""
    corners = rng.randint(12, 40)
    points = []
    for i in range(corners):
        angle, reach = 2 * math.pi * i / corners, rng.uniform(0.7, 1)
        points += [round(x + w / 2 * (1 + reach * math.cos(angle)), 2), round(y + h / 2 * (1 + reach * math.sin(angle)), 2)]
    return points


def generate(folder, size):
    """Writes annotations.json, bbox.json and segm.json."""
    rng = random.Random(2020)
    images, truths, detections = SIZES[size]
    annotations = []
    for i in range(truths):
        side = math.exp(rng.uniform(math.log(12), math.log(320)))
        w, h = min(side * rng.uniform(0.6, 1.6), WIDTH - 2), min(side * rng.uniform(0.6, 1.6), HEIGHT - 2)
        x, y = rng.uniform(0, WIDTH - w), rng.uniform(0, HEIGHT - h)
        outline = ring(rng, x, y, w, h)
        crowd = rng.random() < 0.01
        rle = mask_utils.frPyObjects([outline], HEIGHT, WIDTH)[0]
        segmentation = [outline] if not crowd else {"size": rle["size"], "counts": rle["counts"].decode()}
        annotations.append({"id": i + 1, "image_id": 1 + i % images, "category_id": 1 + min(int(rng.expovariate(0.08)), CATEGORIES - 1),
                            "bbox": [round(v, 2) for v in (x, y, w, h)], "area": float(mask_utils.area(rle)),
                            "iscrowd": int(crowd), "segmentation": segmentation})
    boxes, masks = [], []
    for i in range(detections):
        source = annotations[i % truths]
        x, y, w, h = source["bbox"]
        spread = rng.choice([0.02, 0.08, 0.3])
        x, y = x + rng.gauss(0, spread) * w, y + rng.gauss(0, spread) * h
        w, h = w * math.exp(rng.gauss(0, spread)), h * math.exp(rng.gauss(0, spread))
        x, y = min(max(x, 0), WIDTH - 2), min(max(y, 0), HEIGHT - 2)
        category = source["category_id"] if rng.random() < 0.85 else rng.randint(1, CATEGORIES)
        common = {"image_id": source["image_id"], "category_id": category, "score": round(rng.random(), 4)}
        boxes.append({**common, "bbox": [round(v, 2) for v in (x, y, w, h)]})
        rle = mask_utils.frPyObjects([ring(rng, x, y, w, h)], HEIGHT, WIDTH)[0]
        masks.append({**common, "segmentation": {"size": rle["size"], "counts": rle["counts"].decode()}})
    data = {"images": [{"id": i + 1, "width": WIDTH, "height": HEIGHT, "file_name": f"{i + 1:012}.jpg"} for i in range(images)],
            "categories": [{"id": i + 1, "name": f"category {i + 1}"} for i in range(CATEGORIES)], "annotations": annotations}
    for name, content in (("annotations", data), ("bbox", boxes), ("segm", masks)):
        (folder / f"{name}.json").write_text(json.dumps(content))


def time_reference(folder, kind):
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        truth = COCO(str(folder / "annotations.json"))
        found = truth.loadRes(str(folder / f"{kind}.json"))
        loaded = time.perf_counter()
        judge = COCOeval(truth, found, kind)
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
        done = time.perf_counter()
    return loaded - start, done - loaded, judge.stats.tolist()


def time_ours(program, folder, kind, runs=5):
    """Best of some runs: (reading, scoring, numbers)."""
    best = None
    for _ in range(runs):
        out = folder / "report.json"
        ran = subprocess.run([program, "eval", "--data", folder / "annotations.json", "--results", folder / f"{kind}.json",
                              "--type", kind, "--json", out], check=True, capture_output=True, text=True)
        read, scored = map(float, re.search(r"read in ([\d.]+) s, scored in ([\d.]+) s", ran.stderr).groups())
        if best is None or read + scored < best[0] + best[1]:
            best = (read, scored, json.loads(out.read_text())["stats"][kind])
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--folder", help="where the generated files are kept (default: a temporary folder)")
    parser.add_argument("--size", choices=SIZES, default="mixed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(arguments.folder or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "segm.json").exists():
            generate(folder, arguments.size)
        print("type | stage | pycocotools s | embedmask s | speedup")
        for kind in ("bbox", "segm"):
            reference, ours = time_reference(folder, kind), time_ours(arguments.program, folder, kind)
            if reference[2] != ours[2]:
                raise SystemExit(f"{kind}: the numbers differ: {reference[2]} and {ours[2]}")
            for stage, a, b in (("read", reference[0], ours[0]), ("score", reference[1], ours[1])):
                print(f"{kind} | {stage} | {a:.3f} | {b:.3f} | {a / max(b, 1e-3):.0f}")


main()
