"""Reads the event files of a short training with TensorBoard's own reader.

usage: events.py PROGRAM    (exit code 77: tensorboard or the trainer is not there)
"""

import json
import pathlib
import subprocess
import sys
import tempfile

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError:
    print("skipped: tensorboard is not installed (scripts/setup --test)")
    sys.exit(77)


def write_data(folder):
    """One grey PNG image with a square, written with the standard library alone."""
    import struct
    import zlib

    width, height = 96, 96
    rows = b""
    for y in range(height):
        rows += b"\0"
        for x in range(width):
            inside = 24 <= x < 72 and 24 <= y < 72
            rows += bytes([220, 40, 40] if inside else [110, 115, 120])

    def chunk(kind, data):
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    png += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    (folder / "a.png").write_bytes(png)
    square = [24, 24, 72, 24, 72, 72, 24, 72]
    data = {
        "images": [{"id": 1, "width": width, "height": height, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "square"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": 48 * 48,
                         "bbox": [24, 24, 48, 48], "segmentation": [square]}],
    }
    (folder / "data.json").write_text(json.dumps(data))


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_data(folder)
        data, images, run = folder / "data.json", folder, folder / "run"
        settings = ["fpn.channels=32", "tower_channels=32", "pixel_channels=32", "tower_groups=8",
                    "tower_convs=1", "input.short_train=[96]", "input.short_test=96",
                    "solver.batch=1", "solver.max_iter=4", "log_period=2", "workers=0"]
        command = [program, "train", "lite", "--data", data, "--images", images, "--val-data", data,
                   "--val-images", images, "--out", run, "--precision", "fp32"]
        for setting in settings:
            command += ["--set", setting]
        subprocess.run(command, check=True, capture_output=True)

        events = EventAccumulator(str(run), size_guidance={"scalars": 0, "images": 0})
        events.Reload()
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        losses = [line for line in lines if "loss" in line]
        read = events.Scalars("loss/total")
        assert [event.step for event in read] == [2, 4], read
        for event, line in zip(read, losses):
            assert abs(event.value - line["loss"]) < 1e-5, (event, line)
        assert len(events.Scalars("validation/segm_AP")) == 1
        image = events.Images("validation/image_0")[0]
        assert (image.width, image.height) == (96, 96), image
        assert image.encoded_image_string[:2] == b"\xff\xd8"
    print("scalars and images read back")


main()
