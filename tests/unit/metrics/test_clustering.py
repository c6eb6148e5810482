from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics.cluster import pair_confusion_matrix

from vultus.errors import ShapeError
from vultus.metrics.clustering import Agreement, bcubed, pairwise

FACES = st.lists(st.tuples(st.integers(0, 5), st.integers(-2, 5)), min_size=1, max_size=60)


def test_by_hand():
    truth = ["ada", "ada", "ada", "ben", "ben"]
    groups = [0, 0, 1, 1, 2]
    # precision of the faces: 1, 1, 1/2, 1/2, 1; recall: 2/3, 2/3, 1/3, 1/2, 1/2
    found = bcubed(truth, groups)
    assert found.precision == pytest.approx(4 / 5)
    assert found.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 5)
    assert found.f1 == pytest.approx(2 * 0.8 * (8 / 15) / (0.8 + 8 / 15))
    # said: (0,1) right, (2,3) wrong; there are 3 + 1
    assert pairwise(truth, groups) == Agreement(1 / 2, 1 / 4)


def test_everybody_alone_and_all_in_one():
    truth = [1, 1, 1, 2]
    assert bcubed(truth, [0, 1, 2, 3]) == Agreement(1.0, pytest.approx(0.5))
    assert pairwise(truth, [0, 1, 2, 3]) == Agreement(1.0, 0.0)
    assert pairwise(truth, [0, 1, 2, 3]).f1 == 0.0
    assert bcubed(truth, [0, 0, 0, 0]) == Agreement(pytest.approx((3 * 3 / 4 + 1 / 4) / 4), 1.0)
    assert pairwise([1, 2], [0, 1]) == Agreement(1.0, 1.0)


@given(FACES)
def test_like_the_definitions(faces):
    truth, groups = (np.array(column) for column in zip(*faces, strict=True))
    precision, recall = [], []
    for person, group in faces:
        ours = {at for at, face in enumerate(faces) if face[1] == group}
        theirs = {at for at, face in enumerate(faces) if face[0] == person}
        precision.append(len(ours & theirs) / len(ours))
        recall.append(len(ours & theirs) / len(theirs))
    found = bcubed(truth, groups)
    assert (found.precision, found.recall) == pytest.approx((np.mean(precision), np.mean(recall)))
    (_, wrong), (missed, right) = pair_confusion_matrix(truth, groups)
    found = pairwise(truth, groups)
    assert found.precision == pytest.approx(right / (right + wrong) if right + wrong else 1)
    assert found.recall == pytest.approx(right / (right + missed) if right + missed else 1)


@given(FACES, st.integers(0, 99))
def test_weights_ask_a_face_several_times(faces, seed):
    truth, groups = zip(*faces, strict=True)
    weights = np.random.default_rng(seed).integers(1, 4, len(faces))
    alone = [bcubed(truth, groups, np.arange(len(faces)) == at) for at in range(len(faces))]
    found = bcubed(truth, groups, weights)
    assert found.precision == pytest.approx(np.average([one.precision for one in alone], weights=weights))
    assert found.recall == pytest.approx(np.average([one.recall for one in alone], weights=weights))


def test_bad_labels():
    with pytest.raises(ShapeError, match=r"groups must be of shape \(2,\), but is of shape \(3,\)"):
        bcubed([1, 2], [1, 2, 3])
    with pytest.raises(ShapeError, match="truth must be one-dimensional and not empty"):
        pairwise([], [])
