"""Bench rows about accuracy: LFW pairs, open-set identification, detection; the peer answers the same questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.evaluation import detections, opensets, pairs
from vultus.evaluation.acquire import Acquired, acquire, calibration_of
from vultus.evaluation.peer import PEER, RECIPE_HOG, distance_scores
from vultus.evaluation.row import Bench, Row
from vultus.metrics.rows import unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.evaluation.pairs import PairsResult
    from vultus.metrics.bootstrap import Rate

LFW_GOAL, LFW_TMR_GOAL = 0.990, 0.985
_REPEATS = 1000


def lfw(bench: Bench) -> Iterator[Row]:
    """LFW View 2 pairs, nothing dropped; the peer is scored by its own distance."""
    chosen = _shortened(pairs.read_pairs(bench.folder("lfw_view2")), bench.count(10**9, 8))
    bench.tell(f"embedding {len(chosen.images):,} pictures")
    got = acquire(bench.engine, chosen.images)
    points = pairs.own_thresholds(calibration_of(bench.engine))
    scores = got.similarity(chosen.a, chosen.b)
    ours = pairs.score_pairs(chosen, scores, fta=got.fta, calibrated=points, repeats=bench.count(_REPEATS, 20))
    bench.tell(f"embedding {len(chosen.images):,} pictures with the {RECIPE_HOG}")
    rows, there = _peer_rows(bench, chosen.images)
    peer = pairs.score_pairs(
        chosen, distance_scores(rows[chosen.a], rows[chosen.b]), fta=1 - float(there.mean()), repeats=20
    )
    bench.details["lfw"] = {"ours": pairs.to_dict(ours), "peer": pairs.to_dict(peer)}
    yield from _lfw_rows(ours, peer)


def open_sets(bench: Bench) -> Iterator[Row]:
    """Open-set identification on the identity sets: FNIR at FPIR 0.01, everybody left out once."""
    data = bench.folder(opensets.SETS[0]).parent
    sets = [_first(opensets.read_set(data, name), bench.count(10**9, 24)) for name in opensets.SETS]
    whole = opensets.pooled(sets)
    bench.tell(f"embedding {len(whole.images)} pictures")
    results = opensets.measure_sets(bench.engine, sets)
    bench.tell(f"embedding {len(whole.images)} pictures with the {RECIPE_HOG}")
    rows, there = _peer_rows(bench, whole.images)
    # The search takes unit rows; dlib's descriptors are all nearly of one length, so cosine ranks like its distance.
    peers = opensets.score_sets(sets, Acquired(unit(rows), there, {}))
    bench.details["open_sets"] = {"ours": opensets.to_dict(results), "peer": opensets.to_dict(peers)}
    for ours, peer in zip(results, peers, strict=True):
        point, other = ours.points[0], peer.points[0]
        missed = sum(miss.kind != "named" for miss in ours.missed)
        yield Row(
            what=f"FNIR at FPIR {ours.fpir_target:.2g}, {ours.name}, {ours.templates} template",
            ours=point.fnir,
            peer=other.fnir,
            peer_name=RECIPE_HOG,
            ratio=_ratio(point.fnir, other.fnir),
            unit="fnir",
            n=ours.n_mated,
            reason=f"95 % {point.fnir_low:.3f} to {point.fnir_high:.3f}; {missed} missed; {ours.n_people} people, "
            f"{ours.n_nonmated} searches by unknowns" + ("" if ours.supported else " support no smaller FPIR"),
        )


def detection(bench: Bench) -> Iterator[Row]:
    """Recall and precision on pictures with marked faces."""
    marked = detections.read_marked(bench.folder("detection_small"))[: bench.count(100, 2)]
    for iou in (0.3, 0.5):
        ours = detections.measure_detections(lambda path: _find(bench, path), marked, iou=iou)
        peer = detections.measure_detections(lambda path: _peer_find(bench, path), marked, iou=iou)
        bench.details[f"detection_iou_{iou}"] = {"ours": detections.to_dict(ours), "peer": detections.to_dict(peer)}
        for name in ("recall", "precision", "average_precision"):
            here, other = getattr(ours.scores, name), getattr(peer.scores, name)
            yield Row(
                what=f"detection {name.replace('_', ' ')} at IoU {iou}",
                ours=here,
                peer=other,
                peer_name=f"{PEER} CNN, enlarged once",
                ratio=_ratio(here, other),
                unit="share",
                n=ours.scores.n_truth,
                reason=f"{ours.scores.n_detections} detections on {ours.n_images} pictures",
            )


def _lfw_rows(ours: PairsResult, peer: PairsResult) -> Iterator[Row]:
    counts = f"fta {ours.fta:.4f}, peer {peer.fta:.4f}"
    yield Row(
        what="LFW View 2, the ten-fold way",
        ours=ours.folds.mean,
        peer=peer.folds.mean,
        peer_name=RECIPE_HOG,
        ratio=_ratio(ours.folds.mean, peer.folds.mean),
        unit="share right",
        n=ours.n_pairs,
        goal=f">= {LFW_GOAL}",
        met=ours.folds.mean >= LFW_GOAL,
        reason=f"{_interval(ours.folds_rate)}; {len(ours.folds.folds)} folds; {counts}",
    )
    for here, other in zip(ours.match_rates, peer.match_rates, strict=True):
        goal = LFW_TMR_GOAL if here.fmr_target == 1e-2 else None
        yield Row(
            what=f"LFW View 2, TMR at FMR {here.fmr_target:g}",
            ours=here.tmr.value,
            peer=other.tmr.value,
            peer_name=RECIPE_HOG,
            ratio=_ratio(here.tmr.value, other.tmr.value),
            unit="tmr",
            n=ours.n_pairs,
            goal="" if goal is None else f">= {goal}",
            met=None if goal is None else here.tmr.value >= goal,
            reason=f"{_interval(here.tmr)}; threshold {here.threshold:.4f} on these pairs",
        )
    for point in ours.calibrated:
        yield Row(
            what=f"LFW View 2, TMR at the pack's threshold for FMR {point.fmr_target:g}",
            ours=point.tmr,
            unit="tmr",
            n=ours.n_pairs,
            reason=f"threshold {point.threshold:.4f}; FMR on these pairs {point.fmr:.4f}",
        )


def _interval(rate: Rate) -> str:
    return f"95 % {rate.low:.4f} to {rate.high:.4f}"


def _ratio(ours: float, peer: float) -> float | None:
    return ours / peer if peer else None


def _shortened(full: pairs.Pairs, per_kind: int) -> pairs.Pairs:
    """The first pairs of each fold and kind, with only the pictures they need."""
    if per_kind >= full.a.size:
        return full
    keep = np.concatenate(
        [
            np.flatnonzero((full.fold == fold) & (full.same == same))[:per_kind]
            for fold in np.unique(full.fold)
            for same in (True, False)
        ]
    )
    used, place = np.unique(np.concatenate([full.a[keep], full.b[keep]]), return_inverse=True)
    return pairs.Pairs(
        tuple(full.images[index] for index in used),
        tuple(full.identities[index] for index in used),
        place[: keep.size],
        place[keep.size :],
        full.same[keep],
        full.fold[keep],
    )


def _first(part: opensets.OpenSet, count: int) -> opensets.OpenSet:
    return opensets.OpenSet(part.name, part.images[:count], part.identities[:count], part.left_out)


def _peer_rows(bench: Bench, files: Sequence[Path]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The recipe's descriptor of the largest face of each picture, NaN without one; (N, 128) and (N,)."""
    from vultus.inference.image import read

    rows = np.full((len(files), 128), np.nan, dtype=np.float32)
    for index, path in enumerate(files):
        faces = bench.peer.recipe(read(path), "hog")
        if faces:
            largest = max(faces, key=lambda face: float(np.prod(face.box[2:] - face.box[:2])))
            rows[index] = largest.descriptor
    return rows, ~np.isnan(rows[:, 0])


def _find(bench: Bench, path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    faces = bench.engine.find(path, embed=False)
    boxes = np.array([face.box.xyxy for face in faces], dtype=np.float32).reshape(-1, 4)
    return boxes, np.array([face.score for face in faces], dtype=np.float32)


def _peer_find(bench: Bench, path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    from vultus.inference.image import read

    faces = bench.peer.detect(read(path), "cnn", upsample=1)
    boxes = np.array([face.box for face in faces], dtype=np.float32).reshape(-1, 4)
    return boxes, np.array([face.score for face in faces], dtype=np.float32)
