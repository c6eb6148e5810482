from __future__ import annotations

import pytest

from unit.research.toy import Config, Part
from vultus.config import apply
from vultus.errors import InputError, UnknownNameError


def test_settings_take_the_kind_of_what_they_replace():
    found = apply(Config(), ["effect=1", "parameters=7", "name=12", "sizes=[3,4]", "part.width=5"])
    assert found == Config(effect=1.0, parameters=7, name="12", sizes=(3, 4), part=Part(5))
    assert isinstance(found.effect, float)
    assert apply(Config(), []) == Config()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("effect", "a setting must be KEY=VALUE, but is 'effect'"),
        ("effect=much", "effect must be of the kind of 0.0, but is 'much'"),
        ("parameters=1.5", "parameters must be of the kind of 100"),
        ("parameters=true", "parameters must be of the kind of 100"),
        ("sizes=3", r"sizes must be of the kind of \(1, 2\), but is '3'"),
    ],
)
def test_values_that_do_not_fit(override, message):
    with pytest.raises(InputError, match=message):
        apply(Config(), [override])


def test_settings_that_are_not_there():
    with pytest.raises(UnknownNameError, match="unknown setting 'with'; did you mean 'width'"):
        apply(Config(), ["part.with=1"])
    with pytest.raises(UnknownNameError, match="effect has no parts"):
        apply(Config(), ["effect.x=1"])
