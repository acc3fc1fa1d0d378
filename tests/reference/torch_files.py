"""`embedmask convert` gives the same model from every file that torch and numpy write.

usage: torch_files.py EMBEDMASK_PROGRAM
"""
import collections
import pickle
import sys
import tempfile

from helper import pathlib, read_safetensors, read_tensors, run, shared_data, torch

BODY = shared_data() / "resnet50-imagenet-caffe.safetensors"
HEAD = shared_data() / "embedmask-r50-pennfudan-head.safetensors"


def channels_last_parameters(tensors):
    """Convolutions as strided float parameters, the way a trained module holds them."""
    return {name: torch.nn.Parameter(value.float().to(memory_format=torch.channels_last))
            if value.dim() == 4 else value for name, value in tensors.items()}


def write_files(folder, tensors):
    """One file of every form, all with the same weights."""
    save = torch.save
    ordered = collections.OrderedDict(tensors)
    save(ordered, folder / "zip.pth")
    save(ordered, folder / "zip_protocol_5.pth", pickle_protocol=5)
    save(ordered, folder / "legacy.pth", _use_new_zipfile_serialization=False)
    module = {"module." + name: value for name, value in tensors.items()}
    optimizer = {"state": {0: {"momentum_buffer": torch.zeros(5)}}, "param_groups": [{"lr": 0.01}]}
    for name, zipped in (("checkpoint_zip.pth", True), ("checkpoint_legacy.pth", False)):
        save({"model": module, "optimizer": optimizer, "iteration": 90000}, folder / name,
             _use_new_zipfile_serialization=zipped)
    save({"state_dict": channels_last_parameters(tensors)}, folder / "parameters.pth")
    # The whole network in one storage: every tensor a view at its offset.
    flat = torch.cat([value.float().reshape(-1) for value in tensors.values()])
    sizes = [value.numel() for value in tensors.values()]
    save({name: part.view(value.shape)
          for (name, value), part in zip(tensors.items(), flat.split(sizes))}, folder / "one_storage.pth")
    arrays = {name: value.numpy() for name, value in tensors.items()}
    for protocol in (2, 3, 4, 5):
        (folder / f"numpy_{protocol}.pkl").write_bytes(pickle.dumps(arrays, protocol=protocol))
    return sorted(path for path in folder.iterdir() if path.suffix in (".pth", ".pkl"))


def convert(program, body, out):
    run(program, "convert", body, HEAD, "--preset", "g3", "--categories", "person", "--store", "f32",
        "--out", out)
    tensors, metadata = read_safetensors(out)
    return {name: (value.shape, value.tobytes()) for name, value in tensors.items()}, metadata


def check_g2(program, folder):
    """A checkpoint of May 2020 (§10.6): one margin channel, no margin scales. It converts and runs."""
    head = "rpn.head."
    tensors = {**read_tensors(BODY), **read_tensors(HEAD)}
    state = {name: value for name, value in tensors.items() if "margin_scales" not in name}
    for part in ("weight", "bias"):
        state[f"{head}proposal_margin_pred.{part}"] = tensors[f"{head}proposal_margin_pred.{part}"][:1]
    torch.save({"model": state}, folder / "g2.pth")
    model = folder / "g2.safetensors"
    said = run(program, "convert", folder / "g2.pth", "--categories", "person", "--out", model)
    assert "G2" in said, said
    found = read_tensors(model)
    margins = found[f"{head}proposal_margin_pred.weight"]
    assert margins.shape[0] == 16 and bool((margins == margins[:1]).all())
    assert all(found[f"{head}margin_scales.{level}.scale"].item() == 1 for level in range(5))
    image = pathlib.Path(__file__).parents[2] / "samples" / "000000252219.jpg"
    run(program, "predict", model, image, "--short-side", "128", "--out", folder / "out")
    print("g2.pth                   converts and runs")


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        expected, settings = convert(program, BODY, folder / "expected.safetensors")
        for path in write_files(folder, read_tensors(BODY)):
            found, metadata = convert(program, path, folder / "found.safetensors")
            same = found == expected and metadata["embedmask.config"] == settings["embedmask.config"]
            print(f"{path.name:24} {'the same model' if same else 'ANOTHER MODEL'}")
            if not same:
                sys.exit(1)
        check_g2(program, folder)


if __name__ == "__main__":
    main()
