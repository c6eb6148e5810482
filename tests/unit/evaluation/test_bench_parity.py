from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.evaluation.bench_parity import boxes, descriptors, face_chips


def test_proportional_descriptors_have_cosine_one(bench):
    median, worst = descriptors(bench)
    assert (median.n, median.met, worst.met) == (4, True, True)
    assert median.ours == pytest.approx(1)
    assert worst.ours <= median.ours


def test_another_network_is_caught(bench):
    bench.network = lambda chips: np.stack([chip.reshape(-1)[::-1][:128].astype(np.float32) for chip in chips])
    _, worst = descriptors(bench)
    assert not worst.met


def test_boxes_of_the_same_faces(bench):
    (row,) = boxes(bench)
    assert (row.ours, row.n, row.met) == (1.0, 4, True)
    assert set(bench.peer.asked) == {("cnn", 1)}


def test_a_missed_face_counts(bench, engine):
    engine.find = lambda picture, embed: []
    (row,) = boxes(bench)
    assert (row.ours, row.met) == (0.0, False)


def test_nothing_to_compare(bench):
    bench.peer.detect = lambda *rest: []
    with pytest.raises(InputError, match="dlib's CNN finds no face on these pictures"):
        list(boxes(bench))
    bench.peer.chips = lambda image: []
    with pytest.raises(InputError, match="dlib finds no face on these pictures"):
        face_chips(bench, 3)
