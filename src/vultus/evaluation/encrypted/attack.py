"""What answers of an encrypted gallery give away: templates rebuilt from scores or from decisions, and links.

None of this needs to break the encryption: the attacker chooses probes and reads the answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.metrics.rows import unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Rebuilt:
    """A template worked out from decisions.

    Attributes:
        template: unit vector (D,).
        queries: decisions that it took.
    """

    template: Floats
    queries: int


def probes(count: int, dimension: int, seed: int = 0) -> Floats:
    """Probes that tell most: random directions at right angles, a new set after each D of them; (count, D)."""
    random = np.random.default_rng(seed)
    bases = [np.linalg.qr(random.normal(size=(dimension, dimension)))[0] for _ in range(-(-count // dimension))]
    return np.concatenate(bases)[:count]


def from_scores(asked: Floats, answers: Floats, prior: Floats) -> Floats:
    """Templates from exact similarities: as many linear equations as queries.

    Args:
        asked: the probes, (Q, D); fewer than D leave the template nearest to the prior that answers so.
        answers: similarity of each with each template, (Q, N).
        prior: what the attacker expects of anybody, say the mean of other faces, (D,).

    Returns:
        Unit rows (N, D).
    """
    further, *_ = np.linalg.lstsq(asked, answers - (asked @ prior)[:, None], rcond=None)
    return unit(np.asarray(prior + further.T, dtype=np.float64))


def from_decisions(accept: Callable[[Floats], bool], start: Floats, steps: int, seed: int = 0) -> Rebuilt:
    """A template from accept or reject alone, beginning with one probe that is accepted.

    From the start the attacker turns towards D - 1 random directions and finds by bisection where acceptance ends,
    forwards and backwards. All those points lie in one plane, whose normal is the template; the threshold need not be
    known.

    Args:
        accept: the decision on a unit vector (D,).
        start: a unit vector that is accepted, (D,).
        steps: bisections per direction and side; each halves the error of one point.
        seed: of the directions.
    """
    dimension = start.size
    random = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(np.column_stack([start, random.normal(size=(dimension, dimension - 1))]))
    ways = [way for direction in basis.T[1:] for way in (direction, -direction)]
    edge = np.stack([_edge(accept, start, way, steps) for way in ways])
    found, *_ = np.linalg.lstsq(edge, np.ones(len(edge)), rcond=None)
    return Rebuilt(unit(np.asarray(found, dtype=np.float64)), len(ways) * steps)


def _edge(accept: Callable[[Floats], bool], start: Floats, way: Floats, steps: int) -> Floats:
    """Where on the circle from `start` towards `way` acceptance ends, within half a turn / 2 ** steps."""
    inside, outside = 0.0, np.pi
    for _ in range(steps):
        angle = (inside + outside) / 2
        if accept(np.cos(angle) * start + np.sin(angle) * way):
            inside = angle
        else:
            outside = angle
    angle = (inside + outside) / 2
    return np.asarray(np.cos(angle) * start + np.sin(angle) * way, dtype=np.float64)


def first_accepted(accept: Callable[[Floats], bool], faces: Floats) -> int | None:
    """Index of the first face that is accepted; None when none is."""
    return next((index for index, face in enumerate(faces) if accept(face)), None)


def bit_agreement(left: bytes, right: bytes) -> float:
    """Share of equal bits of two ciphertexts of one length: about a half for unrelated ones."""
    one, two = np.frombuffer(left, dtype=np.uint8), np.frombuffer(right, dtype=np.uint8)
    return 1.0 - float(np.bitwise_count(one ^ two).sum()) / (8 * one.size)


def sign_agreement(left: NDArray[Any], right: NDArray[Any]) -> float:
    """Share of equal signs of two templates."""
    return float(np.mean(np.sign(left) == np.sign(right)))
