from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vultus.errors import InputError, StoreError
from vultus.gallery.encrypted.layout import Layout
from vultus.gallery.encrypted.register import Place
from vultus.gallery.encrypted.roster import Entry, Roster, read_roster, write_roster

ROSTER = Roster(
    "ab", "cd", "dlib:0", Layout(8, 8, 15, 3),
    (Entry(1, "Ada", Place(0, 300.5, 0.01), 0.0, "00"), Entry(7, "Zoë", Place(2, 299.0, 0.0), -0.25, "11")),
)  # fmt: skip


def test_it_comes_back_from_its_file_for_its_owner_alone(tmp_path: Path) -> None:
    write_roster(ROSTER, tmp_path / "r")
    assert read_roster(tmp_path / "r") == ROSTER
    (tmp_path / "r").chmod(0o644)
    with pytest.raises(StoreError, match="others may read"):
        read_roster(tmp_path / "r")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("people", None, "has no valid 'people'"),
        ("people", [3], "has a row that is no person"),
        ("people", [[1, "Ada", 0, 300.5, 0.01, 0.0]], "has a row that is no person"),
        ("people", [[1, "Ada", 0, 0.0, 0.01, 0.0, ""]], "has a row that is no person"),
        ("people", [[1, "Ada", 0, 300.5, float("nan"), 0.0, ""]], "has a row that is no person"),
        ("people", [[1, "Ada", -1, 300.5, 0.01, 0.0, ""]], "has a row that is no person"),
        ("revision", 3, "has no valid 'revision'"),
        ("layout", {}, "a layout needs the whole numbers"),
    ],
)
def test_a_damaged_roster_is_told(name: str, value: Any, told: str, tmp_path: Path) -> None:
    write_roster(ROSTER, tmp_path / "r")
    document = json.loads((tmp_path / "r").read_text()) | {name: value}
    (tmp_path / "r").write_text(json.dumps(document))
    with pytest.raises(InputError, match=told):
        read_roster(tmp_path / "r")
    (tmp_path / "r").write_text("{")
    with pytest.raises(InputError, match=r"the roster .* is cut short or damaged"):
        read_roster(tmp_path / "r")
