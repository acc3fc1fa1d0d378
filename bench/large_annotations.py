#!/usr/bin/env python3
"""Writes an annotation file as large as that of COCO train2017, always the same.

118,287 images, 80 categories and 860,001 objects with one polygon of 8 to 60 points each:

    bench/large_annotations.py large.json
    /usr/bin/time -v build/embedmask data convert large.json --to cvat --out large-cvat
    /usr/bin/time -v build/embedmask data convert large-cvat --from cvat --out back.json
"""
import math
import random
import sys

IMAGES = 118287
OBJECTS = 860001
CATEGORIES = 80
WIDTH, HEIGHT = 640, 480


def image(number: int) -> str:
    return f'{{"id":{number},"file_name":"{number:012}.jpg","width":{WIDTH},"height":{HEIGHT}}}'


def annotation(number: int, chance: random.Random) -> str:
    image_id = chance.randrange(IMAGES) + 1
    category_id = chance.randrange(CATEGORIES) + 1
    x, y = chance.uniform(40, WIDTH - 40), chance.uniform(40, HEIGHT - 40)
    radius = min(chance.lognormvariate(3.2, 0.8), 38)
    points = max(8, min(60, int(chance.lognormvariate(3.1, 0.6))))
    ring = []
    for i in range(points):
        angle = 2 * math.pi * i / points
        distance = radius * chance.uniform(0.8, 1)
        ring += [f"{x + distance * math.cos(angle):.2f}", f"{y + distance * math.sin(angle):.2f}"]
    box = f"[{x - radius:.2f},{y - radius:.2f},{2 * radius:.2f},{2 * radius:.2f}]"
    return (f'{{"id":{number},"image_id":{image_id},"category_id":{category_id},"iscrowd":0,"bbox":{box},'
            f'"area":{3 * radius * radius:.2f},"segmentation":[[{",".join(ring)}]]}}')


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    chance = random.Random(2017)
    with open(sys.argv[1], "w") as out:
        out.write('{"images":[')
        for i in range(1, IMAGES + 1):
            out.write(("" if i == 1 else ",") + image(i))
        categories = (f'{{"id":{k},"name":"category {k}"}}' for k in range(1, CATEGORIES + 1))
        out.write('],"categories":[' + ",".join(categories) + '],"annotations":[')
        for i in range(1, OBJECTS + 1):
            out.write(("" if i == 1 else ",") + annotation(i, chance))
        out.write("]}\n")


if __name__ == "__main__":
    main()
