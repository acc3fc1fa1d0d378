"""COCO AP: generated cases through the library and pycocotools, every number compared exactly.

A case that differs is shrunk and written to tests/parity/failures/, from where it is replayed first.
"""
import contextlib
import copy
import io
import sys

from helper import Library, keep, kept, require, shrunk

numpy, coco, cocoeval, generator = require("numpy", "pycocotools.coco", "pycocotools.cocoeval", "generator")

CASES = 1200
SHARED = 300  # further cases whose annotations share ids
LISTS = (("dt",), ("gt", "annotations"), ("gt", "images"))  # what a failing case is shrunk in


def reference(case):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco.COCO()
        truth.dataset = copy.deepcopy(case["gt"])
        truth.createIndex()
        found = truth.loadRes(copy.deepcopy(case["dt"]))
        judge = cocoeval.COCOeval(truth, found, case["type"])
        judge.params.useCats = 0 if case.get("class_agnostic") else 1
        if "max_detections" in case:
            judge.params.maxDets = case["max_detections"]
        if "thresholds" in case:
            judge.params.iouThrs = numpy.array(case["thresholds"])
        if "areas" in case:
            judge.params.areaRng = [a[1:] for a in case["areas"]]
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return {"stats": judge.stats.tolist(), **{k: judge.eval[k].ravel().tolist() for k in ("precision", "recall", "scores")}}


def differs(library, case):
    """The keys that differ; none when pycocotools itself gives up."""
    try:
        want = reference(case)
    except (IndexError, KeyError):
        return None
    got = library.run(case)
    if "has a pixel" in got.get("error", ""):  # refused: no mask of the ground truth is inside its image
        return None
    return [k for k in want if want[k] != got.get(k)] + ([got["error"]] if "error" in got else [])


def main():
    library = Library(sys.argv[1])
    for path, case in kept("evaluation").items():
        if difference := differs(library, case):
            sys.exit(f"{path}: {difference} differ")
    compared = 0
    for seed in range(CASES + SHARED):
        case = generator.make_case(seed, shared_ids=seed >= CASES)
        if not case["dt"]:
            continue  # pycocotools raises; tests/evaluation has the natural answer
        difference = differs(library, case)
        if difference is None:
            continue
        compared += 1
        if difference:
            path = keep("evaluation", seed, shrunk(case, LISTS, lambda c: differs(library, c)))
            sys.exit(f"case {seed}: {difference} differ; shrunk to {path}")
    if compared < 1200:
        sys.exit(f"only {compared} cases could be compared: expected at least 1200")
    print(f"{compared} cases: every number equal")


main()
