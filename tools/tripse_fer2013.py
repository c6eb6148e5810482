"""Compare plain, SE, triplet attention and the TripSE variants on FER2013: one small network, equal and short training.

python tools/tripse_fer2013.py --data ../shared/data/fer2013

Every kind of gate is trained by the same steps, batches, augmentation and rate schedule on the training part, and
judged once, at its end, on PublicTest. Results go to results/tripse_fer2013.json after each run; a killed job goes on
where it was.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from provenance import command
from torch import nn
from torch.nn import functional
from train_expression import LABELS, augment, judged, repeated, schedule

from vultus.research.blocks.attention import KINDS, Gates
from vultus.research.blocks.backbones import ResNet
from vultus.research.blocks.cost import cost
from vultus.research.blocks.inject import inject
from vultus.research.run import revision

ROOT = Path(__file__).resolve().parents[1]
SIDE, BATCH = 48, 128


def build(kind: str, widths: tuple[int, ...], classes: int = len(LABELS)) -> nn.Module:
    """The network of a row."""
    model = ResNet(classes, 1, widths, (1,) * len(widths), stem=2)
    return model if kind == "none" else inject(model, Gates(kind).build, "block", (1, SIDE, SIDE))  # type: ignore[arg-type]


def run(kind: str, seed: int, args: argparse.Namespace, train: dict[str, Any], test: dict[str, Any]) -> dict[str, Any]:
    """Train one network and judge it."""
    torch.manual_seed(seed)
    model = build(kind, tuple(args.widths)).to(memory_format=torch.channels_last)
    dice = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=1e-2)
    steps = len(train["x"]) // BATCH
    started, spent = time.time(), time.process_time()
    order, total = torch.empty(0), args.epochs * steps
    model.train()
    for step in range(total):
        if step % steps == 0:
            order = torch.randperm(len(train["x"]), generator=dice)
        for group in optimiser.param_groups:
            group["lr"] = args.lr * schedule(step, total)
        rows = order[step % steps * BATCH : (step % steps + 1) * BATCH]
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(augment(train["x"][rows], dice).contiguous(memory_format=torch.channels_last))
        loss = functional.cross_entropy(logits.float(), train["y"][rows], label_smoothing=0.1)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    cpu_s = time.process_time() - spent
    return {"kind": kind, "seed": seed, **{key: round(value, 4) for key, value in judged(model, test).items()},
            **asdict(cost(model, (1, SIDE, SIDE))), "steps": total,
            "cpu_s": round(cpu_s, 1), "ms_per_step": round(1000 * cpu_s / total, 1),
            "wall_s": round(time.time() - started, 1)}  # fmt: skip


def main() -> None:
    """All rows, seed by seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=ROOT / "results/tripse_fer2013.json")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--widths", type=int, nargs="+", default=(16, 32, 64))
    parser.add_argument("--lr", type=float, default=4e-3)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    train = dict(np.load(args.data / "fer2013_train.npz"))
    test = dict(np.load(args.data / "fer2013_publictest.npz"))
    kept = np.flatnonzero(~((train["ferplus"][:, 9] > 5) | repeated(train["x"], test["x"])))
    material = {"x": torch.from_numpy(train["x"][kept]).float().unsqueeze(1),
                "y": torch.from_numpy(train["y"][kept].astype(np.int64))}  # fmt: skip
    settings = {"epochs": args.epochs, "widths": list(args.widths), "lr": args.lr, "batch": BATCH, "side": SIDE,
                "site": "block", "optimiser": "adamw", "precision": "bfloat16 autocast", "threads": 1}  # fmt: skip
    rows: list[dict[str, Any]] = []
    if args.out.exists() and (kept_report := json.loads(args.out.read_text("utf-8")))["settings"] == settings:
        rows = kept_report["runs"]
    done = {(row["kind"], row["seed"]) for row in rows}
    for seed in range(1000, 1000 + args.seeds):
        for kind in KINDS:
            if (kind, seed) in done:
                continue
            rows.append(run(kind, seed, args, material, test))
            print(json.dumps(rows[-1]), flush=True)
            report = {"set": "FER2013", "train": len(kept), "test": len(test["y"]), "settings": settings, "runs": rows,
                      "versions": {"python": platform.python_version(),
                                   **{name: version(name) for name in ("vultus", "numpy", "torch")}},
                      "revision": revision(), "command": command()}  # fmt: skip
            args.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
