"""Which pictures are looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from vultus.errors import InputError
from vultus.evaluation.geometry.material import gather


def filled(home: Path, counts: dict[str, int]) -> Path:
    for person, count in counts.items():
        (home / person).mkdir(parents=True)
        for number in range(count):
            (home / person / f"{number}.jpg").touch()
    (home / "notes.txt").touch()
    return home


def test_folders_of_people(tmp_path: Path) -> None:
    found = gather(filled(tmp_path / "p", {"ada": 5, "bo": 3, "cy": 7}))
    assert len(found.pictures) == 15
    assert list(found.best_covered(5)) == ["cy", "ada"]
    assert list(found.best_covered(1)) == ["cy"]
    assert found.labels == {}
    with pytest.raises(InputError, match="has no pictures in folders of people"):
        gather(tmp_path / "p" / "ada")


def test_a_table_says_who_is_where(tmp_path: Path) -> None:
    home = filled(tmp_path / "p", {"ada": 2, "bo": 2})
    table = tmp_path / "t.csv"
    table.write_text("image,identity,smiling,glasses\nada/0.jpg,A,,1\nada/1.jpg,A,1,0\nbo/0.jpg,B,,\nbo/1.jpg,B,0,\n")
    found = gather(home, table)
    assert found.people == ("A", "A", "B", "B")
    assert found.one_each(10).tolist() == [1, 3]
    assert len(found.one_each(1)) == 1
    table.write_text("image,smiling\nada/0.jpg,1\nbo/1.jpg,0\n")
    assert gather(home, table).people == ("ada", "bo")
    table.write_text("image,smiling\nada/0.jpg,1\nbo/9.jpg,0\n")
    with pytest.raises(InputError, match=r"line 3: there is no bo/9\.jpg in"):
        gather(home, table)
    table.write_text("image,smiling\nada/0.jpg,1\nada/0.jpg,0\n")
    with pytest.raises(InputError, match="this picture is in line 2 already"):
        gather(home, table)
