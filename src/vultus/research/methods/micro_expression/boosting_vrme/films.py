"""Made-up films as flow of 18 regions: micro-expressions of drawn length, blinks, a drifting head, a noisy camera.

Regions and channels are those of the paper's code: left brow 4, right brow 4, mouth 6, nose wings 2, lower eyelids 2,
(x, y) each; two more channels are the nose bridge, which moves with the head alone. Displacements are in pixels of a
320 px face, from the film's first frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.research.data.sample import Samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASSES = ("negative", "positive", "surprise", "others")
NEUTRAL = len(CLASSES)
LABELS = (*CLASSES, "neutral")
LEFT_BROW, RIGHT_BROW, MOUTH, WINGS, LIDS = slice(0, 4), slice(4, 8), slice(8, 14), slice(14, 16), slice(16, 18)
REGIONS = 18
_SHARES = (0.5, 0.15, 0.2, 0.15)  # of the classes, as skewed as published sets are
_SHORTEST, _LONGEST = 6, 70
_MOST = 12
_NEUTRAL_WEIGHT = 6.0


@dataclass(frozen=True, slots=True)
class Filming:
    """How films are made.

    Attributes:
        people: subjects, each with their own way to move.
        films: of each.
        frames: of a film.
        expressions: in a film, on average.
        median, sigma: of the log-normal durations, in frames; a sigma of 0 makes all equal.
        drift_px: how far the head wanders in 100 frames.
        noise_px: of each measured displacement.
        strength_px: median amplitude of an expression.
    """

    people: int = 12
    films: int = 2
    frames: int = 1200
    expressions: float = 6.0
    median: float = 18.0
    sigma: float = 0.55
    drift_px: float = 6.0
    noise_px: float = 0.3
    strength_px: float = 0.8


def films(how: Filming, seed: int, first_person: int = 0) -> Samples:
    """Films with everything that is true of them.

    Returns:
        `flow` float32 (N, T, 38) px, the last two channels the nose bridge; `label` int64 (N, T), `NEUTRAL` outside
        expressions; `marks` int64 (N, 12, 4): onset, apex, offset, class of each, padded with -1.
    """
    rng = np.random.default_rng((seed, first_person))
    rows = [_film(how, person, rng) for person in (_person(rng) for _ in range(how.people)) for _ in range(how.films)]
    subjects = first_person + np.repeat(np.arange(how.people), how.films)
    flow, label, marks = (np.stack(column) for column in zip(*rows, strict=True))
    return Samples({"flow": flow, "label": label, "marks": marks}, subjects, "films")


def _person(rng: np.random.Generator) -> NDArray[np.float64]:
    """How this person's regions move in each class: (4, 18, 2), of unit size but for a gain of one's own."""
    pattern = np.zeros((len(CLASSES), REGIONS, 2))
    pattern[0, LEFT_BROW], pattern[0, RIGHT_BROW] = (0.4, 0.8), (-0.4, 0.8)  # brows down and together
    pattern[0, WINGS] = (0.0, -0.5)
    pattern[1, MOUTH] = np.array([[-0.9, -0.5], [0.9, -0.5], [-0.5, -0.2], [0.5, -0.2], [0.0, 0.1], [0.0, -0.1]])
    pattern[1, LIDS] = (0.0, -0.3)
    pattern[2, LEFT_BROW], pattern[2, RIGHT_BROW] = (0.0, -0.9), (0.0, -0.9)  # up
    pattern[2, MOUTH] = np.array([[0.1, 0.1], [-0.1, 0.1], [0.0, -0.1], [0.0, -0.1], [0.0, 0.6], [0.0, 0.6]])
    pattern[3, MOUTH] = np.array([[0.5, 0.1], [-0.5, 0.1], [0.2, 0.2], [-0.2, 0.2], [0.0, -0.4], [0.0, 0.3]])
    pattern[3, LEFT_BROW] = (0.1, -0.2)
    pattern += rng.normal(0, 0.3, pattern.shape)
    own: NDArray[np.float64] = pattern * rng.lognormal(0, 0.2)
    return own


def _film(how: Filming, person: NDArray[np.float64], rng: np.random.Generator) -> tuple[NDArray[np.generic], ...]:
    moves = np.zeros((how.frames, REGIONS, 2))
    label = np.full(how.frames, NEUTRAL, np.int64)
    marks = np.full((_MOST, 4), -1, np.int64)
    at, count = int(rng.integers(20, 60)), 0
    while count < _MOST:
        length = int(np.clip(round(how.median * np.exp(rng.normal(0, how.sigma))), _SHORTEST, _LONGEST))
        if at + length >= how.frames - 10:
            break
        kind = int(rng.choice(len(CLASSES), p=_SHARES))
        rise = int(np.clip(round(length * rng.uniform(0.3, 0.6)), 2, length - 2))
        course = np.concatenate([np.linspace(0, 1, rise, endpoint=False), np.linspace(1, 0, length - rise)])
        course = np.sin(course * np.pi / 2)
        strength = how.strength_px * rng.lognormal(0, 0.25)
        moves[at : at + length] += strength * course[:, None, None] * person[kind]
        label[at + 1 : at + length - 1] = kind
        marks[count] = at, at + rise, at + length - 1, kind
        count += 1
        at += length + int(rng.exponential(how.frames / how.expressions)) + 25
    _blink(moves, rng)
    head = np.cumsum(rng.normal(0, how.drift_px / 10, (how.frames, 2)), axis=0)
    head = np.stack([np.convolve(head[:, axis], np.ones(9) / 9, "same") for axis in (0, 1)], axis=1)
    whole = np.concatenate([moves, np.zeros((how.frames, 1, 2))], axis=1) + head[:, None]
    whole += rng.normal(0, how.noise_px, whole.shape)
    return (whole - whole[:1]).reshape(how.frames, -1).astype(np.float32), label, marks


def _blink(moves: NDArray[np.float64], rng: np.random.Generator) -> None:
    """Lower eyelids twitch a few times in a film, the brows hardly."""
    at = int(rng.exponential(120))
    while at + 10 < len(moves):
        length = int(rng.integers(5, 9))
        course = np.sin(np.linspace(0, np.pi, length))[:, None, None]
        moves[at : at + length, LIDS] += 1.2 * course * np.array([0.0, -1.0])
        moves[at : at + length, 0:8] += 0.12 * course * np.array([0.0, 1.0])
        at += length + int(rng.exponential(150)) + 20


def windows(whole: Samples, size: int, rng: np.random.Generator, *, negatives: float) -> Samples:
    """Training rows: windows of films, half of each shared with the next, those without expression thinned out.

    Args:
        whole: films; frames beyond their `length` do not count.
        size: frames of a window.
        rng: chooses which windows without expression stay.
        negatives: so many of them for each with one.

    Returns:
        `flow` (M, size, 38), `label` (M, size) and `weight` float32 (M, size): what a frame of that class counts in the
        recognition loss, so that rare classes count as much as common ones.
    """
    starts = np.arange(0, whole["flow"].shape[1] - size + 1, size // 2)
    rows = [(film, start) for film, length in enumerate(lengths(whole)) for start in starts if start + size <= length]
    film, start = np.array(rows, np.int64).reshape(-1, 2).T
    cut = start[:, None] + np.arange(size)
    lively = (whole["label"][film[:, None], cut] != NEUTRAL).any(axis=1)
    idle = np.flatnonzero(~lively)
    kept = rng.permutation(idle)[: round(negatives * lively.sum())]
    chosen = np.sort(np.concatenate([np.flatnonzero(lively), kept]))
    film, cut = film[chosen], cut[chosen]
    flow, label = whole["flow"][film[:, None], cut], whole["label"][film[:, None], cut]
    counts = np.bincount(label.reshape(-1), minlength=NEUTRAL + 1)
    weights = (label.size / ((NEUTRAL + 1) * np.maximum(counts, 1))).astype(np.float32)
    weights[NEUTRAL] *= _NEUTRAL_WEIGHT
    fields = {"flow": flow, "label": label, "weight": weights[label]}
    return Samples(fields, None if whole.subjects is None else whole.subjects[film], "windows")


def lengths(whole: Samples) -> NDArray[np.int64]:
    """Frames of every film, (N,); `length` where films of several lengths were made one, else all of them."""
    if "length" in whole.fields:
        return whole["length"]
    return np.full(len(whole), whole["flow"].shape[1])


def durations(whole: Samples) -> NDArray[np.int64]:
    """Frames of every marked expression."""
    marks = whole["marks"].reshape(-1, 4)
    marks = marks[marks[:, 0] >= 0]
    lengths: NDArray[np.int64] = marks[:, 2] - marks[:, 0] + 1
    return lengths
