"""Boundary AP against faster-coco-eval, up to the order of sums."""
import contextlib
import copy
import io
import logging
import sys

from helper import Library, require

fce, generator = require("faster_coco_eval", "generator")

CASES = 300
TOLERANCE = 1e-12  # that tool sums in another order


def reference(case):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = fce.COCO(copy.deepcopy(case["gt"]))
        found = truth.loadRes(copy.deepcopy(case["dt"]))
        judge = fce.COCOeval_faster(truth, found, "boundary", print_function=lambda *_: None)
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return [float(x) for x in judge.stats[:12]]


def main():
    logging.disable(logging.CRITICAL)
    library = Library(sys.argv[1])
    compared = 0
    for seed in range(CASES):
        case = generator.make_case(seed, distinct_scores=True)
        for key in ("class_agnostic", "max_detections", "thresholds", "areas"):
            case.pop(key, None)
        if not case["dt"] or not case["gt"]["annotations"] or "segmentation" not in case["dt"][0]:
            continue
        case["type"] = "boundary"
        want = reference(case)
        got = library.run(case)
        if "has a pixel" in got.get("error", ""):  # refused: no mask of the ground truth is inside its image
            continue
        compared += 1
        if "error" in got or any(abs(a - b) > TOLERANCE for a, b in zip(want, got["stats"])):
            sys.exit(f"case {seed}: faster-coco-eval {want}, here {got.get('stats')} {got.get('error', '')}")
    print(f"{compared} cases: equal within {TOLERANCE}")


main()
