from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import MissingExtraError
from vultus.evaluation import peer as module
from vultus.evaluation.peer import Dlib, check_peer, distance_scores


@pytest.fixture(scope="module")
def portrait():
    data = pytest.importorskip("skimage.data")
    return data.astronaut()[:256, 100:356]


@pytest.fixture(scope="module")
def dlib():
    pytest.importorskip("dlib")
    return Dlib(threads=1)


def test_both_detectors_find_the_portrait(dlib, portrait):
    boxes = [dlib.detect(portrait, model, upsample=upsample)[0].box for model, upsample in (("hog", 1), ("cnn", 0))]
    for box in boxes:
        assert box.shape == (4,)
        centre = (box[:2] + box[2:]) / 2
        assert centre == pytest.approx([125, 115], abs=40)


def test_recipe_and_chip_describe_the_same_face(dlib, portrait):
    (face,) = dlib.recipe(portrait, "hog")
    (chip,) = dlib.chips(portrait)
    assert chip.shape == (150, 150, 3)
    assert chip.dtype == np.uint8
    from_chip = dlib.embed([chip, chip])
    assert from_chip.shape == (2, 128)
    assert (from_chip[0] == from_chip[1]).all()
    # One jitter in the recipe is no jitter in dlib, so that both ways see the same pixels.
    assert np.linalg.norm(face.descriptor - from_chip[0]) < 0.01


def test_no_face_is_an_empty_list(dlib):
    assert dlib.recipe(np.zeros((80, 80, 3), np.uint8), "hog") == []


def test_distance_scores_are_minus_the_distance():
    a = np.array([[0, 3], [1, 1], [np.nan, np.nan]], np.float32)
    b = np.array([[4, 0], [1, 1], [0, 0]], np.float32)
    assert distance_scores(a, b).tolist() == [-5, 0, -np.inf]


@pytest.mark.parametrize(("module_name", "package"), [("dlib", "dlib-bin"), ("face_recognition_models",) * 2])
def test_a_missing_peer_names_the_extra(monkeypatch, module_name, package):
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == module_name else object())
    with pytest.raises(MissingExtraError, match=rf'{package} is not installed; run: pip install "vultus\[bench\]"'):
        check_peer()
