"""Audit a pack on the LFW pictures at hand by their noisy gender labels, and write results/audit_lfw.json.

python tools/audit_lfw.py ../shared/data [PAGE.html]

Every comparison of one person, and a million of two people drawn at random within and across the labels. The labels of
this copy of LFW were predicted by a small network: they are wrong for some people, and which errors they hide or make
is not known. The threshold is that of the pack at FMR 1e-3, so it was not chosen on these labels.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np

from vultus.evaluation.acquire import acquire
from vultus.evaluation.audit.audit import Terms, audit
from vultus.evaluation.audit.comparisons import Comparisons
from vultus.evaluation.audit.report import findings, page
from vultus.evaluation.measured import jsonable
from vultus.inference.engine import FaceEngine
from vultus.research.run import revision, versions

ROOT = Path(__file__).resolve().parents[1]
IMPOSTOR, SEED, FMR = 1_000_000, 0, 1e-3


def main(data: Path, target: Path | None) -> None:
    """Embed, compare, audit, write."""
    rows = list(csv.DictReader((data / "lfw_view2/images.csv").open(encoding="utf-8")))
    engine = FaceEngine()
    got = acquire(engine, [data / "lfw_view2/images" / row["image"] for row in rows])
    kept = [at for at, there in enumerate(got.acquired) if there]
    names, people = np.unique([rows[at]["identity"] for at in kept], return_inverse=True)
    labels = np.array([""] * len(names), dtype="<U8")
    for one in range(len(names)):
        own = [rows[kept[at]]["gender_noisy"] for at in np.flatnonzero(people == one)]
        # One label a person; where pictures disagree, what most of them say.
        labels[one] = max(sorted(set(own)), key=own.count)
    vectors = got.vectors[kept]
    left, right = np.triu_indices(len(kept), 1)
    same = people[left] == people[right]
    drawn = np.random.default_rng(SEED).choice(np.flatnonzero(~same), IMPOSTOR, replace=False)
    chosen = np.concatenate([np.flatnonzero(same), np.sort(drawn)])
    left, right = left[chosen], right[chosen]
    scores = np.concatenate([
        np.einsum("nd,nd->n", vectors[a], vectors[b])
        for a, b in zip(np.array_split(left, 50), np.array_split(right, 50), strict=True)
    ]).astype(np.float64)  # fmt: skip
    found = Comparisons(scores, same[chosen], people[left], people[right], len(names), {"gender": labels}, "LFW View 2")
    threshold = engine.calibration.threshold(FMR)
    terms = Terms(FMR, threshold, f"the pack's calibration {engine.calibration.calibration_id}")
    report = audit(found, terms)
    if target is not None:
        target.write_text(page(report), encoding="utf-8")
    for part in report["attributes"]:
        for group in part["groups"]:
            del group["det"]
    document = {**report, "findings": findings(report), "contract": engine.contract, "versions": versions(),
                "revision": revision(), "command": "python tools/audit_lfw.py ../shared/data"}  # fmt: skip
    (ROOT / "results/audit_lfw.json").write_text(json.dumps(jsonable(document), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
