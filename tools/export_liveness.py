"""Turn a trained PCGAN into the liveness model that ships, and measure it.

vultus train pcgan --check --out runs/pcgan
python tools/export_liveness.py runs/pcgan/last.safetensors --data ../shared/data

Writes src/vultus/weights/own/liveness.onnx, its manifest, and results/liveness.json. The threshold is where development
people before the training's cameras have equal errors. Real photographs are only looked at afterwards.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from vultus.inference.engine import FaceEngine
from vultus.metrics.verification import eer
from vultus.research.blocks.cost import cost
from vultus.research.data.sample import predicted
from vultus.research.methods.spoofing.pcgan.look import CROP_SCALE
from vultus.research.methods.spoofing.pcgan.material import DEVELOPMENT, KINDS, KNOWN, cameras
from vultus.research.run import provenance, trained

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "src/vultus/weights/own"
LICENCE = {
    "id": "Apache-2.0", "use": "commercial",
    "summary": "Network and training pictures are ours: rendered faces with rendered attacks.", "url": "",
}  # fmt: skip


def main() -> None:
    """Export, write the manifest, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, help="folder with lfw_view2 and antispoof_samples")
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--version", default="1")
    args = parser.parse_args()
    run = trained("pcgan", args.checkpoint)
    seed = run.checkpoint.header["seed"]
    test = run.method.data(run.config, seed, None).test
    figures = {key: float(value) for key, value in run.method.score(run.model, test).items() if np.isfinite(value)}
    threshold, operating = development(run.model, test)
    run.export(HOME / "liveness.onnx")
    (HOME / "liveness.json").unlink()
    data = bare(HOME / "liveness.onnx")
    made = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    manifest = {
        "schema": "vultus.own/1", "name": "vultus-liveness-rendered", "version": args.version,
        "task": "presentation_attack", "file": "liveness.onnx", "sha256": made["sha256"],
        "size_bytes": made["bytes"], "licence": LICENCE,
        "input": {"crop_scale": CROP_SCALE, "size": run.config.making.side, "live_index": 0, "colour": "RGB",
                  "scale": 1.0, "crop": "square"},
        "decision": {"threshold": round(threshold, 4), "operating_point": operating},
        "trained": {"method": "pcgan", "on": "rendered attacks, not real ones", "seed": seed,
                    "config": run.checkpoint.header["config"], "versions": run.checkpoint.header["versions"]},
        "card": "docs/models/liveness.md",
    }  # fmt: skip
    (HOME / "liveness.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    side = run.config.making.side
    spent = cost(run.model.detector, (3, side, side))
    report: dict[str, Any] = {
        "schema": "vultus.liveness/1", "model": f"{manifest['name']}-{args.version}", "sha256": made["sha256"],
        "bytes": made["bytes"], "parameters": spent.parameters, "macs": spent.macs, "threshold": round(threshold, 4),
        "left_out": {"camera": cameras(run.config.making, seed).target, "figures": figures,
                     "new_kinds": [kind for kind in KINDS[1:] if kind not in KNOWN]},
        "photographs": photographs(args.data, args.pictures) if args.data else [], **provenance(),
    }  # fmt: skip
    report["command"] = "python tools/export_liveness.py runs/pcgan/last.safetensors --data ../shared/data"
    (ROOT / "results/liveness.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({key: report[key] for key in ("threshold", "bytes", "photographs", "left_out")}, indent=1))


def bare(path: Path) -> bytes:
    """The model without what the exporter tells of itself; the file is written anew."""
    model = onnx.load(str(path))
    del model.graph.value_info[:], model.metadata_props[:], model.graph.metadata_props[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    model.producer_name, model.producer_version, model.doc_string = "vultus", "", ""
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString(deterministic=True)
    path.write_bytes(data)
    return data


def development(model: Any, test: Any) -> tuple[float, str]:
    """Threshold of the live score, and what it was chosen for, in words."""
    rows = np.flatnonzero(test["role"] == DEVELOPMENT)
    alive = 1 - predicted(model, test.subset(rows))["score"].astype(np.float64)
    label = test["label"][rows]
    rate, threshold = eer(alive[label == 0], alive[label == 1])
    words = (
        f"trained on rendered attacks, not on real ones: equal errors of {rate:.1%} on rendered people whom the "
        "training has not seen, before its cameras; nothing is known of real attacks"
    )
    return float(threshold), words


def photographs(data: Path, count: int) -> list[dict[str, Any]]:
    """How many real faces are refused; all but those marked as an attack are of people."""
    engine = FaceEngine(liveness="rendered")
    rows = list(csv.DictReader((data / "lfw_view2/images.csv").open(encoding="utf-8")))
    chosen = np.random.default_rng(0).permutation(len(rows))[:count]
    groups = {f"LFW ({count} pictures drawn at random, all of people)":
              [data / "lfw_view2/images" / rows[at]["image"] for at in sorted(chosen)]}  # fmt: skip
    samples = list(csv.DictReader((data / "antispoof_samples/labels.csv").open(encoding="utf-8")))
    for label in ("live", "spoof"):
        files = [data / "antispoof_samples/images" / row["image"] for row in samples if row["label"] == label]
        groups[f"the samples of Silent-Face-Anti-Spoofing marked {label}"] = files
    found = []
    for what, files in groups.items():
        judged = [face.liveness for _, faces in engine.find_each(files, embed=False) if isinstance(faces, list)
                  for face in faces if face.liveness is not None]  # fmt: skip
        found.append({"what": what, "faces": len(judged), "refused": sum(not one.live for one in judged)})
    return found


if __name__ == "__main__":
    main()
