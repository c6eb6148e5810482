"""The whole: energies of one or more systems, how they agree, dependence on attributes of people, and warnings."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.evaluation.geometry.lattice import unit
from vultus.evaluation.geometry.macro import spearman
from vultus.evaluation.geometry.micro import Terms, microscale

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from vultus.evaluation.geometry.lattice import Lattice

SCHEMA = "vultus.audit.geometry/1"
_COLLAPSED = 0.9
_FEW_PEOPLE = 10
_MOST = 2000
_TERMS = Terms()


def separation(vectors: NDArray[np.floating], people: NDArray[np.int64]) -> float:
    """How often two pictures of one person are more alike than two of two; NaN where either is missing.

    Args:
        vectors: float, (N, D).
        people: int64, (N,).
    """
    rows = unit(vectors)
    left, right = np.triu_indices(len(rows), 1)
    alike, same = (rows @ rows.T)[left, right], people[left] == people[right]
    genuine, impostor = alike[same], np.sort(alike[~same])
    if not genuine.size or not impostor.size:
        return float("nan")
    below, reached = (np.searchsorted(impostor, genuine, side) for side in ("left", "right"))
    return float((below + reached).mean() / (2 * impostor.size))


def study(
    source: Mapping[str, Any],
    lattices: Sequence[Lattice] = (),
    terms: Terms = _TERMS,
    *,
    auc: float | None = None,
    macro: Mapping[str, Any] | None = None,
    progress: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Everything, as JSON values.

    Args:
        source: what was measured, for the report.
        lattices: of one or more systems.
        terms: how energies are measured.
        auc: `separation` of the pictures as they are; None takes it from the lattices.
        macro: from `macro.macroscale`.
        progress: called after each system.
    """
    systems = []
    for lattice in lattices:
        found = microscale(lattice, terms)
        systems.append({**found, "auc": _auc(lattice) if auc is None else auc})
        progress()
    agreement = [
        {"first": one["system"], "second": other["system"], **_agreement(one, other, terms.seed)}
        for number, one in enumerate(systems) for other in systems[:number]
    ]  # fmt: skip
    return {
        "schema": SCHEMA, "source": dict(source), "terms": asdict(terms), "systems": systems, "agreement": agreement,
        "macro": None if macro is None else dict(macro), "warnings": _warnings(systems),
    }  # fmt: skip


def _auc(lattice: Lattice) -> float:
    """Of the pictures in the middle of the steps."""
    blocks = [
        np.asarray(person.vectors[np.unique(np.concatenate([one.rows[:, 1] for one in person.curves.values()]))])
        for person in lattice.people
    ]
    most = max(_MOST // len(blocks), 2)
    chosen = [block[np.linspace(0, len(block) - 1, min(most, len(block))).astype(int)] for block in blocks]
    people = np.repeat(np.arange(len(chosen)), [len(block) for block in chosen])
    return separation(np.concatenate(chosen), people)


def _agreement(one: Mapping[str, Any], other: Mapping[str, Any], seed: int) -> dict[str, float]:
    first, second = (
        {row["attribute"]: row["energy"] for row in system["attributes"]} for system in (one, other)
    )  # fmt: skip
    both = [name for name in first if name in second]
    rho, p = spearman(np.array([first[name] for name in both]), np.array([second[name] for name in both]), seed)
    return {"rho": rho, "p": p}


def _warnings(systems: Sequence[Mapping[str, Any]]) -> list[str]:
    out = []
    for system in systems:
        if system["auc"] < _COLLAPSED:
            out.append(
                f"{system['system']} tells people apart in {system['auc']:.1%} of the comparisons only: directions in "
                "such a space mean little"
            )
        if system["people"] < _FEW_PEOPLE:
            out.append(f"{system['system']} was measured on {system['people']} people: the intervals are too narrow")
    return out
