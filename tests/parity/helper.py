"""Runs cases through the library's helper program and skips where a Python tool is missing."""
import importlib
import json
import subprocess
import sys


def require(*modules):
    """The modules, or exit code 77 (skipped) with one line."""
    try:
        return [importlib.import_module(name) for name in modules]
    except ImportError as error:
        print(f"skipped: {error} (pip install -r requirements/test.txt)")
        sys.exit(77)


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
