"""What the tests of this folder share: skipping, safetensors files, running a program."""
import json
import os
import pathlib
import struct
import subprocess
import sys


def skip(reason):
    """Ends the test as skipped, with one line that says why."""
    print(f"skipped: {reason}")
    sys.exit(77)


try:
    import numpy as np
    import torch
except ImportError as error:
    skip(f"{error} (pip install -r requirements/train.txt)")

TYPES = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64, "U8": np.uint8}


def shared_data():
    """The folder of data that does not ship with the project."""
    folder = os.environ.get("EMBEDMASK_DATA", "")
    if not pathlib.Path(folder, "README.md").exists():
        skip("EMBEDMASK_DATA is not set: data that does not ship")
    return pathlib.Path(folder)


def read_safetensors(path):
    """(tensors by name as numpy arrays, metadata)"""
    content = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + size])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        values = np.frombuffer(content[begin:end], dtype=TYPES[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"]).copy()
    return tensors, metadata


def read_tensors(path):
    """The tensors of a safetensors file as torch has them."""
    return {name: torch.from_numpy(values) for name, values in read_safetensors(path)[0].items()}


def run(*command):
    """The output of a program that must succeed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(str(part) for part in command)}\n{done.stdout}{done.stderr}")
    return done.stdout
