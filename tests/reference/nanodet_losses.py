"""Assignment and losses of NanoDet-Plus by the formulas of its papers, in plain loops over float64.

Dynamic soft label assignment (NanoDet-Plus), quality and distribution focal loss (arXiv 2006.04388),
GIoU (arXiv 1902.09630). Writes the golden vector tests/data/golden/nanodet_training.json; with
--check it compares the file with what it would write.

usage: nanodet_losses.py [--check] FILE
"""
import json
import math
import sys

STRIDES = (8, 16, 32, 64)
HEIGHT, WIDTH, CLASSES, BINS = 96, 128, 5, 8
OBJECTS = [  # per image: (label from 1, x1, y1, x2, y2)
    [(2, 10, 12, 70, 60), (2, 14, 15, 73, 62), (5, 30, 20, 90, 88), (2, 66, 4, 124, 50), (1, 81, 41, 83, 43), (3, 0, 0, 128, 96)],
    [],
    [(4, 40.5, 30.25, 71, 77.5)],
]


def logits(image, k, c):
    return -1.5 + 2.2 * math.sin(0.7 * ((image * 1000 + k) * CLASSES + c) + 0.3)


def bins(image, k, side, b):
    i = ((image * 1000 + k) * 4 + side) * BINS + b
    return 1.5 * math.sin(0.9 * i) + 0.8 * math.sin(0.013 * i + side)


def locations():
    cells = []
    for stride in STRIDES:
        for row in range(math.ceil(HEIGHT / stride)):
            for column in range(math.ceil(WIDTH / stride)):
                cells.append((column * stride, row * stride, stride))
    return cells


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def cross_entropy(x, target):
    p = sigmoid(x)
    return -target * math.log(p) - (1 - target) * math.log(1 - p)


def softmax(values):
    e = [math.exp(v) for v in values]
    return [v / sum(e) for v in e]


def box_of(image, k, cell):
    x, y, stride = cell
    d = []
    for side in range(4):
        share = softmax([bins(image, k, side, b) for b in range(BINS)])
        d.append(stride * sum(b * p for b, p in enumerate(share)))
    return x - d[0], y - d[1], x + d[2], y + d[3]


def area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def overlap(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    return max(w, 0) * max(h, 0)


def iou(a, b):
    common = overlap(a, b)
    return common / (area(a) + area(b) - common)


def giou(a, b):
    hull = (max(a[2], b[2]) - min(a[0], b[0])) * (max(a[3], b[3]) - min(a[1], b[1]))
    united = area(a) + area(b) - overlap(a, b)
    return overlap(a, b) / united - (hull - united) / hull


def assign(image, cells, boxes):
    """{location: (object, IoU)}."""
    objects = OBJECTS[image]
    valid = [k for k, (x, y, _) in enumerate(cells)
             if any(x1 < x < x2 and y1 < y < y2 for _, x1, y1, x2, y2 in objects)]
    ious = {(k, g): iou(boxes[k], o[1:]) for k in valid for g, o in enumerate(objects)}
    cost = {}
    for k in valid:
        for g, o in enumerate(objects):
            total = 0
            for c in range(CLASSES):
                target = ious[k, g] if c + 1 == o[0] else 0.0
                s = logits(image, k, c)
                total += cross_entropy(s, target) * abs(target - sigmoid(s)) ** 2
            cost[k, g] = total + 3 * -math.log(ious[k, g] + 1e-7)
    chosen = {}
    for g in range(len(objects)):
        largest = sorted((ious[k, g] for k in valid), reverse=True)[:13]
        number = max(int(sum(largest)), 1)
        for k in sorted(valid, key=lambda k: cost[k, g])[:number]:
            chosen.setdefault(k, []).append(g)
    result = {}
    for k, rivals in chosen.items():
        g = rivals[0] if len(rivals) == 1 else min(range(len(objects)), key=lambda g: cost[k, g])
        result[k] = (g, ious[k, g])
    return result, sum(len(rivals) > 1 for rivals in chosen.values())


def main():
    check = "--check" in sys.argv
    path = sys.argv[-1]
    cells = locations()
    images = []
    contested = 0
    classes = boxes_sum = bins_sum = weights = positives = 0
    for image, objects in enumerate(OBJECTS):
        boxes = [box_of(image, k, cell) for k, cell in enumerate(cells)]
        assigned, rivals = assign(image, cells, boxes)
        contested += rivals
        for k in range(len(cells)):
            g, quality = assigned.get(k, (None, 0.0))
            for c in range(CLASSES):
                target = quality if g is not None and objects[g][0] == c + 1 else 0.0
                s = logits(image, k, c)
                classes += abs(target - sigmoid(s)) ** 2 * cross_entropy(s, target)
        for k, (g, _) in assigned.items():
            x, y, stride = cells[k]
            truth = objects[g][1:]
            weight = max(sigmoid(logits(image, k, c)) for c in range(CLASSES))
            weights += weight
            positives += 1
            boxes_sum += weight * (1 - giou(boxes[k], truth))
            distances = (x - truth[0], y - truth[1], truth[2] - x, truth[3] - y)
            for side in range(4):
                target = min(max(distances[side] / stride, 0), BINS - 1 - 0.1)
                share = softmax([bins(image, k, side, b) for b in range(BINS)])
                low = int(target)
                bins_sum += weight * (-(low + 1 - target) * math.log(share[low])
                                      - (target - low) * math.log(share[low + 1])) / 4
        images.append({
            "objects": [list(o) for o in objects],
            "positives": [{"location": k, "object": g, "quality": q}
                          for k, (g, q) in sorted(assigned.items())],
        })
    if contested == 0:
        sys.exit("no location is chosen by two objects: the vector tests too little")
    weights = max(weights, 1)
    positives = max(positives, 1)
    vector = {
        "description": "inputs: see tests/reference/nanodet_losses.py, which writes this file",
        "height": HEIGHT, "width": WIDTH, "classes": CLASSES,
        "images": images,
        "loss_cls": classes / positives,
        "loss_reg": 2 * boxes_sum / weights,
        "loss_dfl": 0.25 * bins_sum / weights,
    }
    text = json.dumps(vector, indent=1) + "\n"
    if not check:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    elif open(path, encoding="utf-8").read() != text:
        sys.exit(f"{path}: the reference gives other values")
    print(f"{len(cells)} locations, {positives} positives, {contested} contested")


if __name__ == "__main__":
    main()
