"""Turn what tools/train_expression.py trained into the expression model that ships.

python tools/export_expression.py runs/expression

Writes src/vultus/weights/own/expression.onnx and its manifest. The picture is standardised inside the network, and the
scores are the mean over the picture and its mirror image. Weights are kept in half precision, computed with in single.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from provenance import command
from safetensors.torch import load_file
from torch import Tensor, nn
from train_expression import LABELS, SIDE, build, standard

from vultus.research.contract import Export
from vultus.research.export import export

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "src/vultus/weights/own"
# Mean places of our detector's landmarks in 255 of 260 training pictures drawn at random, made symmetrical.
TEMPLATE = ((14.8, 17.4), (32.2, 17.4), (23.5, 27.9), (16.3, 37.0), (30.7, 37.0))
LICENCE = {
    "id": "LicenceRef-FER2013-research",
    "use": "research",
    "summary": "The network is ours (Apache-2.0), but it was trained on FER2013, pictures from web searches that were "
    "given out for research in 2013 without a licence. Whether weights inherit that is an open question; until it is "
    "answered, use them for research and trial only.",
    "url": "https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge",
}


class Scores(nn.Module):
    """Grey pictures, 0 to 255, to scores of the words."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, picture: Tensor) -> Tensor:
        """(N, 1, S, S) to (N, K)."""
        given = standard(picture)
        return (self.model(given).softmax(1) + self.model(given.flip(3)).softmax(1)) / 2

    def exported(self) -> Export:
        """What `research.export` asks for."""
        example = torch.rand(4, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 255
        return Export(self.eval(), {"picture": example}, ("scores",), {"task": "expression"})


def halved(path: Path) -> bytes:
    """The model with its large constants in half precision, each turned back to single when the model is opened."""
    model = onnx.load(str(path))
    casts = []
    for constant in model.graph.initializer:
        values = numpy_helper.to_array(constant)
        if values.dtype != np.float32 or values.size < 64:
            continue
        name = constant.name
        constant.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:], model.graph.value_info[:], model.metadata_props[:], model.graph.metadata_props[:]
    for node in nodes:
        del node.metadata_props[:]
        node.doc_string = ""
    model.graph.node.extend(nodes)
    model.producer_name, model.producer_version, model.doc_string = "vultus", "", ""
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def history(run: Path) -> list[dict[str, Any]]:
    """Journals of a run and of those it began from, the first one first."""
    journal = json.loads((run / "journal.json").read_text("utf-8"))
    begin = journal["settings"].get("begin")
    return [*(history(Path(begin).parent) if begin else ()), journal]


def main() -> None:
    """Export, halve, write the manifest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--version", default="1")
    parser.add_argument("--weights", default="model.safetensors")
    args = parser.parse_args()
    journals = history(args.run)
    journal, settings = journals[-1], journals[-1]["settings"]
    model = build(tuple(settings["widths"]), settings["depth"], settings["kind"])
    state = load_file(args.run / args.weights)
    if args.weights != "model.safetensors":
        state = {key.removeprefix("average."): value for key, value in state.items() if key.startswith("average.")}
    model.load_state_dict(state)
    HOME.mkdir(exist_ok=True)
    target = HOME / "expression.onnx"
    exact = export(Scores(model), args.run / "expression.onnx", {"method": "tripse"})
    data = halved(args.run / "expression.onnx")
    target.write_bytes(data)
    manifest = {
        "schema": "vultus.own/1",
        "name": "vultus-expression",
        "version": args.version,
        "task": "expression",
        "file": target.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size_bytes": len(data),
        "licence": LICENCE,
        "labels": list(LABELS),
        "input": {"colour": "grey", "size": SIDE, "template": TEMPLATE},
        "trained": {
            "method": "tripse", "gate": settings["kind"], "widths": settings["widths"], "depth": settings["depth"],
            "parameters": sum(part.numel() for part in model.parameters()), "set": "FER2013 training part, FER+ votes",
            "pictures": journal["pictures"], "epochs": sum(one["settings"]["epochs"] for one in journals),
            "commands": [command(one["command"].split()[1:]) for one in journals],
        },
        "card": "docs/models/expression.md",
    }  # fmt: skip
    (HOME / "expression.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    print(f"{len(data):,} bytes; single precision differs from torch by {exact['differs_by']:.1g}")


if __name__ == "__main__":
    main()
