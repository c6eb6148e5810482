from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from unit.research.taught import Config, Network
from vultus.errors import InputError
from vultus.inference.session import open_session
from vultus.research import export as module
from vultus.research.contract import Export
from vultus.research.export import export


class Convolutions(torch.nn.Module):
    """Layers that exporters stumble over: normalisation, pooling, two inputs, two outputs."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.SiLU())

    def forward(self, image, weight):
        found = self.layers(image.float() / 255).mean((2, 3)) * weight
        return found, found.argmax(1)

    def exported(self):
        image = torch.randint(0, 256, (2, 3, 9, 9), dtype=torch.uint8)
        return Export(self, {"image": image, "weight": torch.rand(2, 1)}, ("scores", "label"), {"task": "toy"})


def test_what_is_written_computes_the_same_for_any_number_of_rows(tmp_path):
    model, target = Convolutions(), tmp_path / "deep" / "net.onnx"
    manifest = export(model, target, {"method": "toy"})
    assert manifest == json.loads(target.with_suffix(".json").read_text("utf-8"))
    assert manifest["inputs"]["image"] == {"dtype": "uint8", "shape": ["rows", 3, 9, 9]}
    assert (manifest["task"], manifest["outputs"], manifest["bytes"]) == (
        "toy",
        ["scores", "label"],
        len(target.read_bytes()),
    )
    assert {file.name for file in target.parent.iterdir()} == {"net.onnx", "net.json"}
    image, weight = np.full((5, 3, 9, 9), 7, np.uint8), np.ones((5, 1), np.float32)
    scores, label = open_session(target).run(None, {"image": image, "weight": weight})
    ours = model(torch.from_numpy(image), torch.from_numpy(weight))
    assert np.abs(scores - ours[0].detach().numpy()).max() < 1e-5
    assert label.shape == (5,)


def test_what_computes_something_else_is_not_written(tmp_path, monkeypatch):
    model, target = Network(Config()), tmp_path / "net.onnx"
    right = module._write

    def wrong(wanted, path):
        right(wanted, path)
        with torch.no_grad():
            wanted.module.layers[2].bias += 0.01

    monkeypatch.setattr(module, "_write", wrong)
    with pytest.raises(InputError, match=r"the exported network differs from torch by 0\.01, more than 0\.0001"):
        export(model, target, {"method": "toy"})
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(module, "_far", lambda *_: float("nan"))
    with pytest.raises(InputError, match="the exported network differs from torch by nan"):
        export(model, target, {"method": "toy"})


def test_what_cannot_be_exported(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"'toy' does not say how to be exported: it has no exported\(\)"):
        export(torch.nn.Linear(1, 1), tmp_path / "net.onnx", {"method": "toy"})
    with pytest.raises(InputError, match=r"--out must end in \.onnx, but is .*net\.pt"):
        export(Convolutions(), tmp_path / "net.pt", {"method": "toy"})
    monkeypatch.setattr(torch.onnx, "export", lambda *_, **__: None)
    with pytest.raises(InputError, match="torch gave no ONNX program for this network"):
        export(Convolutions(), tmp_path / "net.onnx", {"method": "toy"})
