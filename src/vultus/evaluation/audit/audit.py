"""The audit as a whole: from comparisons to one document of JSON values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.audit.rates import LEVEL, SMALLEST, group_errors, rate
from vultus.evaluation.audit.significance import differences
from vultus.evaluation.audit.systems import accuracy, equally_accurate, matched, reversed_within
from vultus.evaluation.audit.watchlist import Traffic, readings
from vultus.metrics.fairness import fairness_discrepancy_rate, garbe, max_geometric_mean_ratio, max_min_ratio
from vultus.metrics.verification import det_points, rule_of_thirty, rule_of_three, threshold_at_fmr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vultus.evaluation.audit.comparisons import Comparisons
    from vultus.evaluation.audit.rates import GroupError
    from vultus.evaluation.audit.systems import Equal

SCHEMA = "vultus.audit.report/1"
_DET_POINTS = 200
_MOST_GROUPS = 40


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked of an audit.

    Attributes:
        fmr: false match rate of the one threshold for everybody.
        threshold: that threshold itself; None takes it from `fmr` over all comparisons of two people.
        threshold_from: where a given threshold is from, in words.
        intersections: also look at pairs of attributes.
        traffic: where the system is used.
    """

    fmr: float = 1e-3
    threshold: float | None = None
    threshold_from: str = ""
    intersections: bool = True
    traffic: Traffic = field(default_factory=Traffic)


def audit(found: Comparisons, terms: Terms | None = None, other: Comparisons | None = None) -> dict[str, Any]:
    """Audit a system, and compare it with another one if there is one.

    Args:
        found: comparisons with group labels.
        terms: what is asked; None for the usual.
        other: the same comparisons scored by a second system.

    Returns:
        JSON values: what was looked at, each attribute with its groups, tests and summaries, both systems, warnings.

    Raises:
        InputError: a rate is out of range, no attribute has two groups, or the systems' comparisons differ.
    """
    terms = terms or Terms()
    impostor = found.scores[~found.same]
    threshold = threshold_at_fmr(impostor, terms.fmr) if terms.threshold is None else terms.threshold
    match = found.scores >= threshold
    sets: list[tuple[str, ...]] = [(name,) for name in found.labels]
    if terms.intersections:
        sets += list(combinations(found.labels, 2))
    second = None if other is None else (other, equally_accurate(found, other, threshold))
    parts = [part for part in (_attribute(found, names, threshold, terms, second) for names in sets) if part]
    if not parts:
        raise InputError(
            f"{found.source or 'the comparisons'}: no attribute has two groups, so nothing can be compared"
        )
    return {
        "schema": SCHEMA,
        "source": {"path": found.source, "sha256": found.sha256, "comparisons": int(found.scores.size),
                   "genuine": int(found.same.sum()), "impostor": int(impostor.size), "people": found.n_subjects},
        "threshold": {"value": threshold, "fmr_target": terms.fmr if terms.threshold is None else None,
                      "from": terms.threshold_from or "the same comparisons, all of two people"},
        "overall": {"accuracy": accuracy(found, threshold), "fmr": asdict(rate(found, ~found.same, match)),
                    "fnmr": asdict(rate(found, found.same, ~match))},
        "level": LEVEL, "smallest_group": SMALLEST, "traffic": asdict(terms.traffic),
        "attributes": parts,
        "warnings": _warnings(found, threshold, parts),
    }  # fmt: skip


def _attribute(
    found: Comparisons,
    attributes: tuple[str, ...],
    threshold: float,
    terms: Terms,
    second: tuple[Comparisons, Equal] | None,
) -> dict[str, Any] | None:
    """Groups of one attribute, or of two together; None with fewer than two groups."""
    names, group = found.group_of(attributes)
    if not 2 <= len(names) <= _MOST_GROUPS:
        return None
    rows = group_errors(found, names, group, threshold)
    enough = [row for row in rows if row.fmr.enough and row.fnmr.enough]
    tests = differences(rows)
    return {
        "attributes": list(attributes),
        "groups": [_group(found, row, at, group, terms.fmr) for at, row in enumerate(rows)],
        "tests": [{**asdict(test), "significant": test.significant()} for test in tests],
        "summaries": _summaries(enough) if len(enough) > 1 else None,
        "watchlist": [asdict(one) for one in readings(rows, terms.traffic)],
        "systems": None if second is None else _systems(rows, *second, names, group),
    }


def _group(found: Comparisons, row: GroupError, number: int, group: NDArray[np.int64], target: float) -> dict[str, Any]:
    """A group's rates, its curve, and what it would miss at a threshold of its own."""
    a, b = group[found.left], group[found.right]
    within = (a == number) & (b == number)
    genuine, impostor = found.scores[within & found.same], found.scores[within & ~found.same]
    curve, own = None, None
    if genuine.size and impostor.size:
        det = det_points(genuine, impostor, _DET_POINTS)
        curve = {"fmr": det.fmr.tolist(), "fnmr": det.fnmr.tolist()}
        if impostor.size * target >= 1:
            at = threshold_at_fmr(impostor, target)
            own = {"threshold": at, "fnmr": asdict(rate(found, within & found.same, found.scores < at))}
    return {
        "name": row.name, "fmr": asdict(row.fmr), "fmr_cross": asdict(row.fmr_cross), "fnmr": asdict(row.fnmr),
        "enough": row.fmr.enough and row.fnmr.enough, "smallest_fmr": rule_of_three(row.fmr.n) if row.fmr.n else None,
        "well_measured_fmr": rule_of_thirty(row.fmr.n) if row.fmr.n else None, "matched_fmr": own, "det": curve,
    }  # fmt: skip


def _summaries(rows: Sequence[GroupError]) -> dict[str, float]:
    fmr, fnmr = ([getattr(row, error).value for row in rows] for error in ("fmr", "fnmr"))
    return {
        "fmr_max_min": max_min_ratio(fmr), "fmr_max_geometric_mean": max_geometric_mean_ratio(fmr),
        "fnmr_max_min": max_min_ratio(fnmr), "fnmr_max_geometric_mean": max_geometric_mean_ratio(fnmr),
        "fdr": fairness_discrepancy_rate(fmr, fnmr), "garbe": garbe(fmr, fnmr),
        "worst_fmr": max(fmr), "worst_fnmr": max(fnmr),
    }  # fmt: skip


def _systems(
    rows_a: Sequence[GroupError], b: Comparisons, equal: Equal, names: tuple[str, ...], group: NDArray[np.int64]
) -> dict[str, Any]:
    rows_b = group_errors(b, names, group, equal.threshold_b)
    both = matched(equal, rows_a, rows_b)
    # Which is better is asked at the same false match rate over everybody.
    at_same_fmr = group_errors(b, names, group, equal.same_fmr_b)
    return {
        **asdict(both), "other": b.source, "hidden": both.hidden,
        "reversed": reversed_within(rows_a, at_same_fmr, equal.ahead),
        "groups": [
            {"name": one.name, "fmr_a": one.fmr.value, "fmr_b": two.fmr.value, "fnmr_a": one.fnmr.value,
             "fnmr_b": two.fnmr.value} for one, two in zip(rows_a, rows_b, strict=True)
        ],
    }  # fmt: skip


def _warnings(found: Comparisons, threshold: float, parts: Sequence[dict[str, Any]]) -> list[str]:
    out = []
    if not found.n_subjects:
        out.append(
            "The file does not tell who is compared (subject1, subject2): intervals are too narrow if people recur."
        )
    impostor = found.scores[~found.same]
    errors = int((impostor >= threshold).sum())
    if errors < SMALLEST:
        out.append(f"Only {errors} false matches in all at this threshold: rates of groups are rough (rule of 30).")
    for part in parts:
        small = [row["name"] for row in part["groups"] if not row["enough"]]
        if small:
            where = " and ".join(part["attributes"])
            out.append(f"Too few people or comparisons to judge ({where}): {', '.join(small)}.")
        unseen = [row["name"] for row in part["groups"] if row["enough"] and row["fmr"]["errors"] == 0]
        if unseen:
            out.append(
                f"No false match seen among {', '.join(unseen)}: ratios with them are infinite; read the intervals."
            )
    unknown = {name: int((labels == "").sum()) for name, labels in found.labels.items()}
    out += [
        f"{count:,} people have no label of {name} and are in no group of it."
        for name, count in unknown.items()
        if count
    ]
    return out
