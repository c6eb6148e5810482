"""RFW's lists have no first line."""

from __future__ import annotations

import pytest

from vultus.errors import InputError
from vultus.evaluation.sets.rfw import read_rfw


def test_one_race(touch, text) -> None:
    folder = touch(*(f"data/African/m.{n}/m.{n}_000{k}.jpg" for n in ("01x", "02y") for k in (1, 2)))
    text("txts/African/African_pairs.txt", "m.01x\t1\t2", "m.01x\t1\tm.02y\t2")
    got = read_rfw(folder, "African")
    assert got.same.tolist() == [True, False]
    assert [got.people[side] for side in (got.a[1], got.b[1])] == ["m.01x", "m.02y"]
    with pytest.raises(InputError, match="RFW has lists of African, Asian, Caucasian, Indian, not of 'Martian'"):
        read_rfw(folder, "Martian")
    with pytest.raises(InputError, match=r"cannot read .*Asian_pairs.txt"):
        read_rfw(folder, "Asian")
