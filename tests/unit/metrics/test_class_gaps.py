from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from vultus.errors import InputError, ShapeError
from vultus.metrics.class_gaps import class_gaps


def _sample(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every group has every class: 4 classes, 3 groups."""
    random = np.random.default_rng(seed)
    truth = np.r_[np.tile(np.arange(4), 3), random.integers(0, 4, 80)]
    groups = np.r_[np.repeat(np.arange(3), 4), random.integers(0, 3, 80)]
    return truth, np.where(random.random(92) < 0.6, truth, random.integers(0, 4, 92)), groups


def _numbers(gaps: object) -> list[float]:
    return [getattr(gaps, name) for name in ("recall", "confusion", "prediction", "disparity")]


def test_gaps_by_hand():
    truth = ["sad", "sad", "happy", "happy"] * 2
    predicted = ["sad", "sad", "happy", "happy", "sad", "happy", "happy", "happy"]
    gaps = class_gaps(truth, predicted, ["m"] * 4 + ["f"] * 4)
    # f: sad is recognised half of the time, and taken for happy otherwise
    assert gaps.recall == (0 + 0.5) / 2
    assert gaps.confusion == (0 + 0 + 0.5 + 0.5) / 4
    assert gaps.prediction == (0.5 + 0.5) / 2
    assert gaps.disparity == (0 + 0.5) / 2
    # recalls (1, 1) and (0.5, 1); of f's wrong predictions all are "happy", m has none
    assert gaps.compressed == (0.5 + 0 + 1 + 0) / 4
    # everybody: FPR of happy 1/4, FNR of sad 1/4, the others 0, so no class has both
    assert np.isnan([gaps.error_variance, gaps.error_distance]).all()


def test_relative_errors_by_hand():
    # m: sad 3 of 4 right, happy 4 of 4; f: sad 2 of 4, happy 2 of 4
    truth = (["sad"] * 4 + ["happy"] * 4) * 2
    predicted = ["sad"] * 3 + ["happy"] * 5 + ["sad"] * 2 + ["happy"] * 2 + ["sad"] * 2 + ["happy"] * 2
    gaps = class_gaps(truth, predicted, ["m"] * 8 + ["f"] * 8)
    # of sad FPR m 0, f 1/2, all 1/4; FNR m 1/4, f 1/2, all 3/8: relative -1, 1 and -1/3, 1/3
    fpr, fnr = np.array([-1, 1, -1 / 3, 1 / 3]), np.array([-1 / 3, 1 / 3, -1, 1])
    assert gaps.error_variance == pytest.approx(np.mean(fpr**2 + fnr**2))
    assert gaps.error_distance == pytest.approx(np.abs(fpr - fnr).mean() / np.sqrt(2))


@pytest.mark.parametrize("seed", range(5))
def test_gaps_agree_with_the_tables_of_scikit_learn(seed):
    truth, predicted, groups = _sample(seed)
    tables = [confusion_matrix(truth[groups == g], predicted[groups == g], normalize="true") for g in range(3)]
    recall = [[tables[g][c, c] for g in range(3)] for c in range(4)]
    cells = [[tables[g][i, j] for g in range(3)] for i in range(4) for j in range(4)]
    columns = [[tables[g][:, c].sum() for g in range(3)] for c in range(4)]
    behind = [sum(1 - r / max(row) for r in row) / 2 if max(row) else 0 for row in recall]
    expected = [np.mean([max(row) - min(row) for row in rows]) for rows in (recall, cells, columns)]
    assert _numbers(class_gaps(truth, predicted, groups)) == pytest.approx([*expected, np.mean(behind)])


@given(st.integers(0, 1000), st.permutations(range(3)), st.permutations(range(4)))
def test_names_and_order_change_nothing(seed, group_names, class_names):
    truth, predicted, groups = _sample(seed)
    order = np.random.default_rng(seed).permutation(truth.size)
    names, classes = np.array(group_names), np.array(class_names)
    other = class_gaps(classes[truth][order], classes[predicted][order], names[groups][order])
    assert _numbers(other) == pytest.approx(_numbers(class_gaps(truth, predicted, groups)))


@given(st.integers(0, 1000), st.integers(1, 5))
def test_groups_treated_alike_have_no_gaps_whatever_their_sizes(seed, times):
    truth, predicted, _ = _sample(seed)
    groups = np.repeat([0, 1], [truth.size, truth.size * times])
    gaps = class_gaps(np.tile(truth, times + 1), np.tile(predicted, times + 1), groups)
    assert [*_numbers(gaps), gaps.compressed] == pytest.approx([0] * 5)
    assert [gaps.error_variance, gaps.error_distance] == pytest.approx([0, 0])


@given(st.integers(0, 1000))
def test_gaps_stay_in_their_range(seed):
    gaps = class_gaps(*_sample(seed))
    assert all(0 <= gap <= 1 for gap in (gaps.recall, gaps.confusion, gaps.disparity))
    assert 0 <= gaps.prediction <= 4


def test_a_class_nobody_recognises_is_no_disparity():
    assert class_gaps([0, 1, 0, 1], [0, 0, 0, 0], [0, 0, 1, 1]).disparity == 0


def test_what_has_no_gaps_is_refused():
    with pytest.raises(InputError, match="gaps need at least two groups, and there is only 'f'"):
        class_gaps([0, 1], [0, 1], ["f", "f"])
    with pytest.raises(InputError, match="group 'm' has no example of class '1'"):
        class_gaps([0, 1, 0], [0, 1, 0], ["f", "f", "m"])
    with pytest.raises(InputError, match="recalls need at least two true classes"):
        class_gaps([0, 0], [0, 1], ["f", "m"])
    with pytest.raises(ShapeError, match="groups must be all text or all whole numbers"):
        class_gaps([0, 1], [0, 1], ["f", None])
    with pytest.raises(ShapeError, match=r"groups must be of shape \(2,\)"):
        class_gaps([0, 1], [0, 1], ["f"])
