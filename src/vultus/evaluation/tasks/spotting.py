"""Where in a film an expression is, and which: F1 over intervals, and spot-then-recognise (MEGC)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.columns import numbered, read_columns
from vultus.evaluation.measured import Measure, Report
from vultus.metrics.bootstrap import subject_bootstrap
from vultus.metrics.classification import macro_f1
from vultus.metrics.spotting import SpottingCounts, match_intervals, strs

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NEEDED, OPTIONAL = ("film", "first", "last"), ("expression", "subject")
NO_SUBJECTS = "nobody tells who the people are, so films are resampled: intervals are too narrow where people recur"


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Intervals in films.

    Attributes:
        film: name of the film of each, (N,).
        frames: first and last frame, both inside; float64, (N, 2).
        expression: of each, (N,); () where the file does not tell.
        subject: of each film; {} where the file does not tell.
        warnings: what was noticed while reading.
    """

    film: tuple[str, ...]
    frames: NDArray[np.float64]
    expression: tuple[str, ...]
    subject: dict[str, str]
    warnings: tuple[str, ...] = ()

    def of(self, film: str) -> NDArray[np.int64]:
        """Rows of a film."""
        return np.flatnonzero(np.array(self.film, dtype=np.str_) == film)


def read_intervals(path: Path) -> Intervals:
    """Read film,first,last and maybe expression and subject.

    Raises:
        InputError: columns are missing, a value cannot be used, an interval twice or backwards, a film of two people.
    """
    columns = read_columns(path, NEEDED, OPTIONAL)
    columns.unique(*NEEDED, what="interval")
    film = columns.words("film")
    frames = np.stack([columns.numbers("first"), columns.numbers("last")], axis=1)
    backwards = np.flatnonzero(frames[:, 1] < frames[:, 0])
    if backwards.size:
        row = int(backwards[0])
        raise InputError(f"{columns.line(row)}: the interval ends at {frames[row, 1]:g}, before it starts")
    subject: dict[str, str] = {}
    for row, (name, who) in enumerate(zip(film, columns.words("subject"), strict=True) if "subject" in columns else ()):
        if subject.setdefault(name, who) != who:
            raise InputError(
                f"{columns.line(row)}: film {name} is of {subject[name]} in an earlier line, and of {who} here"
            )
    expression = columns.words("expression") if "expression" in columns else ()
    return Intervals(film, frames, expression, subject, columns.unused_warning())


def evaluate_spotting(
    truth: Intervals, spotted: Intervals, source: str, *, iou: float = 0.5, repeats: int = 1000, seed: int = 0
) -> Report:
    """Measure spotted intervals.

    Args:
        truth: marked ones.
        spotted: what the system found; a film without any needs no row.
        source: of them, in words.
        iou: smallest overlap that counts as found.
        repeats: of the bootstrap.
        seed: of the bootstrap.
    """
    films = sorted({*truth.film, *spotted.film})
    pairs = [_matched(truth, spotted, film, iou) for film in films]
    counts = np.array([(hits.shape[0], n_spotted - hits.shape[0], n_marked - hits.shape[0])
                       for hits, n_marked, n_spotted in pairs])  # fmt: skip
    who = [truth.subject.get(film, f"\0{film}") for film in films]
    names, (person,) = numbered(who)
    recognised = bool(truth.expression and spotted.expression)

    def figures(weights: NDArray[np.int64]) -> list[float]:
        hits, false, missed = (int(total) for total in weights @ counts)
        if hits + missed == 0:
            return [np.nan] * (5 if recognised else 3)
        found = SpottingCounts(hits, false, missed)
        out = [found.f1, found.precision, found.recall]
        if recognised:
            known = _recognition(truth, spotted, pairs, weights)
            out += [known, strs(found.f1, known)]
        return out

    value = figures(np.ones(len(films), dtype=np.int64))
    low, high = subject_bootstrap(lambda drawn: figures(drawn[person]), len(names), repeats=repeats, seed=seed)
    labels = [("f1", "a spotted and a marked interval are paired once"), ("precision", ""), ("recall", ""),
              ("recognition_f1", "macro F1 of the expressions of what was rightly spotted"),
              ("strs", "f1 times recognition_f1")]  # fmt: skip
    measures = tuple(
        Measure(name, f"iou {iou:g}", *row, remark=remark)
        for (name, remark), row in zip(labels, zip(value, low.tolist(), high.tolist(), strict=True), strict=False)
    )
    sizes = {"films": len(films), "marked": len(truth.film), "spotted": len(spotted.film),
             "people": len(set(truth.subject.values())), "hits": int(counts[:, 0].sum())}  # fmt: skip
    return Report(
        "spotting", source, sizes, measures, {}, (*truth.warnings, *spotted.warnings, *_warnings(truth, spotted))
    )


def _matched(truth: Intervals, spotted: Intervals, film: str, iou: float) -> tuple[NDArray[np.int64], int, int]:
    """Rows of truth and of spotted that belong together, (M, 2), and how many there are of either."""
    marked, found = truth.of(film), spotted.of(film)
    pairs = match_intervals(truth.frames[marked], spotted.frames[found], iou=iou)
    return np.stack([marked[pairs[:, 0]], found[pairs[:, 1]]], axis=1), marked.size, found.size


def _recognition(
    truth: Intervals, spotted: Intervals, pairs: list[tuple[NDArray[np.int64], int, int]], weights: NDArray[np.int64]
) -> float:
    """Macro F1 over the hits; where only one expression was hit, the share named rightly."""
    real, guess, count = [], [], []
    for (rows, _, _), weight in zip(pairs, weights.tolist(), strict=True):
        for mark, spot in rows.tolist():
            real.append(truth.expression[mark])
            guess.append(spotted.expression[spot])
            count.append(weight)
    kept = [index for index, weight in enumerate(count) if weight]
    if not kept:
        return 0.0
    real, guess, count = ([column[index] for index in kept] for column in (real, guess, count))
    if len(set(real)) < 2:
        return float(np.average([a == b for a, b in zip(real, guess, strict=True)], weights=count))
    return macro_f1(real, guess, count)


def _warnings(truth: Intervals, spotted: Intervals) -> tuple[str, ...]:
    out = [] if truth.subject else [NO_SUBJECTS]
    if bool(truth.expression) != bool(spotted.expression):
        out.append("expressions stand in one of the two files only, so strs is not measured")
    strange = sorted(set(spotted.film) - set(truth.film))
    if strange:
        out.append(
            f"{len(strange)} films have no marked interval ({', '.join(strange[:3])}): all spotted there is false"
        )
    return tuple(out)
