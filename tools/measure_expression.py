"""Measure the expression model that ships, as it ships: on FER2013's PublicTest and, through the whole engine, on LFW.

python tools/measure_expression.py ../shared/data [--pictures 800]

Writes results/expression.json, from which tools/write_methods.py makes the tables of docs/models/expression.md. LFW's
labels are noisy and say "happiness" or "neutral" of nearly everybody, so recalls of these two are measured by gender;
the interval of the gap is over people drawn anew.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from provenance import command

from vultus.inference.engine import FaceEngine
from vultus.inference.expression import ExpressionReader
from vultus.inference.session import open_session
from vultus.research.run import revision, versions
from vultus.types import prominent
from vultus.weights.expression import expression_spec
from vultus.weights.shipped import checked

ROOT = Path(__file__).resolve().parents[1]
# FER+ columns of our words: angry, disgust, fear, happy, sad, surprise, neutral.
VOTED = (4, 5, 6, 1, 3, 2, 0)
WORDS = {"happiness": "happy", "neutral": "neutral"}


def public_test(folder: Path) -> dict[str, Any]:
    """Shares right, recalls and confusion on the pictures as they are: they are cut already."""
    spec = expression_spec()
    reader = ExpressionReader(open_session(checked(spec), threads=1), spec)
    with np.load(folder / "fer2013_publictest.npz") as stored:
        pictures, labels, votes = stored["x"], stored["y"].astype(int), stored["ferplus"]
    started = time.process_time()
    shown = reader.read(pictures[:, None].astype(np.float32))
    each_ms = 1000 * (time.process_time() - started) / len(pictures)
    scores = np.array([list(one.scores.values()) for one in shown])
    guess = scores.argmax(1)
    counts = np.zeros((len(spec.labels),) * 2, int)
    np.add.at(counts, (labels, guess), 1)
    recalls = counts.diagonal() / counts.sum(1)
    clear = votes[:, VOTED].max(1) > votes.sum(1) / 2
    right = guess == labels
    wide = 1.96 * float(np.sqrt(right.mean() * (1 - right.mean()) / len(right)))
    sure = scores.max(1) >= 0.7
    return {
        "pictures": len(labels), "accuracy": _short(right.mean()), "accuracy_half_width": _short(wide),
        "uar": _short(recalls.mean()), "confusion": counts.tolist(),
        "recall": {word: _short(value) for word, value in zip(spec.labels, recalls, strict=True)},
        "ferplus": {"pictures": int(clear.sum()),
                    "accuracy": _short((guess == votes[:, VOTED].argmax(1))[clear].mean())},
        "score_above_0.7": {"share": _short(sure.mean()), "accuracy": _short(right[sure].mean())},
        "ms_each": round(each_ms, 2),
    }  # fmt: skip


def lfw(folder: Path, count: int) -> dict[str, Any]:
    """Recall of happy and neutral by gender, with the gap and its interval."""
    with (folder / "images.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["gender_noisy"] and row["expression_noisy"] in WORDS]
    dice = np.random.default_rng(0)
    rows = [rows[at] for at in np.sort(dice.permutation(len(rows))[:count])]
    engine = FaceEngine(threads=1)
    found = [prominent(faces) if isinstance(faces, list) else None for _, faces in
             engine.find_each([_picture(folder, row["image"]) for row in rows], tasks=("expression",))]  # fmt: skip
    seen = [(row, face.expression.label) for row, face in zip(rows, found, strict=True) if face and face.expression]
    people = np.array([row["identity"] for row, _ in seen])
    genders = np.array([row["gender_noisy"] for row, _ in seen])
    wanted = np.array([WORDS[row["expression_noisy"]] for row, _ in seen])
    right = np.array([label for _, label in seen]) == wanted
    return {
        "pictures": len(rows), "faces": len(seen), "people": len(set(people)),
        "words": {word: _gap(right[wanted == word], genders[wanted == word], people[wanted == word], dice)
                  for word in WORDS.values()},
    }  # fmt: skip


def _picture(folder: Path, name: str) -> Path:
    return next(path for path in (folder / name, folder / "images" / name) if path.exists())


def _gap(right: np.ndarray, genders: np.ndarray, people: np.ndarray, dice: np.random.Generator) -> dict[str, Any]:
    names, who = np.unique(people, return_inverse=True)

    def recalls(weight: np.ndarray) -> tuple[float, float]:
        return tuple(float(np.average(right[genders == one], weights=weight[genders == one]))
                     for one in ("female", "male"))  # fmt: skip

    gaps = []
    for _ in range(2000):
        weight = np.bincount(dice.integers(0, len(names), len(names)), minlength=len(names))[who].astype(float)
        if all(weight[genders == one].sum() for one in ("female", "male")):
            female, male = recalls(weight)
            gaps.append(female - male)
    female, male = recalls(np.ones(len(right)))
    low, high = np.quantile(gaps, (0.025, 0.975))
    return {
        "female": {"faces": int((genders == "female").sum()), "recall": _short(female)},
        "male": {"faces": int((genders == "male").sum()), "recall": _short(male)},
        "gap": _short(female - male), "low": _short(low), "high": _short(high),
    }  # fmt: skip


def _short(value: float) -> float:
    return round(float(value), 4)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--pictures", type=int, default=800)
    parser.add_argument("--out", type=Path, default=ROOT / "results/expression.json")
    args = parser.parse_args()
    spec = expression_spec()
    report = {
        "model": spec.name, "sha256": spec.sha256, "labels": list(spec.labels),
        "public_test": public_test(args.data / "fer2013"), "lfw": lfw(args.data / "lfw_view2", args.pictures),
        "versions": versions(), "revision": revision(), "command": command(),
    }  # fmt: skip
    args.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({key: report[key] for key in ("public_test", "lfw")}, indent=1))


if __name__ == "__main__":
    main()
