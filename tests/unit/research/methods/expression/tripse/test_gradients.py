from __future__ import annotations

import numpy as np
import pytest

from vultus.research.data.sample import Samples
from vultus.research.methods.expression.tripse.gradients import BINS, Gradients, histograms


def stripes(angle_deg: float, shift: float = 0.0) -> np.ndarray:
    rows, columns = np.mgrid[:40, :40]
    turn = np.deg2rad(angle_deg)
    return (127 + 100 * np.sin((columns * np.cos(turn) + rows * np.sin(turn)) * 0.8 + shift)).astype(np.uint8)


def test_a_direction_is_its_bin() -> None:
    for number in range(BINS):
        (found,) = histograms(stripes(20 * number + 10)[None])
        shares = found.reshape(-1, BINS).sum(0)
        assert shares.argmax() == number
        assert shares[number] > 0.5 * shares.sum()


def test_blocks_have_length_one_and_light_does_not_matter() -> None:
    pictures = np.random.default_rng(0).integers(0, 100, (3, 40, 40), dtype=np.uint8)
    found = histograms(pictures)
    assert found.shape == (3, 4 * 4 * 4 * BINS)
    assert np.linalg.norm(found.reshape(3, 16, -1), axis=2) == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(histograms(pictures * 2 + 7), found, atol=1e-4)


def test_scikit_image_finds_the_same_directions() -> None:
    feature = pytest.importorskip("skimage.feature")
    picture = stripes(35)
    theirs = feature.hog(picture, BINS, (8, 8), (2, 2), "L2", feature_vector=False).sum((0, 1, 2, 3))
    ours = histograms(picture[None]).reshape(-1, BINS).sum(0)
    assert theirs.argmax() == ours.argmax()


def test_it_tells_stripes_apart() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    pictures = np.stack(
        [stripes(60 * label, shift) for label, shift in zip(labels, rng.uniform(0, 6, 60), strict=True)]
    )
    machine = Gradients()
    budget = machine.fit(Samples({"image": pictures[:40], "expression": labels[:40]}), 0)
    assert budget.samples == 40
    assert (machine.predict({"image": pictures[40:]})["expression"] == labels[40:]).all()
