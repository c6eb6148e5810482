"""Compare ways of grouping unknown faces on LFW, into results/clustering.json.

OMP_NUM_THREADS=1 python tools/compare_clustering.py ../shared/data/lfw_view2 [--faces 10000 100000] [--cache FILE]

Whatever is to be chosen (how the threshold follows the number of groups, the settings of the peers) is chosen on the
people of folds 1-3; all figures are of those of folds 4-5, whom nobody looked at before. Peers: connected components of
the same faces at the same threshold, and HDBSCAN of scikit-learn, whose faces without a cluster count as groups of one.
`--faces` measures time and memory on so many made-up faces with the means and covariances of LFW's, within and between
people, and as many faces per person as LFW has.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from vultus import FaceEngine
from vultus.gallery import cluster as grouping
from vultus.metrics.bootstrap import subject_bootstrap
from vultus.metrics.clustering import bcubed, pairwise
from vultus.types import Calibration, CalibrationPoint, prominent

ROOT = Path(__file__).resolve().parents[1]
SHARES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0)
RATES = tuple(10 ** (-power / 4) for power in range(22, 5, -1))
# Who is drawn from, how many people, how often.
SUBSETS = (("all", 30, 20), ("all", 100, 10), ("all", 300, 5), ("all", 600, 3), ("all", None, 1),
           ("5 pictures", 20, 20), ("5 pictures", None, 1), ("2 pictures", 100, 10),
           ("2 pictures", None, 1))  # fmt: skip
Labels = np.ndarray
Way = Callable[[np.ndarray], Labels]
Threshold = float | Callable[[int], float] | None


def embed(folder: Path, cache: Path | None) -> dict[str, np.ndarray]:
    """The most prominent face of each picture, who it is and in which fold."""
    if cache is not None and cache.exists():
        return dict(np.load(cache))
    rows = list(csv.DictReader((folder / "images.csv").open()))
    vectors = np.full((len(rows), 128), np.nan, np.float32)
    for at, (_, found) in enumerate(FaceEngine("dlib").find_each([folder / "images" / row["image"] for row in rows])):
        face = prominent(found) if isinstance(found, list) else None
        if face is not None and face.embedding is not None:
            vectors[at] = face.embedding.vector
    data = {"vectors": vectors, "people": np.array([row["identity"] for row in rows]),
            "folds": np.array([row["folds"][0] for row in rows])}  # fmt: skip
    if cache is not None:
        np.savez(cache, **data)
    return data


def shared_out(calibration: Calibration, share: float) -> Callable[[int], float]:
    """`cluster.follow` with another share."""
    return lambda groups: calibration.threshold(
        min(max(share / groups, calibration.smallest_fmr), calibration.points[0].fmr))  # fmt: skip


def choose(vectors: np.ndarray, people: np.ndarray, calibration: Calibration) -> list[dict[str, Any]]:
    """B-cubed F on parts of the people: of the best fixed rate, and of each share."""
    _, person, count = np.unique(people, return_inverse=True, return_counts=True)
    rows = []
    for kind, size, repeats in SUBSETS:
        pool = np.flatnonzero(count >= (1 if kind == "all" else int(kind.split()[0])))
        random = np.random.default_rng(0)
        by_rate, by_share = np.zeros(len(RATES)), np.zeros((2, len(SHARES)))
        for _ in range(repeats):
            part = np.isin(person, pool if size is None else random.choice(pool, size, replace=False))
            own, who = vectors[part], people[part]
            by_rate += [bcubed(who, grouping.cluster(own, threshold=calibration.threshold(rate))).f1 for rate in RATES]
            found = [grouping.cluster(own, threshold=shared_out(calibration, share)) for share in SHARES]
            by_share += [[bcubed(who, one).f1 for one in found], [one.max() + 1 for one in found]]
        n_people = len(pool) if size is None else size
        rows.append({
            "people": n_people, "with": kind, "repeats": repeats, "best_fixed_fmr": RATES[int(by_rate.argmax())],
            "best_fixed_f1": by_rate.max() / repeats, "f1_at_fmr_1e-3": by_rate[RATES.index(1e-3)] / repeats,
            "f1_by_share": (by_share[0] / repeats).tolist(), "groups_by_share": (by_share[1] / repeats).tolist(),
        })  # fmt: skip
        print(rows[-1], flush=True)
    return rows


def components(vectors: np.ndarray, threshold: float) -> Labels:
    """Whoever is joined by a chain of similar faces is one group."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    return connected_components(csr_matrix(vectors @ vectors.T >= threshold), directed=False)[1]


def hdbscan(vectors: np.ndarray, **settings: Any) -> Labels:
    """scikit-learn's, on unit vectors; noise becomes groups of one."""
    from sklearn.cluster import HDBSCAN

    labels = HDBSCAN(metric="euclidean", copy=True, **settings).fit_predict(vectors.astype(np.float64))
    return np.where(labels < 0, labels.max() + 1 + np.arange(len(labels)), labels)


def in_goes(vectors: np.ndarray, threshold: Callable[[int], float], goes: int = 10) -> Labels:
    """Faces that come in ten goes, in any order."""
    order = np.random.default_rng(0).permutation(len(vectors))
    labels = np.full(len(vectors), -1)
    for end in np.linspace(0, len(vectors), goes + 1).astype(int)[1:]:
        found = grouping.cluster(vectors[order[:end]], threshold=threshold, before=labels[:end])
        labels[:end] = grouping.keep_numbers(labels[:end], found, int(labels.max()) + 1)
    return labels[np.argsort(order)]


def together(vectors: np.ndarray, people: np.ndarray, at_once: int = 4) -> list[int]:
    """Made-up pictures: faces of so many different people each."""
    pictures, open_pictures = [0] * len(vectors), list[tuple[int, set[str]]]()
    made = 0
    for face in np.random.default_rng(0).permutation(len(vectors)).tolist():
        fit = next((one for one in open_pictures if people[face] not in one[1]), None)
        if fit is None:
            fit = (made, set())
            open_pictures.append(fit)
            made += 1
        pictures[face] = fit[0]
        fit[1].add(people[face])
        if len(fit[1]) == at_once:
            open_pictures.remove(fit)
    return pictures


def report(
    name: str, way: Way, vectors: np.ndarray, people: np.ndarray, part: str, at: Threshold
) -> dict[str, Any]:  # fmt: skip
    """One line: figures with intervals by person."""
    start = time.process_time()
    labels = way(vectors)
    seconds = time.process_time() - start
    person, groups = np.unique(people, return_inverse=True)[1], len(np.unique(labels))
    point, pairs = bcubed(people, labels), pairwise(people, labels)

    def resampled(drawn: np.ndarray) -> float:
        return bcubed(people, labels, drawn[person]).f1 if drawn[person].any() else np.nan

    low, high = subject_bootstrap(resampled, int(person.max()) + 1, repeats=1000)
    row = {
        "way": name, "part": part, "threshold": at(groups) if callable(at) else at, "faces": len(vectors),
        "people": int(person.max()) + 1, "groups": groups,
        "bcubed": {"f1": point.f1, "low": float(low), "high": float(high), "precision": point.precision,
                   "recall": point.recall},
        "pairwise": {"f1": pairs.f1, "precision": pairs.precision, "recall": pairs.recall}, "cpu_s": round(seconds, 3),
    }  # fmt: skip
    print(json.dumps(row), flush=True)
    return row


def best_peers(vectors: np.ndarray, people: np.ndarray, calibration: Calibration) -> tuple[float, dict[str, Any]]:
    """The rate of connected components and the settings of HDBSCAN that group these people best."""
    rate = max(RATES, key=lambda one: bcubed(people, components(vectors, calibration.threshold(one))).f1)
    # A selection epsilon above 0 ends scikit-learn 1.9's HDBSCAN in a TypeError with some settings; those are left out.
    scores: dict[str, float] = {}
    for size, samples, method in product((2, 3), (1, 2, 3), ("eom", "leaf")):
        for epsilon in (0.0, *(float(np.sqrt(2 - 2 * calibration.threshold(one))) for one in RATES[::3])):
            settings = {"min_cluster_size": size, "min_samples": samples, "cluster_selection_method": method,
                        "cluster_selection_epsilon": epsilon}  # fmt: skip
            with contextlib.suppress(TypeError):
                scores[json.dumps(settings)] = bcubed(people, hdbscan(vectors, **settings)).f1
    print(len(scores), "settings of HDBSCAN", flush=True)
    return rate, json.loads(max(scores, key=lambda one: scores[one]))


def compare(data: dict[str, np.ndarray], calibration: Calibration) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """All ways on the people of folds 4-5, and on those of them with five pictures or more."""
    chosen = np.isin(data["folds"], ["1", "2", "3"])
    rate, settings = best_peers(data["vectors"][chosen], data["people"][chosen], calibration)
    vectors, people = data["vectors"][~chosen], data["people"][~chosen]
    _, person, count = np.unique(people, return_inverse=True, return_counts=True)
    many = count[person] >= 5
    follow, rows = grouping.follow(calibration), []
    for own, who, part in ((vectors, people, "folds 4-5"), (vectors[many], people[many], "5 pictures or more")):
        ours = grouping.cluster(own, threshold=follow)
        threshold = follow(int(ours.max()) + 1)
        pictures = together(own, who)
        fixed, best = calibration.threshold(1e-3), calibration.threshold(rate)
        # Each with its threshold; that which follows is of the number of groups found in the end, HDBSCAN has none.
        ways: dict[str, tuple[Way, Threshold]] = {
            "vultus": (lambda x: grouping.cluster(x, threshold=follow), follow),
            "vultus, faces come in 10 goes": (lambda x: in_goes(x, follow), follow),
            "vultus, pictures of 4 people": (
                lambda x, p=pictures: grouping.cluster(x, threshold=follow, pictures=p), follow),
            "vultus at FMR 1e-3": (lambda x, t=fixed: grouping.cluster(x, threshold=t), fixed),
            "connected components, same threshold": (lambda x, t=threshold: components(x, t), threshold),
            "connected components, best rate": (lambda x, t=best: components(x, t), best),
            "HDBSCAN, best settings": (lambda x: hdbscan(x, **settings), None),
            "HDBSCAN, min_cluster_size=2": (lambda x: hdbscan(x, min_cluster_size=2), None),
        }  # fmt: skip
        rows += [report(name, way, own, who, part, at) for name, (way, at) in ways.items()]
    return rows, {"connected_components_fmr": rate, "hdbscan": settings}


Draw = Callable[[int, np.random.Generator], np.ndarray]


def model(data: dict[str, np.ndarray]) -> tuple[Draw, Draw, np.ndarray]:
    """Draws people, and how their faces differ from them, as LFW's vary if they were normal; faces per person."""
    names, person, count = np.unique(data["people"], return_inverse=True, return_counts=True)
    means = np.zeros((len(names), 128))
    np.add.at(means, person, data["vectors"])
    means /= count[:, None]
    rest = (data["vectors"] - means[person])[count[person] > 1]
    within = rest.T @ rest / (len(rest) - (count > 1).sum())
    between = np.cov(data["vectors"].T) - within

    def drawing(covariance: np.ndarray) -> Draw:
        values, axes = np.linalg.eigh(covariance)
        spread = (axes * np.sqrt(np.maximum(values, 0))).T.astype(np.float32)
        return lambda size, random: random.standard_normal((size, 128), dtype=np.float32) @ spread

    people, centre = drawing(between), data["vectors"].mean(axis=0)
    return (lambda size, random: people(size, random) + centre), drawing(within), count


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def made_up(data: dict[str, np.ndarray], n_faces: int) -> tuple[np.ndarray, np.ndarray]:
    """So many faces, as many per person as in LFW, in any order."""
    people, faces, count = model(data)
    random = np.random.default_rng(0)
    who = np.repeat(np.arange(n_faces), random.choice(count, n_faces))[:n_faces]
    vectors = unit(people(int(who[-1]) + 1, random)[who] + faces(n_faces, random))
    order = random.permutation(n_faces)
    return vectors[order], who[order]


def calibrate(data: dict[str, np.ndarray], n_people: int = 20_000) -> Calibration:
    """Thresholds for made-up faces: their tails are lighter than LFW's, so its thresholds would be too high."""
    people, faces, _ = model(data)
    random = np.random.default_rng(1)
    vectors = unit(people(n_people, random) + faces(n_people, random))
    total = n_people * (n_people - 1) // 2
    high = []
    for start in range(0, n_people, 500):
        scores = vectors[start : start + 500] @ vectors[start:].T
        scores[np.tril_indices(len(scores))] = -1
        high.append(scores[scores > 0.88])
    scores = np.sort(np.concatenate(high))[::-1]
    points = [
        CalibrationPoint(rate, float(scores[int(rate * total)]), float("nan"), float("nan"))
        for rate in (10.0 ** (-power / 2) for power in range(2, 15))
        if rate * total < len(scores)
    ]
    return Calibration("made-up", "made-up faces", total, n_people, tuple(points))


class Peak:
    """How far the memory of this process rises, looked at fifty times a second; MB."""

    def __init__(self) -> None:
        self._start = self._most = self._now()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> float:
        """The highest rise since the beginning."""
        self._ended.set()
        self._thread.join()
        return self._most - self._start

    def _watch(self) -> None:
        while not self._ended.wait(0.02):
            self._most = max(self._most, self._now())

    def _now(self) -> float:
        return psutil.Process().memory_info().rss / 2**20


def scale(data: dict[str, np.ndarray], n_faces: int) -> dict[str, Any]:
    """Time and memory of so many made-up faces; in a process of its own."""
    vectors, who = made_up(data, n_faces)
    calibration = calibrate(data)
    peak = Peak()
    times, labels = [], np.full(n_faces, -1)
    old = n_faces - n_faces // 100
    for end in (old, n_faces):
        start = time.process_time()
        found = grouping.cluster(vectors[:end], threshold=grouping.follow(calibration), before=labels[:end])
        labels[:end] = grouping.keep_numbers(labels[:end], found, int(labels.max()) + 1)
        times.append(time.process_time() - start)
    return {
        "faces": n_faces, "people": int(who.max()) + 1, "groups": len(np.unique(labels)),
        "bcubed_f1": bcubed(who, labels).f1, "cpu_s": round(times[0], 1),
        "cpu_s_for_1_percent_more": round(times[1], 1),
        "memory_mb": round(peak.stop()), "memory_of_the_templates_mb": round(vectors.nbytes / 2**20),
    }  # fmt: skip


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--faces", type=int, nargs="*", default=[])
    parser.add_argument("--cache", type=Path, help="keep the embeddings here between runs")
    parser.add_argument("--scale-only", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    data, calibration = embed(given.folder, given.cache), FaceEngine("dlib").calibration
    there = ~np.isnan(data["vectors"][:, 0])
    missed, data = int((~there).sum()), {name: column[there] for name, column in data.items()}
    if given.scale_only:
        print(json.dumps(scale(data, given.scale_only)))
        return
    chosen = np.isin(data["folds"], ["1", "2", "3"])
    rows, settings = compare(data, calibration)
    result = {
        "command": "OMP_NUM_THREADS=1 python tools/compare_clustering.py LFW_FOLDER --faces 10000 30000 100000",
        "without_a_face": missed, "chosen_on_folds_1_to_3": settings, "rows": rows, "shares": SHARES,
        "share": grouping.SHARE,
        "chosen": choose(data["vectors"][chosen], data["people"][chosen], calibration), "scale": [],
        "versions": {name: version(name) for name in ("numpy", "scikit-learn", "scipy", "onnxruntime")},
    }  # fmt: skip
    for n_faces in given.faces:
        again = [sys.executable, __file__, str(given.folder), "--scale-only", str(n_faces)]
        again += ["--cache", str(given.cache)] if given.cache else []
        result["scale"].append(json.loads(subprocess.run(again, check=True, capture_output=True, text=True).stdout))
        print(result["scale"][-1], flush=True)
    (ROOT / "results/clustering.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
