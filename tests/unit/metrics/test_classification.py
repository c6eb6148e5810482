from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from vultus.errors import InputError, ShapeError
from vultus.metrics.classification import confusion, macro_f1, uar, war

CLASSES = ["happy", "sad", "angry", "calm"]
PAIRS = st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from(CLASSES)), min_size=2, max_size=40)


def test_measures_by_hand():
    truth = ["sad", "sad", "sad", "happy"]
    predicted = ["sad", "sad", "happy", "calm"]
    names, table = confusion(truth, predicted)
    assert names.tolist() == ["calm", "happy", "sad"]
    assert table.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 2]]
    assert uar(truth, predicted) == pytest.approx(1 / 3)
    assert war(truth, predicted) == 0.5
    assert macro_f1(truth, predicted) == pytest.approx(0.8 / 3)


@given(PAIRS, st.integers(0, 1000))
def test_measures_agree_with_scikit_learn(pairs, seed):
    truth, predicted = zip(*pairs, strict=True)
    assume(len(set(truth)) > 1)
    weights = np.random.default_rng(seed).random(len(pairs)) + 0.1
    for weight in (None, weights):
        names, table = confusion(truth, predicted, weight)
        np.testing.assert_allclose(table, confusion_matrix(truth, predicted, labels=names, sample_weight=weight))
        recalls = recall_score(truth, predicted, labels=sorted(set(truth)), average="macro", sample_weight=weight)
        assert uar(truth, predicted, weight) == pytest.approx(recalls)
        assert war(truth, predicted, weight) == pytest.approx(accuracy_score(truth, predicted, sample_weight=weight))
        f1 = f1_score(truth, predicted, average="macro", sample_weight=weight, zero_division=0)
        assert macro_f1(truth, predicted, weight) == pytest.approx(f1)


@given(PAIRS, st.permutations(range(4)), st.randoms())
def test_names_and_order_change_nothing(pairs, codes, random):
    assume(len({truth for truth, _ in pairs}) > 1)
    code = dict(zip(CLASSES, codes, strict=True))
    other = [(code[a], code[b]) for a, b in random.sample(pairs, len(pairs))]
    for measure in (uar, war, macro_f1):
        assert measure(*zip(*pairs, strict=True)) == pytest.approx(measure(*zip(*other, strict=True)))


@given(PAIRS)
def test_f1_does_not_care_which_side_is_the_truth(pairs):
    truth, predicted = zip(*pairs, strict=True)
    assume(len(set(truth)) > 1 and len(set(predicted)) > 1)
    assert macro_f1(truth, predicted) == pytest.approx(macro_f1(predicted, truth))


def test_ignoring_a_rare_class_pays_for_war_only():
    truth, predicted = [0] * 95 + [1] * 5, [0] * 100
    assert war(truth, predicted) == 0.95
    assert uar(truth, predicted) == 0.5
    assert macro_f1(truth, predicted) < 0.5


def test_a_class_whose_examples_weigh_nothing_is_left_out():
    assert uar([0, 1, 2], [0, 1, 0], [1, 1, 0]) == 1
    assert macro_f1([0, 1, 2], [0, 1, 2], [1, 1, 0]) == 1


@pytest.mark.parametrize("measure", [uar, war, macro_f1])
def test_what_is_no_classification_is_refused(measure):
    with pytest.raises(InputError, match="recalls need at least two true classes, and there is only 'sad'"):
        measure(["sad", "sad"], ["sad", "happy"])
    with pytest.raises(ShapeError, match=r"predicted must be of shape \(2,\), but is of shape \(1,\)"):
        measure(["sad", "happy"], ["sad"])
    with pytest.raises(ShapeError, match="predicted must be the kind of labels that truth has"):
        measure(["0", "1"], [0, 1])
    with pytest.raises(ShapeError, match="truth must be text, whole numbers or truth values"):
        measure([0, float("nan")], [0, 1])
    with pytest.raises(ShapeError, match="truth must be one-dimensional and not empty"):
        measure([], [])
    with pytest.raises(ShapeError, match="weights must be of shape"):
        measure([0, 1], [0, 1], [1])
