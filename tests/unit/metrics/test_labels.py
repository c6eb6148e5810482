from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import ShapeError
from vultus.metrics.labels import as_labels, number_labels


@pytest.mark.parametrize(
    "labels",
    [["a", "b"], ("a", "b"), np.array(["a", "b"], dtype=object), [3, 1], [True, False], np.array(["a", "nan"])],
)
def test_labels_keep_their_values(labels):
    out = as_labels(labels)
    assert out.tolist() == list(labels)
    assert out.dtype.kind in "Uib"


@pytest.mark.parametrize(
    "labels", [["a", float("nan")], ["a", None], [1, None], ["a", 1], np.array([1, "a"], dtype=object)]
)
def test_missing_and_mixed_labels_are_refused(labels):
    with pytest.raises(
        ShapeError, match="group must be all text or all whole numbers, but is mixed, or some are missing"
    ):
        as_labels(labels, "group")


@pytest.mark.parametrize("labels", [[1.0, 2.0], [1, float("nan")], np.array(["2020-01-01"], dtype="M8[D]")])
def test_labels_are_text_or_whole_numbers(labels):
    with pytest.raises(ShapeError, match="labels must be text, whole numbers or truth values, but is of dtype"):
        as_labels(labels)


def test_labels_without_text_are_refused():
    with pytest.raises(ShapeError, match="labels must be without gaps, but is empty text somewhere"):
        as_labels(["a", ""])


def test_labels_have_one_row_of_the_right_length():
    with pytest.raises(ShapeError, match="labels must be one-dimensional and not empty"):
        as_labels([])
    with pytest.raises(ShapeError, match="labels must be one-dimensional and not empty"):
        as_labels([["a"]])
    with pytest.raises(ShapeError, match=r"species must be of shape \(3,\), but is of shape \(2,\)"):
        as_labels(["a", "b"], "species", 3)


def test_labels_are_numbered_in_order_over_all_columns():
    names, (first, second) = number_labels(np.array(["m", "f"]), np.array(["x", "f", "mm"]))
    assert names.tolist() == ["f", "m", "mm", "x"]
    assert (first.tolist(), second.tolist()) == ([1, 0], [3, 0, 2])
    assert first.dtype == np.int64
    values = np.random.default_rng(0).integers(-5, 5, 100)
    np.testing.assert_array_equal(number_labels(values)[1][0], np.unique(values, return_inverse=True)[1])
