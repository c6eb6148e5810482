"""What rejected faces ("this is not X") bring and cost on LFW, into results/denials.json.

OMP_NUM_THREADS=1 python tools/measure_denials.py ../shared/data/lfw_view2

People with four pictures or more are enrolled with two of them, the others search for them. Half of the remaining
people are strangers who come first: of those who are taken for somebody the user says that they are not. The other
half are strangers nobody has seen. In the worst case each person's rejected face is that of the most alike stranger.
"""

from __future__ import annotations

import argparse
import csv
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from vultus import FaceEngine
from vultus.gallery.denial import Denials
from vultus.gallery.search import ExactDoor, background_of
from vultus.gallery.templates import Templates
from vultus.types import Candidate, prominent

ROOT = Path(__file__).resolve().parents[1]
TOP = 20


def embed(engine: FaceEngine, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The most prominent face of each picture that has one, and whose it is."""
    rows = list(csv.DictReader((folder / "images.csv").open()))
    vectors, people = [], []
    for row, (_, found) in zip(rows, engine.find_each([folder / "images" / row["image"] for row in rows]), strict=True):
        face = prominent(found) if isinstance(found, list) else None
        if face is not None and face.embedding is not None:
            vectors.append(face.embedding.vector)
            people.append(row["identity"])
    return np.stack(vectors), np.array(people)


def measure(door: ExactDoor, threshold: float, said: Denials, sets: dict[str, Any]) -> dict[str, float]:
    """Error rates with these rejected faces."""

    def named(probes: np.ndarray) -> list[str]:
        ranked: list[list[Candidate]] = door.search(probes, TOP)
        kept = said.without(probes, ranked) if len(said) else ranked
        return [row[0].name if row and row[0].similarity >= threshold else "" for row in kept]

    answers = {name: np.array(named(vectors)) for name, (vectors, _) in sets.items()}
    return {
        "rejected_faces": len(said), "fnir": float(np.mean(answers["known"] != sets["known"][1])),
        "fpir_strangers_seen": float(np.mean(answers["seen"] != "")),
        "fpir_other_strangers": float(np.mean(answers["other"] != "")),
    }  # fmt: skip


def main() -> None:
    """Measure at two rates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    engine = FaceEngine("dlib")
    vectors, people = embed(engine, parser.parse_args().folder)
    _, person, count = np.unique(people, return_inverse=True, return_counts=True)
    random = np.random.default_rng(0)
    order = random.permutation(len(people))
    enrolled = [order[person[order] == one][:2] for one in np.flatnonzero(count >= 4)]
    rows = np.concatenate(enrolled)
    known = np.setdiff1d(np.flatnonzero(count[person] >= 4), rows)
    strangers = random.permutation(np.flatnonzero(count < 4))
    seen, other = (np.flatnonzero(np.isin(person, part)) for part in np.array_split(strangers, 2))
    sets = {name: (vectors[at], people[at]) for name, at in (("known", known), ("seen", seen), ("other", other))}
    starts = np.arange(len(enrolled)) * 2
    kept_names = [str(people[own[0]]) for own in enrolled]
    background = background_of(engine.calibration)
    door = ExactDoor(Templates(1, kept_names, starts, rows.astype(np.int64), vectors[rows]), "average", background)
    result = []
    for fpir in (0.01, 0.1):
        threshold = engine.calibration.threshold_for_fpir(fpir, len(enrolled))
        found = door.search(vectors[seen], len(enrolled))
        mistakes = [(row[0].name, at) for row, at in zip(found, seen, strict=True) if row[0].similarity >= threshold]
        nearest: dict[str, tuple[float, int]] = {}
        for row, at in zip(found, seen.tolist(), strict=True):
            for one in row:
                nearest[one.name] = max(nearest.get(one.name, (-1.0, 0)), (one.similarity, at))
        worst = [(name, at) for name, (_, at) in nearest.items()]
        for what, pairs in (("none", []), ("the mistakes", mistakes), ("the most alike stranger of each", worst)):
            said = Denials(tuple(name for name, _ in pairs), vectors[[at for _, at in pairs]])
            result.append({"fpir_target": fpir, "rejected": what, **measure(door, threshold, said, sets)})
            print(result[-1], flush=True)
    document = {
        "command": "OMP_NUM_THREADS=1 python tools/measure_denials.py LFW_FOLDER", "people": len(enrolled),
        "searches_by_them": len(known), "searches_by_strangers_seen": len(seen),
        "searches_by_other_strangers": len(other), "rows": result,
        "versions": {name: version(name) for name in ("numpy", "onnxruntime")},
    }  # fmt: skip
    (ROOT / "results/denials.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
