"""SiW's names."""

from __future__ import annotations

import pytest

from vultus.errors import InputError
from vultus.evaluation.sets.siw import read_siw

NAMES = ("003-1-1-1-1", "003-1-2-1-1", "005-2-3-4-2")


def test_a_list_and_a_folder(touch, text) -> None:
    films = [name.replace("-", "_") + ".mov" for name in NAMES]
    got = read_siw(text("protocol.txt", *films))
    assert [(one.species, one.subject) for one in got] == [
        ("bona_fide", "003"),
        ("print_1", "003"),
        ("replay_4", "005"),
    ]
    folder = touch(f"Test/live/003/{films[0]}", f"Test/spoof/003/{films[1]}", f"Test/spoof/005/{films[2]}")
    assert read_siw(folder / "Test") == got


def test_bad_lists(text, tmp_path) -> None:
    with pytest.raises(InputError, match=r"expected subject_sensor_type_medium_session, but it is '1_2_9_1_1.mov'"):
        read_siw(text("protocol.txt", "1_2_9_1_1.mov"))
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match=r"holds no films \(.mov, .mp4\)"):
        read_siw(tmp_path / "none")
