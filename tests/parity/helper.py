"""Runs cases through the library's helper program and skips where a Python tool is missing."""
import copy
import importlib
import json
import pathlib
import subprocess
import sys


def require(*modules):
    """The modules, or exit code 77 (skipped) with one line."""
    try:
        return [importlib.import_module(name) for name in modules]
    except ImportError as error:
        print(f"skipped: {error} (pip install -r requirements/test.txt)")
        sys.exit(77)


FAILURES = pathlib.Path(__file__).parent / "failures"


def kept(test):
    """The failing cases that earlier runs of `test` kept, by file."""
    return {path: json.loads(path.read_text()) for path in sorted(FAILURES.glob(f"{test}-*.json"))}


def keep(test, seed, case):
    """Writes a failing case to where `kept` finds it; its path."""
    FAILURES.mkdir(exist_ok=True)
    path = FAILURES / f"{test}-{seed}.json"
    path.write_text(json.dumps(case, indent=1))
    return path


def shrunk(case, paths, differs):
    """The case with fewer items in the lists at `paths` that still differs."""
    for path in paths:
        i = 0
        while True:
            smaller = copy.deepcopy(case)
            items = smaller
            for key in path:
                items = items[key]
            if i >= len(items):
                break
            del items[i]
            try:
                worse = differs(smaller)
            except Exception:  # the judge refuses what is left
                worse = None
            if worse:
                case = smaller
            else:
                i += 1
    return case


class Library:
    """The helper program, one JSON line in, one out."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, case):
        self.process.stdin.write(json.dumps(case) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the helper program died")
        return json.loads(line)
