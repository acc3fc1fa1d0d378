"""The TIDE split against tidecv: equal up to the order of one sum over categories."""
import contextlib
import io
import sys

from helper import Library, require

tidecv, coco, generator, mask_utils = require("tidecv", "pycocotools.coco", "generator", "pycocotools.mask")

CASES = 300
TOLERANCE = 1e-9
KINDS = ("Cls", "Loc", "Both", "Dupe", "Bkg", "Miss")


def reference(case):
    truth = coco.COCO()
    truth.dataset = case["gt"]
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
    data = tidecv.Data("truth", max_dets=100)
    for image in sorted(case["gt"]["images"], key=lambda i: i["id"]):
        data.add_image(image["id"], str(image["id"]))
    for category in case["gt"]["categories"]:
        data.add_class(category["id"], category["name"])
    for ann in case["gt"]["annotations"]:
        add = data.add_ignore_region if ann["iscrowd"] else data.add_ground_truth
        add(ann["image_id"], ann["category_id"], ann["bbox"], truth.annToRLE(ann))
    found = tidecv.Data("found")
    for item in case["dt"]:
        rle = truth.annToRLE(item) if "segmentation" in item else None
        found.add_detection(item["image_id"], item["category_id"], item["score"], item.get("bbox"), rle)
    tide = tidecv.TIDE()
    run = tide.evaluate(data, found, mode=tidecv.TIDE.BOX if case["type"] == "bbox" else tidecv.TIDE.MASK)
    main = {e.short_name: value for e, value in run.fix_main_errors().items()}
    special = {e.short_name: value for e, value in run.fix_special_errors().items()}
    return run.ap, [main[k] for k in KINDS] + [special["FalsePos"], special["FalseNeg"]]


def main():
    library = Library(sys.argv[1])
    compared = 0
    for seed in range(CASES):
        case = generator.make_case(seed, distinct_scores=True)
        key = "bbox" if case["type"] == "bbox" else "segmentation"
        if not case["dt"] or key not in case["dt"][0] or not case["gt"]["annotations"]:
            continue
        case["tide"] = True
        try:
            ap, errors = reference(case)
        except ZeroDivisionError:  # nothing to average
            continue
        got = library.run(case)
        compared += 1
        want = [ap, *errors]
        have = [got.get("ap"), *got.get("errors", [])]
        if "error" in got or any(abs(a - b) > TOLERANCE for a, b in zip(want, have)):
            sys.exit(f"case {seed} ({case['type']}): tidecv {want}, here {have} {got.get('error', '')}")
    print(f"{compared} cases: equal within {TOLERANCE}")


main()
