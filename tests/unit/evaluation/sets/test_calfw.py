"""CALFW and CPLFW: two lines per pair."""

from __future__ import annotations

import pytest

from vultus.errors import InputError
from vultus.evaluation.sets.calfw import read_calfw


def test_pairs(touch, text) -> None:
    folder = touch(*(f"aligned images/{name}.jpg" for name in ("Ada_L_0001", "Ada_L_0003", "Bo_0001")))
    text("pairs_CALFW.txt", "Ada_L_0001.jpg 10", "Ada_L_0003.jpg 10", "Ada_L_0001.jpg 0", "Bo_0001.jpg 0")
    got = read_calfw(folder)
    assert (got.same.tolist(), got.people) == ([True, False], ("Ada_L", "Ada_L", "Bo"))
    assert got.images[0] == folder / "aligned images/Ada_L_0001.jpg"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("Ada_0001.jpg 1",), "has 1 lines, but needs two for each pair"),
        (("Ada_0001.jpg 1", "Ada_0002.jpg 0"), "line 1: both lines of a pair end in the same number, not 1, 0"),
        (("Ada_0001.jpg", "Ada_0002.jpg"), "expected '<name>_0001.jpg <number>', but it is 'Ada_0001.jpg'"),
        (("Ada_0001.jpg 1", "Ada_0002.jpg 1"), "names .*Ada_0001.jpg, but there is no such file"),
        ((), "the list has no pairs"),
    ],
)
def test_bad_lists(text, lines, message: str) -> None:
    path = text("pairs_CPLFW.txt", *lines)
    with pytest.raises(InputError, match=message):
        read_calfw(path.parent)
