"""Drawings are SVG, and the same figures give the same bytes."""

from __future__ import annotations

from unit.evaluation.geometry.test_report import whole
from vultus.evaluation.geometry import plots


def test_all_of_them() -> None:
    found = whole()
    drawn = [plots.energies(found["systems"]), plots.dependence(found["macro"]["attributes"]),
             plots.matrix(found["systems"][0])]  # fmt: skip
    assert all("<svg" in one for one in drawn)
    assert plots.energies(found["systems"]) == drawn[0]
