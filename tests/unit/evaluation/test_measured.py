"""Reports as documents."""

from __future__ import annotations

from vultus.evaluation.measured import Measure, Report, column


def test_what_is_not_finite_is_none() -> None:
    found = Report("pad", "x", {"a": 1}, (Measure("tmr", "here", 0.5, threshold=float("-inf")),),
                   {"c": {"v": [1.0, float("inf")]}})  # fmt: skip
    document = found.document()
    assert document["measures"][0]["threshold"] is None
    assert document["curves"]["c"]["v"] == [1.0, None]
    assert (found.value("tmr", "here"), found.value("tmr")) == (0.5, None)


def test_short_numbers() -> None:
    assert column([1 / 3, None]) == [0.33333333, None]
