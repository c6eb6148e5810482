"""OULU-NPU's lists."""

from __future__ import annotations

import pytest

from vultus.errors import InputError
from vultus.evaluation.sets.oulu import read_oulu


def test_a_list(text) -> None:
    got = read_oulu(text("Test.txt", "+1,6_3_20_1", "-1,6_3_20_2", "-1,1_1_01_3", "-2,6_3_21_4", "-2,6_3_21_5"))
    assert [one.species for one in got] == ["bona_fide", "print_1", "print_2", "replay_1", "replay_2"]
    assert [one.subject for one in got] == ["20", "20", "01", "21", "21"]
    assert got[0].name == "6_3_20_1"


def test_bad_lists(text) -> None:
    for line in ("6_3_20_1", "+1,6_3_20_9", "+3,6_3_20_1"):
        with pytest.raises(InputError, match=r"line 1: expected '\+1,phone_session_user_file'"):
            read_oulu(text("Test.txt", line))
    with pytest.raises(InputError, match=r"label -1 and file number 1 contradict each other"):
        read_oulu(text("Test.txt", "-1,6_3_20_1"))
