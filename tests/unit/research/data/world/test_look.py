from __future__ import annotations

import numpy as np

from vultus.research.data.world import look, maps, people
from vultus.research.data.world.actions import NAMES, number


def test_rows_hold_what_the_people_look_like() -> None:
    some = people.draw(5, seed=1)
    rows = look.rows(some, np.zeros((5, len(NAMES)), np.float32))
    assert rows.shape == (5, look.WIDTH)
    assert np.array_equal(rows[:, look.SKIN_RGB : look.SKIN_RGB + 3], some.skin)
    assert look.FURROW + len(maps.FURROWS) == look.WIDTH
    assert some.marks.shape[1] == look.BARE - look.BLUSH + 1


def test_smiling_folds_and_age_folds_too() -> None:
    some = people.draw(20, seed=1)
    nothing, smile = np.zeros((2, 20, len(NAMES)), np.float32)
    smile[:, number("AU12")] = 1
    rest, shown = look.furrows(some, nothing), look.furrows(some, smile)
    fold = maps.FURROWS.index("smile")
    assert (shown[:, fold] > rest[:, fold] + 0.2).all()
    assert np.corrcoef(some.age, rest.sum(1))[0, 1] > 0.9
