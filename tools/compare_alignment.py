"""Compare maps between embedding spaces on LFW, and write results/alignment.json.

python tools/compare_alignment.py ../shared/data CACHE_FOLDER

Spaces: pack dlib; a MobileFaceNet (tools/mobilefacenet.py, development only); pack dlib on pictures shrunk to a third;
and two controls: the MobileFaceNet with random weights, and noise seeded by the picture. Maps are fitted on the people
of four folds of LFW View 2 and judged on the pairs of the fifth, in turn; no person is on both sides. Every pair is
compared twice, each picture once as the mapped one. Identification: one picture of everybody in the fold is the
gallery, in the target space; the other pictures are the probes, mapped. Figures are of cosines.

Embeddings are kept in the cache folder, so that a second run takes a minute.
"""

from __future__ import annotations

import argparse
import json
import platform
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import mobilefacenet
import numpy as np

from vultus.evaluation.pairs import read_pairs
from vultus.gallery.alignment import METHODS, fit
from vultus.inference.engine import FaceEngine
from vultus.inference.image import read
from vultus.metrics.bootstrap import pair_weights, subject_bootstrap
from vultus.metrics.verification import eer, fmr, fnmr, threshold_at_fmr
from vultus.types import prominent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vultus.evaluation.pairs import Pairs

ROOT = Path(__file__).resolve().parents[1]
RATE, REPEATS, SEEDS = 0.01, 300, 3
COUNTS = (10, 25, 50, 100, 250, 500, 1000, 2000)
RATES = (1e-2, 1e-3, 1e-4, 1e-5)
SMALL = 3  # pictures are shrunk by this
CONTROLS = ("unaligned", "random turn", "permuted pairs")
ROUTES = (
    ("dlib", "mobilefacenet"),
    ("mobilefacenet", "dlib"),
    ("dlib, small pictures", "dlib"),
    ("dlib, small pictures", "mobilefacenet"),
    ("random weights", "dlib"),
    ("dlib", "random weights"),
    ("noise", "dlib"),
)
Rows = np.ndarray[Any, np.dtype[np.float32]]


class Lfw:
    """The pairs, and which fold each picture's person belongs to."""

    def __init__(self, folder: Path) -> None:
        self.pairs: Pairs = read_pairs(folder)
        self.people = np.unique(np.array(self.pairs.identities), return_inverse=True)[1]
        fold_of = np.zeros(self.people.max() + 1, np.int64)
        for side in (self.pairs.a, self.pairs.b):
            fold_of[self.people[side]] = self.pairs.fold
        self.fold = fold_of[self.people]
        self.folds = sorted(set(self.pairs.fold.tolist()))
        self.left = np.concatenate([self.pairs.a, self.pairs.b])
        self.right = np.concatenate([self.pairs.b, self.pairs.a])
        self.same = np.concatenate([self.pairs.same] * 2)
        self.fold_of_pair = np.concatenate([self.pairs.fold] * 2)


def embeddings(lfw: Lfw, data: Path, cache: Path) -> dict[str, Rows]:
    """One row per picture in each space."""
    tensors = mobilefacenet.read_checkpoint((data / "ref_weights/mobilefacenet_068.ckpt").read_bytes())
    mobilefacenet.write_pack(tensors, cache / "mobilefacenet")
    mobilefacenet.write_pack(mobilefacenet.random_weights(tensors), cache / "random")
    pictures = lfw.pairs.images
    found = {
        "dlib": _embedded("dlib", "dlib", pictures, cache),
        "mobilefacenet": _embedded("mobilefacenet", cache / "mobilefacenet", pictures, cache),
        "dlib, small pictures": _embedded("small", "dlib", pictures, cache, shrink=SMALL),
        "random weights": _embedded("random", cache / "random", pictures, cache),
    }
    noise = [np.random.default_rng(zlib.crc32(path.read_bytes())).normal(size=128) for path in pictures]
    return {**found, "noise": unit(np.array(noise))}


def _embedded(name: str, pack: str | Path, pictures: Sequence[Path], cache: Path, shrink: int = 1) -> Rows:
    file = cache / f"{name}.npy"
    if file.exists():
        return np.asarray(np.load(file), np.float32)
    engine, rows = FaceEngine(pack), []
    for start in range(0, len(pictures), 16):
        part = [shrunk(read(path), shrink) for path in pictures[start : start + 16]]
        for faces in engine.find(part):
            face = prominent(faces)
            # A face that is not found is a point in the middle: it matches nobody well, and is counted.
            rows.append(np.zeros(128) if face is None or face.embedding is None else face.embedding.vector)
    np.save(file, np.array(rows, np.float32))
    return np.array(rows, np.float32)


def shrunk(picture: np.ndarray, by: int) -> np.ndarray:
    """The picture with the detail of one a few times smaller, at its old size."""
    if by == 1:
        return picture
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (width // by, height // by), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def unit(rows: np.ndarray) -> Rows:
    """Rows of length 1; a row of zeros stays one."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


def mapper(method: str, *, stretch: bool = True, seed: int = 0) -> Callable[[Rows, Rows, np.ndarray, Rows], Rows]:
    """Learns from rows of both spaces and their people, and maps other rows."""

    def learnt(source: Rows, target: Rows, people: np.ndarray, rows: Rows) -> Rows:
        random = np.random.default_rng(seed)
        if method == "unaligned":
            return rows
        if method == "random turn":
            return unit(rows @ np.linalg.qr(random.normal(size=(rows.shape[1], target.shape[1])))[0])
        if method == "permuted pairs":
            target = target[random.permutation(len(target))]
        found = fit(source, target, "ridge" if method == "permuted pairs" else method, people=people.tolist())
        if not stretch:
            found = replace(found, weight=found.weight / found.stretch)
        return found.apply(rows)

    return learnt


def mapped(
    lfw: Lfw, source: Rows, target: Rows, method: str, *, count: int = 0, seed: int = 0, stretch: bool = True
) -> Rows:
    """Every picture mapped by a map that has not seen its person."""
    out, random = np.empty_like(target), np.random.default_rng(seed)
    seen = np.flatnonzero((np.abs(source).max(axis=1) > 0) & (np.abs(target).max(axis=1) > 0))
    for fold in lfw.folds:
        train = seen[lfw.fold[seen] != fold]
        train = random.choice(train, count, replace=False) if count else train
        test = lfw.fold == fold
        learn = mapper(method, stretch=stretch, seed=seed)
        out[test] = learn(source[train], target[train], lfw.people[train], source[test])
    return out


def scores(lfw: Lfw, probes: Rows, gallery: Rows) -> Rows:
    """One cosine per comparison."""
    return np.einsum("pd,pd->p", probes[lfw.left], gallery[lfw.right])


def rate(values: Rows, same: np.ndarray) -> float:
    """True match rate at the false match rate of all."""
    return 1 - fnmr(values[same], threshold_at_fmr(values[~same], RATE))


def interval(lfw: Lfw, values: Rows) -> list[float]:
    """95 % interval of `rate` by resampling people."""
    left, right, same = lfw.people[lfw.left], lfw.people[lfw.right], lfw.same

    def statistic(drawn: np.ndarray) -> float:
        weights = pair_weights(drawn, left, right)
        at = threshold_at_fmr(values[~same], RATE, weights[~same])
        return 1 - fnmr(values[same], at, weights[same])

    low, high = subject_bootstrap(statistic, int(lfw.people.max()) + 1, repeats=REPEATS)
    return [round(float(low), 4), round(float(high), 4)]


def identification(lfw: Lfw, probes: Rows, gallery: Rows) -> dict[str, float]:
    """Share of the probes whose person is first, or among the first five."""
    ranks: list[int] = []
    for fold in lfw.folds:
        here = np.flatnonzero(lfw.fold == fold)
        people, first = np.unique(lfw.people[here], return_index=True)
        enrolled = here[first]
        rest = np.setdiff1d(here, enrolled)
        found = probes[rest] @ gallery[enrolled].T
        own = found[np.arange(len(rest)), np.searchsorted(people, lfw.people[rest])]
        ranks += (found > own[:, None]).sum(axis=1).tolist()
    place = np.array(ranks)
    return {"rank_1": round(float((place < 1).mean()), 4), "rank_5": round(float((place < 5).mean()), 4),
            "probes": len(place)}  # fmt: skip


def judged(lfw: Lfw, probes: Rows, gallery: Rows, own_threshold: float) -> dict[str, Any]:
    """Every figure of one way to compare."""
    values = scores(lfw, probes, gallery)
    return {
        "tmr": round(rate(values, lfw.same), 4),
        "interval": interval(lfw, values),
        "eer": round(eer(values[lfw.same], values[~lfw.same])[0], 4),
        "fmr_at_targets_threshold": round(fmr(values[~lfw.same], own_threshold), 4),
        "tmr_at_targets_threshold": round(1 - fnmr(values[lfw.same], own_threshold), 4),
        **identification(lfw, probes, gallery),
    }


def route(lfw: Lfw, spaces: dict[str, Rows], start: str, goal: str) -> dict[str, Any]:
    """All maps from one space to another, with the controls."""
    source, target = spaces[start], spaces[goal]
    own = scores(lfw, target, target)
    threshold = threshold_at_fmr(own[~lfw.same], RATE)
    rows = [
        {"method": method, **judged(lfw, mapped(lfw, source, target, method), target, threshold)}
        for method in (*CONTROLS, *METHODS)
    ]
    plain = mapped(lfw, source, target, "ridge", stretch=False)
    rows.append({"method": "ridge without stretch", **judged(lfw, plain, target, threshold)})
    weaker = min(rate(scores(lfw, space, space), lfw.same) for space in (source, target))
    for row in rows:
        row["of_the_weaker_model"] = round(row["tmr"] / weaker, 4)
        print(start, "->", goal, json.dumps(row), flush=True)
    return {"from": start, "to": goal, "rows": rows}


def curve(lfw: Lfw, spaces: dict[str, Rows], start: str, goal: str) -> dict[str, Any]:
    """True match rate by the number of faces that the map was fitted on: mean of some draws."""
    source, target = spaces[start], spaces[goal]
    rows = []
    for count in COUNTS:
        found = {}
        for method in METHODS:
            draws = [mapped(lfw, source, target, method, count=count, seed=seed) for seed in range(SEEDS)]
            found[method] = round(float(np.mean([rate(scores(lfw, one, target), lfw.same) for one in draws])), 4)
        rows.append({"pairs": count, **found})
        print(start, "->", goal, json.dumps(rows[-1]), flush=True)
    return {"from": start, "to": goal, "rows": rows}


def thresholds(lfw: Lfw, spaces: dict[str, Rows], start: str, goal: str) -> list[dict[str, Any]]:
    """False match rates at the target's own thresholds, over all pairs of different people of a fold."""
    target = spaces[goal]
    rows = []
    for stretch in (True, False):
        probes = mapped(lfw, spaces[start], target, "ridge", stretch=stretch)
        own, found = (np.concatenate([_strangers(lfw, side, target, fold) for fold in lfw.folds])
                      for side in (target, probes))  # fmt: skip
        rates = {f"{at:g}": float(f"{fmr(found, threshold_at_fmr(own, at)):.2g}") for at in RATES}
        rows.append({"from": start, "to": goal, "stretch": stretch, "comparisons": len(own), "fmr": rates})
        print(json.dumps(rows[-1]), flush=True)
    return rows


def _strangers(lfw: Lfw, probes: Rows, gallery: Rows, fold: int) -> Rows:
    here = np.flatnonzero(lfw.fold == fold)
    return (probes[here] @ gallery[here].T)[lfw.people[here][:, None] != lfw.people[here]]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("cache", type=Path)
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    lfw = Lfw(arguments.data / "lfw_view2")
    spaces = embeddings(lfw, arguments.data, arguments.cache)
    result = {
        "schema": "vultus.alignment/1",
        "command": "python tools/compare_alignment.py ../shared/data CACHE_FOLDER",
        "made": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": platform.platform(),
        "versions": {"numpy": np.__version__, "python": platform.python_version()},
        "data": {"pictures": len(lfw.people), "people": int(lfw.people.max()) + 1, "folds": len(lfw.folds),
                 "comparisons": len(lfw.same), "fmr": RATE, "bootstrap_repeats": REPEATS, "curve_draws": SEEDS},
        "spaces": [
            {"space": name, "not_found": int((np.abs(rows).max(axis=1) == 0).sum()),
             **judged(lfw, rows, rows, threshold_at_fmr(scores(lfw, rows, rows)[~lfw.same], RATE))}
            for name, rows in spaces.items()
        ],
        "routes": [route(lfw, spaces, *names) for names in ROUTES],
        "thresholds": [row for names in ROUTES[:2] for row in thresholds(lfw, spaces, *names)],
        "curves": [curve(lfw, spaces, *names) for names in ROUTES[:2]],
    }  # fmt: skip
    (ROOT / "results/alignment.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
