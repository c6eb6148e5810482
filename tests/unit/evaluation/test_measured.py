"""Reports as documents."""

from __future__ import annotations

import numpy as np

from vultus.evaluation.measured import Measure, Report, column, finite, jsonable


def test_what_is_not_finite_is_none() -> None:
    found = Report("pad", "x", {"a": 1}, (Measure("tmr", "here", 0.5, threshold=float("-inf")),),
                   {"c": {"v": [1.0, float("inf")]}})  # fmt: skip
    document = found.document()
    assert document["measures"][0]["threshold"] is None
    assert document["curves"]["c"]["v"] == [1.0, None]
    assert (found.value("tmr", "here"), found.value("tmr")) == (0.5, None)


def test_short_numbers() -> None:
    assert column([1 / 3, None]) == [0.33333333, None]


def test_what_json_does_not_know() -> None:
    given = {"a": float("nan"), "b": (np.float64(1.5), np.int64(2)), "c": [float("inf"), None, "x"]}
    assert jsonable(given) == {"a": None, "b": [1.5, 2], "c": [None, None, "x"]}
    assert (finite(1.5), finite(float("nan")), finite(np.float64("inf"))) == (1.5, None, None)
