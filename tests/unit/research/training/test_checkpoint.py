from __future__ import annotations

import json
import struct

import pytest
import torch
from safetensors.torch import save_file

from unit.research.training.nets import net, points
from vultus.errors import InputError
from vultus.research.training.checkpoint import AVERAGE, MODEL, optimiser_state, put, put_optimiser_state, read, write

HEADER = {"method": "toy", "stage": 0, "step": 3}


def test_what_is_written_is_read(tmp_path):
    model = net()
    tied = {MODEL + "a": model.head.weight, MODEL + "b": model.head.weight}
    path = tmp_path / "x.safetensors"
    write(path, HEADER, tied)
    found = read(path, "toy")
    assert found.header == {**HEADER, "schema": "vultus.checkpoint/1"}
    assert torch.equal(found.weights["b"], model.head.weight)
    write(path, HEADER, {**tied, AVERAGE + "b": torch.zeros(2)})
    assert found.weights.keys() == {"a", "b"}
    assert read(path).weights.keys() == {"b"}, "averages are what a stage would leave behind"
    assert [file.name for file in tmp_path.iterdir()] == ["x.safetensors"]


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "x.safetensors"
    write(path, HEADER, {"model/a": torch.ones(1)})
    before = path.read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        write(path, {"loss": float("nan")}, {"model/a": torch.zeros(1)})
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_of_a_run_the_best_is_read_or_else_the_last(tmp_path):
    with pytest.raises(InputError, match=r"there is no checkpoint .*last\.safetensors"):
        read(tmp_path)
    write(tmp_path / "last.safetensors", {**HEADER, "step": 9}, {"model/a": torch.ones(1)})
    assert read(tmp_path).header["step"] == 9
    write(tmp_path / "best.safetensors", {**HEADER, "step": 6}, {"model/a": torch.ones(1)})
    assert read(tmp_path).header["step"] == 6


def test_files_that_are_no_checkpoint(tmp_path):
    path = tmp_path / "x.safetensors"
    with pytest.raises(InputError, match="there is no checkpoint"):
        read(path)
    path.write_bytes(b"PK not at all")
    with pytest.raises(InputError, match="is no checkpoint, or is damaged"):
        read(path)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(InputError, match="holds tensors, but is no checkpoint of Vultus"):
        read(path)
    save_file({"a": torch.zeros(1)}, path, {"vultus": "[1]"})
    with pytest.raises(InputError, match="holds tensors, but is no checkpoint of Vultus"):
        read(path)
    save_file({"a": torch.zeros(1)}, path, {"vultus": json.dumps({"schema": "vultus.checkpoint/9"})})
    with pytest.raises(InputError, match=r"of format 'vultus.checkpoint/9', but this version reads 'vultus.checkpo"):
        read(path)
    write(path, HEADER, {"model/a": torch.zeros(1)})
    with pytest.raises(InputError, match="is a checkpoint of the method 'toy', not of 'tripse'"):
        read(path, "tripse")
    whole = path.read_bytes()
    (head,) = struct.unpack("<Q", whole[:8])
    for cut in (4, 8 + head // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(InputError, match="is no checkpoint, or is damaged"):
            read(path)


def test_weights_of_another_model():
    model = net()
    state = dict(model.state_dict())
    put(net(seed=6), state)
    del state["head.bias"]
    state["head.weight"] = torch.zeros(2, 2)
    with pytest.raises(InputError, match=r"2 tensors differ, the first is head\.bias: missing in the file, .3,. here"):
        put(model, state)


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.Adam, torch.optim.SGD])
def test_optimisers_go_on_as_if_nothing_had_happened(kind, tmp_path):
    path, batch = tmp_path / "x.safetensors", points(8)
    x, label = torch.from_numpy(batch["x"]), torch.from_numpy(batch["label"])

    def steps(model, optimiser, count):
        for _ in range(count):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(model.eval()(x), label).backward()
            optimiser.step()

    model = net()
    optimiser = kind(model.parameters(), lr=0.01, **({"momentum": 0.9} if kind is torch.optim.SGD else {}))
    steps(model, optimiser, 3)
    state = {MODEL + key: value for key, value in model.state_dict().items()}
    write(path, HEADER, {**state, **optimiser_state(optimiser, "net")})
    steps(model, optimiser, 3)

    kept, again = read(path), net(seed=8)
    put(again, kept.part(MODEL))
    other = kind(again.parameters(), lr=0.01, **({"momentum": 0.9} if kind is torch.optim.SGD else {}))
    put_optimiser_state(other, "net", kept)
    steps(again, other, 3)
    assert torch.equal(model.head.weight, again.head.weight)
