"""Masks and polygons: every function against pycocotools, exactly (over 10,000 vectors).

A case that differs is shrunk and written to tests/parity/failures/, from where it is replayed first.
"""
import random
import sys

from helper import Library, keep, kept, require, shrunk

numpy, mask_utils = require("numpy", "pycocotools.mask")

CASES = 2500  # of about six masks each
LISTS = (("polygons",), ("bitmaps",), ("rles",))  # what a failing case is shrunk in


def ring(rng, height, width):
    corners = rng.randint(3, 12)
    kind = rng.randrange(5)
    points = []
    for _ in range(corners):
        x, y = rng.uniform(-0.3, 1.3) * width, rng.uniform(-0.3, 1.3) * height
        if kind == 0:
            x, y = round(x), round(y)
        elif kind == 1:
            x, y = round(x * 2) / 2, round(y * 2) / 2
        elif kind == 2:
            x, y = round(x * 10) / 10, round(y * 10) / 10
        points += [x, y]
    if rng.random() < 0.2:  # repeated and collinear vertices
        points += points[-2:]
    return points


def case(rng):
    height, width = rng.choice([(1, 1), (1, 30), (40, 1)]) if rng.random() < 0.1 else (
        rng.randint(1, 60), rng.randint(1, 60))
    polygons = [[ring(rng, height, width) for _ in range(rng.randint(1, 3))] for _ in range(rng.randint(1, 4))]
    bitmaps = []
    for _ in range(rng.randint(1, 3)):
        density = rng.choice([0, 0.05, 0.5, 0.95, 1])
        bitmaps.append([int(rng.random() < density) for _ in range(height * width)])
    rles = []
    for _ in range(rng.randint(0, 2)):
        left, counts = height * width, []
        while left:
            count = rng.choice([rng.randint(1 if counts else 0, left), 1])
            counts.append(count)
            left -= count
        rles.append(mask_utils.frPyObjects({"size": [height, width], "counts": counts}, height, width))
    return {"size": [height, width], "polygons": polygons, "bitmaps": bitmaps,
            "rles": [{"size": r["size"], "counts": r["counts"].decode()} for r in rles]}


def expected(item):
    height, width = item["size"]
    masks = [mask_utils.merge(mask_utils.frPyObjects(rings, height, width)) for rings in item["polygons"]]
    masks += [{"size": r["size"], "counts": r["counts"].encode()} for r in item["rles"]]
    for bitmap in item["bitmaps"]:
        array = numpy.array(bitmap, dtype=numpy.uint8).reshape((height, width), order="F")
        masks.append(mask_utils.encode(numpy.asfortranarray(array)))
    count = len(masks)
    return {
        "strings": [m["counts"].decode() for m in masks],
        "areas": [int(a) for a in mask_utils.area(masks)],
        "boxes": mask_utils.toBbox(masks).tolist(),
        "iou": mask_utils.iou(masks, masks, [0] * count).ravel().tolist(),
        "crowd_iou": mask_utils.iou(masks, masks, [1] * count).ravel().tolist(),
        "union": mask_utils.merge(masks)["counts"].decode(),
        "intersection": mask_utils.merge(masks, intersect=1)["counts"].decode(),
    }


def differs(library, item):
    want, got = expected(item), library.run(item)
    return [k for k in want | got if want.get(k) != got.get(k)]


def main():
    library = Library(sys.argv[1])
    for path, item in kept("masks").items():
        if difference := differs(library, item):
            sys.exit(f"{path}: {difference} differ")
    vectors = 0
    for seed in range(CASES):
        item = case(random.Random(seed))
        vectors += sum(len(item[key]) for key in ("polygons", "bitmaps", "rles"))
        if difference := differs(library, item):
            path = keep("masks", seed, shrunk(item, LISTS, lambda i: differs(library, i)))
            sys.exit(f"case {seed}: {difference} differ; shrunk to {path}")
    print(f"{CASES} cases, {vectors} masks: all equal")


main()
