"""Error rates of encrypted comparison beside plain cosine: the same pairs, decided on decrypted scores."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.evaluation.encrypted.costs import CLOSE, min_max
from vultus.metrics.identification import mate_rank
from vultus.metrics.verification import eer, fold_match_rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.evaluation.encrypted.faces import Faces
    from vultus.evaluation.encrypted.peers import System

    Floats = NDArray[np.float64]

_SMALLEST = 2  # pairs of a system that are decrypted whatever they take
_EDGES = 60


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Error rates of one way to compare.

    Attributes:
        backend, scheme, pipeline: as in `Facts`; backend "plain" for floats in the clear.
        n_pairs: compared.
        n_encrypted: of them, on encrypted templates; the others on the same numbers in the clear.
        match_rate: share of right decisions, each fold at the threshold best on the others.
        threshold: mean of those thresholds.
        eer: equal error rate.
        top1: share of probes whose own person scores highest; None where not measured.
        n_probes, n_enrolled: of that search.
        max_loss: largest difference to the cosine in float of the same pipeline.
        difference: largest difference of a decrypted score to the plain dot product of the numbers encrypted.
        agrees: whether that is nothing, or below `CLOSE` for a scheme with rounding.
        genuine, impostor: histograms of the scores over `edges`.
        edges: of the bins.
    """

    backend: str
    scheme: str
    pipeline: str
    n_pairs: int
    n_encrypted: int
    match_rate: float
    threshold: float
    eer: float
    top1: float | None
    n_probes: int
    n_enrolled: int
    max_loss: float
    difference: float
    agrees: bool
    genuine: tuple[int, ...]
    impostor: tuple[int, ...]
    edges: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Scores of the pairs.

    Attributes:
        scores: (P,).
        n_encrypted: of them decrypted.
        difference: largest difference of those to the plain dot product of the numbers encrypted.
    """

    scores: Floats
    n_encrypted: int
    difference: float


def piped(faces: Faces, pipeline: str) -> Floats:
    """Templates as a pipeline compares them."""
    return min_max(faces.vectors, *faces.bounds) if pipeline == "min-max" else faces.vectors


def plain_scores(faces: Faces, vectors: Floats) -> Floats:
    """Cosine of the pairs in float."""
    return np.asarray(np.einsum("pd,pd->p", vectors[faces.a], vectors[faces.b]))


def encrypted_scores(system: System, faces: Faces, vectors: Floats, budget_s: float) -> Scored:
    """Scores of all pairs: decrypted ones until the budget is spent, then the same numbers in the clear.

    The left side of the pairs is enrolled block by block, the right side is the plain probe.
    """
    block_size = system.facts.block
    enrolled = np.unique(faces.a)
    slot_of = np.searchsorted(enrolled, faces.a)
    scores = np.empty(faces.a.size)
    n_encrypted, difference = 0, 0.0
    start = time.perf_counter()
    for first in range(0, enrolled.size, block_size):
        block = vectors[enrolled[first : first + block_size]]
        prepared = None
        for pair in np.flatnonzero((slot_of >= first) & (slot_of < first + block_size)).tolist():
            slot, probe = int(slot_of[pair]) - first, vectors[faces.b[pair]]
            plain = system.plain(block, probe)
            scores[pair] = plain[slot]
            if n_encrypted < _SMALLEST or time.perf_counter() - start < budget_s:
                prepared = system.prepare(system.encrypt(block)) if prepared is None else prepared
                got = system.decrypt(system.score(prepared, probe))[: len(block)]
                scores[pair] = got[slot]
                difference = max(difference, float(np.abs(got - plain).max()))
                n_encrypted += 1
    return Scored(scores, n_encrypted, difference)


def rates(
    faces: Faces, name: tuple[str, str, str], found: Scored, plain: Floats, *, exact: bool, top1: TopOne | None = None
) -> Accuracy:
    """Error rates of the scores of all pairs."""
    folds = fold_match_rate(found.scores, faces.same, faces.fold)
    genuine, impostor = found.scores[faces.same], found.scores[~faces.same]
    edges = np.histogram_bin_edges(found.scores, _EDGES)
    return Accuracy(
        *name,
        n_pairs=found.scores.size,
        n_encrypted=found.n_encrypted,
        match_rate=folds.mean,
        threshold=float(np.mean(folds.thresholds)),
        eer=eer(genuine, impostor)[0],
        top1=None if top1 is None else top1.rate,
        n_probes=0 if top1 is None else top1.n_probes,
        n_enrolled=0 if top1 is None else top1.n_enrolled,
        max_loss=float(np.abs(found.scores - plain).max()),
        difference=found.difference,
        agrees=found.difference == 0.0 if exact else found.difference <= CLOSE,
        genuine=tuple(np.histogram(genuine, edges)[0].tolist()),
        impostor=tuple(np.histogram(impostor, edges)[0].tolist()),
        edges=tuple(edges.tolist()),
    )


@dataclass(frozen=True, slots=True)
class TopOne:
    """A search among the first templates of everybody by the second of those who have one."""

    rate: float
    n_probes: int
    n_enrolled: int


def top_one(faces: Faces, similarity: Floats) -> TopOne:
    """Share of probes whose own person scores highest, alone at the top.

    Args:
        faces: who they are.
        similarity: of the second template of those who have one with the first of everybody, (probes, enrolled).
    """
    enrolled, probes = faces.first, faces.twice[1]
    place = np.searchsorted(faces.people[enrolled], faces.people[probes])
    hit = mate_rank(similarity, place) == 1
    return TopOne(float(hit.mean()), probes.size, enrolled.size)


def plain_search(faces: Faces, vectors: Floats) -> Floats:
    """Cosine of every probe with everybody enrolled, in float."""
    return np.asarray(vectors[faces.twice[1]] @ vectors[faces.first].T)
