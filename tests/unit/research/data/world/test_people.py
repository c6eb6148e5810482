from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import ConfigError
from vultus.research.data.world import hair, people


def test_a_number_is_one_person_however_many_are_drawn() -> None:
    many, one = people.draw(6, seed=9), people.draw(1, seed=9, first_id=4)
    assert one.ids.tolist() == [4]
    for name in many.__dataclass_fields__:
        assert np.array_equal(getattr(many, name)[4:5], getattr(one, name)), name


def test_seeds_and_numbers_give_other_people() -> None:
    some = people.draw(200, seed=1)
    assert len({row.tobytes() for row in some.identity}) == 200
    assert not np.array_equal(some.identity[:5], people.draw(5, seed=2).identity)
    assert some.identity.shape[1] >= 16


def test_people_differ_in_tone_age_hair_and_what_they_wear() -> None:
    some = people.draw(400, seed=3)
    assert some.skin_tone.min() < 0.05 < 0.95 < some.skin_tone.max()
    assert np.corrcoef(some.skin_tone, some.skin.mean(1))[0, 1] < -0.9
    assert some.age.min() < 22 < 70 < some.age.max()
    assert len(np.unique(some.hair)) >= len(hair.STYLES) - 1
    assert 0.15 < (some.wear > 0).mean() < 0.35
    assert (people.draw(50, accessories=0.0).wear == 0).all()


def test_taking_and_drawing_nobody() -> None:
    some = people.draw(3, seed=1)
    assert some.take([2, 2, 0]).ids.tolist() == [2, 2, 0]
    assert len(people.draw(0)) == 0
    with pytest.raises(ConfigError, match="people need numbers from 0 on"):
        people.draw(2, first_id=-1)


def test_the_step_is_soft() -> None:
    assert [people.smooth_step(0, 1, x) for x in (-1, 0.5, 2)] == [0, 0.5, 1]
