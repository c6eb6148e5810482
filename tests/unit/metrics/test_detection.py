from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score

from vultus.errors import InputError, ShapeError
from vultus.metrics.detection import detection_scores, iou_matrix, match_detections

BOXES = arrays(np.float64, st.tuples(st.integers(0, 6), st.just(4)), elements=st.integers(0, 20))


def test_iou_of_a_hand_made_case():
    a = [[0, 0, 10, 10], [0, 0, 0, 10]]
    b = [[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]]
    assert iou_matrix(a, b) == pytest.approx(np.array([[1, 1 / 3, 0], [0, 0, 0]]))
    assert iou_matrix([], b).shape == (0, 3)


@given(BOXES, BOXES)
def test_iou_is_symmetric_and_at_most_one(a, b):
    overlap = iou_matrix(a, b)
    assert overlap == pytest.approx(iou_matrix(b, a).T)
    assert ((overlap >= 0) & (overlap <= 1)).all()


def test_each_box_is_found_once_best_score_first():
    truth = [[0, 0, 10, 10], [20, 0, 30, 10]]
    boxes = [[0, 0, 10, 9], [0, 0, 10, 10], [50, 50, 60, 60]]
    match = match_detections(truth, boxes, [0.6, 0.9, 0.7])
    assert match.order.tolist() == [1, 2, 0]
    assert match.hits.tolist() == [True, False, False]
    assert match.missed.tolist() == [1]
    assert match.n_truth == 2


def test_an_ignored_box_is_neither_hit_nor_false_alarm():
    truth = [[0, 0, 10, 10], [20, 0, 30, 10]]
    match = match_detections(truth, [[20, 0, 30, 10], [0, 0, 10, 10]], [0.9, 0.8], ignore=[False, True])
    assert match.order.tolist() == [1]
    assert match.hits.tolist() == [True]
    assert match.n_truth == 1


def test_recall_precision_and_average_precision():
    truth = [[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]]
    boxes = [[0, 0, 10, 10], [60, 0, 70, 10], [20, 0, 30, 10]]
    scores = detection_scores([match_detections(truth, boxes, [0.9, 0.8, 0.7])])
    assert (scores.recall, scores.precision) == pytest.approx((2 / 3, 2 / 3))
    assert scores.average_precision == pytest.approx(1 / 3 * 1 + 1 / 3 * 2 / 3)
    assert (scores.n_truth, scores.n_detections) == (3, 3)


def test_no_detection_at_all():
    scores = detection_scores([match_detections([[0, 0, 10, 10]], [], [])])
    assert (scores.recall, scores.precision, scores.average_precision) == (0, 1, 0)
    with pytest.raises(InputError, match="recall needs at least one marked box"):
        detection_scores([match_detections([], [[0, 0, 1, 1]], [0.5])])


def test_average_precision_is_the_reference_one_made_monotone():
    # With hits before misses the curve is monotone already, so that the two definitions agree.
    random = np.random.default_rng(0)
    hits = np.r_[np.ones(20), np.zeros(20)]
    score = np.sort(random.random(40))[::-1]
    truth = np.array([[i * 20, 0, i * 20 + 10, 10] for i in range(20)])
    boxes = np.concatenate([truth, truth + 1000])
    ours = detection_scores([match_detections(truth, boxes, score)])
    assert ours.average_precision == pytest.approx(average_precision_score(hits, score))


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.data())
def test_order_of_the_pictures_does_not_matter(hits, data):
    score = data.draw(arrays(np.float64, len(hits), elements=st.integers(0, 3).map(float)))
    pictures = [
        match_detections([[0, 0, 10, 10]], [[0, 0, 10, 10] if hit else [50, 0, 60, 10]], [value])
        for hit, value in zip(hits, score, strict=True)
    ]
    assert detection_scores(pictures) == detection_scores(pictures[::-1])


def test_refusals():
    with pytest.raises(ShapeError, match=r"a must be \(N, 4\), but is of shape \(4,\)"):
        iou_matrix([0, 0, 1, 1], [[0, 0, 1, 1]])
    with pytest.raises(ShapeError, match="b must be finite"):
        iou_matrix([[0, 0, 1, 1]], [[0, 0, np.nan, 1]])
    with pytest.raises(ShapeError, match=r"scores must be of shape \(1,\)"):
        match_detections([], [[0, 0, 1, 1]], [])
    with pytest.raises(ShapeError, match=r"ignore must be of shape \(0,\)"):
        match_detections([], [[0, 0, 1, 1]], [0.5], ignore=[True])
    with pytest.raises(InputError, match="iou lies above 0 and at most at 1, not at 0"):
        match_detections([], [], [], iou=0)
