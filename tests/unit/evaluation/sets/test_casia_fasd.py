"""CASIA-FASD's films."""

from __future__ import annotations

import pytest

from vultus.errors import InputError
from vultus.evaluation.sets.casia_fasd import name_of, read_casia_fasd


def test_a_folder_and_a_list(touch, text) -> None:
    films = ("1", "HR_1", "3", "6", "HR_4")
    folder = touch(*(f"test_release/12/{film}.avi" for film in films)) / "test_release"
    got = read_casia_fasd(folder)
    assert [(one.name, one.species) for one in got] == [
        ("12/1", "bona_fide"), ("12/3", "warped_print"), ("12/6", "cut_print"), ("12/HR_1", "bona_fide"),
        ("12/HR_4", "replay"),
    ]  # fmt: skip
    assert read_casia_fasd(text("list.txt", *(one.name for one in got))) == got
    assert name_of("test_release/12/HR_4.avi") == name_of(r"C:\x\12\HR_4.avi") == "12/HR_4"


def test_bad_lists(text, tmp_path) -> None:
    with pytest.raises(InputError, match=r"line 1: expected subject/film such as 12/HR_4, but it is '12/9.avi'"):
        read_casia_fasd(text("list.txt", "12/9.avi"))
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match=r"holds no films <subject>/\*.avi"):
        read_casia_fasd(tmp_path / "none")
