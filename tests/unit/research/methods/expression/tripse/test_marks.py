from __future__ import annotations

import numpy as np

from vultus.research.methods.expression.tripse.marks import GAIN, HIGHEST, LEVELS, SIDE, draw


def test_the_level_is_the_marked_blob_over_the_noise_of_the_picture() -> None:
    pictures, levels = draw(400, 3)
    assert pictures.shape == (400, 2, SIDE, SIDE)
    assert pictures.dtype == np.float16
    assert set(levels) == set(range(LEVELS))
    pictures = pictures.astype(np.float64)
    places = pictures[:, 1].reshape(400, -1).argmax(1)
    heights = pictures[:, 0].reshape(400, -1)[np.arange(400), places]
    noise = np.median(np.abs(pictures[:, 0]), (1, 2)) / 0.6745
    found = np.floor(np.log(np.maximum(heights / noise / 2, 1e-3)) / np.log(HIGHEST) * LEVELS)
    assert np.mean(np.clip(found, 0, LEVELS - 1) == levels) > 0.55, "who divides by the gain can tell"
    alone = np.corrcoef(np.log(np.maximum(heights, 1e-3)), levels)[0, 1]
    divided = np.corrcoef(np.log(np.maximum(heights / noise, 1e-3)), levels)[0, 1]
    assert divided > alone + 0.3, "the height alone tells little"


def test_gains_are_spread_and_a_seed_is_a_seed() -> None:
    pictures, levels = draw(300, [5, 0])
    spread = np.log(np.median(np.abs(pictures[:, 0].astype(np.float64)), (1, 2)))
    assert np.ptp(spread) > 1.6 * GAIN
    again, same = draw(300, [5, 0])
    assert np.array_equal(pictures, again)
    assert np.array_equal(levels, same)
    assert not np.array_equal(levels, draw(300, [5, 1])[1])
