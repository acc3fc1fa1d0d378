"""Random annotation and result files: every legal shape, boundary values included."""
import random

import numpy
from pycocotools import mask as mask_utils


def bitmap_rle(rng, height, width, box):
    array = numpy.zeros((height, width), dtype=numpy.uint8)
    x, y, w, h = (int(v) for v in box)
    array[max(y, 0):max(y + h, 0), max(x, 0):max(x + w, 0)] = 1
    if rng.random() < 0.5:
        noise = numpy.frombuffer(rng.randbytes(height * width), dtype=numpy.uint8).reshape(height, width)
        array &= noise > 40
    return mask_utils.encode(numpy.asfortranarray(array))


def segmentation(rng, kind, height, width, box):
    x, y, w, h = box
    if kind == "polygons":
        return [[x, y, x + w, y, x + w, y + h, x + w / 2, y + h * 0.8, x, y + h]]
    rle = bitmap_rle(rng, height, width, box)
    if kind == "compressed":
        return {"size": rle["size"], "counts": rle["counts"].decode()}
    array = mask_utils.decode(rle).ravel(order="F")
    edges = numpy.flatnonzero(numpy.diff(array)) + 1
    counts = numpy.diff(numpy.concatenate([[0], edges, [array.size]])).tolist()
    return {"size": rle["size"], "counts": ([0] if array[0] else []) + counts}


def random_box(rng, height, width):
    kind = rng.randrange(4)
    if kind == 0:  # areas exactly at the borders of the ranges
        side = rng.choice([32, 96])
        return [rng.randint(0, width), rng.randint(0, height), side, side]
    if kind == 1:
        return [rng.randint(0, width), rng.randint(0, height), rng.randint(0, 40), rng.randint(0, 40)]
    return [round(rng.uniform(-5, width), 2), round(rng.uniform(-5, height), 2),
            round(rng.uniform(0, width), 2), round(rng.uniform(0, height), 2)]


def near(rng, box):
    """A box that overlaps: often with IoU exactly at a threshold."""
    x, y, w, h = box
    kind = rng.randrange(4)
    if kind == 0:
        return list(box)
    if kind == 1:  # IoU = the fraction that is kept
        return [x, y, w * rng.choice([0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]), h]
    if kind == 2:
        return [x, y, w, h * rng.choice([0.5, 0.75, 2])]
    return [round(x + rng.uniform(-6, 6), 1), round(y + rng.uniform(-6, 6), 1), w, h]


def share_ids(rng, annotations, images, categories):
    """Gives some annotations the id of another one, which may be of another image or category."""
    for annotation in rng.sample(annotations, min(len(annotations), rng.randint(2, 8))):
        annotation["id"] = rng.choice(annotations)["id"]
    if rng.random() < 0.3:  # found where it counts, taken from where it does not
        rng.choice(annotations)["category_id"] = max(categories) + 1
    if rng.random() < 0.3:
        rng.choice(annotations)["image_id"] = max(i["id"] for i in images) + 1


def make_case(seed, distinct_scores=False, shared_ids=False):
    rng = random.Random(seed)
    kind = rng.choice(["bbox", "segm"])
    crowded = rng.random() < 0.1
    images = [{"id": i * rng.choice([1, 3, 10**10]) + rng.choice([0, 1]), "height": rng.randint(20, 140),
               "width": rng.randint(20, 140)} for i in range(rng.randint(1, 6))]
    images = list({i["id"]: i for i in images}.values())
    rng.shuffle(images)
    categories = rng.sample([1, 2, 3, 7, 90, 0, 1000], rng.randint(1, 5))
    if rng.random() < 0.05:
        categories = rng.sample(range(200), 90)
    annotations, results = [], []
    next_id = 0 if rng.random() < 0.2 else 1
    format = rng.choice(["box", "compressed", "box+compressed", "box+polygons", "box+uncompressed"])
    scores = [0.1, 0.5, 0.5, 0.9, 1.0, 0] if rng.random() < 0.4 and not distinct_scores else None
    for image in images:
        height, width = image["height"], image["width"]
        boxes = []
        for _ in range(rng.choice([0, 1, 3, 8, 20])):
            box = random_box(rng, height, width)
            category = rng.choice(categories)
            boxes.append((category, box))
            crowd = int(rng.random() < 0.15)
            mask_kind = "uncompressed" if crowd else rng.choice(["polygons", "polygons", "compressed", "uncompressed"])
            area = rng.choice([box[2] * box[3], 32**2, 96**2, 0, rng.uniform(0, 20000)])
            annotations.append({"id": next_id, "image_id": image["id"], "category_id": category, "bbox": box,
                                "area": area, "iscrowd": crowd,
                                "segmentation": segmentation(rng, mask_kind, height, width, box)})
            next_id += rng.choice([1, 1, 5])
        for _ in range(rng.choice([0, 2, 6, 25]) if not crowded else 130):
            if boxes and rng.random() < 0.75:
                category, box = rng.choice(boxes)
                box = near(rng, box)
                if rng.random() < 0.1:
                    category = rng.choice(categories)
            else:
                category, box = rng.choice(categories), random_box(rng, height, width)
            if crowded:
                category = categories[0]
            result = {"image_id": image["id"], "category_id": category,
                      "score": rng.choice(scores) if scores else rng.random()}
            if "box" in format:
                result["bbox"] = box
            if format != "box":
                result["segmentation"] = segmentation(rng, format.split("+")[-1], height, width, box)
            results.append(result)
    rng.shuffle(annotations)
    rng.shuffle(results)
    case = {"type": kind, "gt": {"images": images, "categories": [{"id": c, "name": str(c)} for c in categories],
                                 "annotations": annotations}, "dt": results}
    if rng.random() < 0.15:
        case["class_agnostic"] = True
    if rng.random() < 0.1:
        case["max_detections"] = rng.choice([[1, 2, 100], [5, 10, 100], [0, 3, 100]])
    if rng.random() < 0.1:
        case["thresholds"] = rng.choice([[0.5], [0.0, 0.3, 1.0], [0.5, 0.75]])
    if rng.random() < 0.1:
        case["areas"] = [["all", 0, 1e10], ["small", 0, 500], ["medium", 500, 501], ["large", 300, 1e10]]
    case["threads"] = rng.choice([1, 2, 3])
    if shared_ids and len(annotations) > 1:
        share_ids(rng, annotations, images, categories)
    return case
