"""Pictures of a folder per person."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from unit.cli.fake import ADA, GRACE, save
from vultus.cli.folders import by_folder
from vultus.errors import InputError


def test_what_is_no_folder_of_people(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder; give a folder FOLDER/<person>"):
        by_folder([str(save(tmp_path / "a.png", ADA))])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no folders of people; expected"):
        by_folder([str(tmp_path / "empty")])
    (tmp_path / "empty/Ada").mkdir()
    with pytest.raises(InputError, match="no pictures in the folders of"):
        by_folder([str(tmp_path / "empty")])


def test_an_album_can_be_walked_again_and_knows_its_length(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/deep/1.png", "a/1.png"):
        save(tmp_path / name, ADA)
    album = by_folder([str(tmp_path)])
    pairs = [(name, Path(str(path)).relative_to(tmp_path).as_posix()) for name, path in album]
    assert pairs == [("a", "a/1.png"), ("b", "b/2.png"), ("b", "b/deep/1.png")]
    assert len(album) == len(list(album)) == 3


def test_folders_of_one_person_are_side_by_side(tmp_path: Path) -> None:
    """Also when two file systems spell the name in different code points."""
    names = [unicodedata.normalize(form, "Žofie") for form in ("NFD", "NFC")]
    for root, name in zip(("first", "second"), names, strict=True):
        save(tmp_path / root / name / "1.png", ADA)
        save(tmp_path / root / "Ada" / "1.png", GRACE)
    album = by_folder([str(tmp_path / "first"), str(tmp_path / "second")])
    assert [name for name, _ in album] == ["Ada", "Ada", *names]


def test_folders_without_pictures_and_hidden_ones_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "Ada/1.png", ADA)
    save(tmp_path / ".thumbs/1.png", ADA)
    (tmp_path / "Bare").mkdir()
    assert [name for name, _ in by_folder([str(tmp_path)])] == ["Ada"]
    assert f"skipped: {tmp_path / 'Bare'} holds no pictures" in capsys.readouterr().err


def test_a_folder_whose_name_no_person_can_have_is_told_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("Ada", "Gr\nace", "x" * 201):
        save(tmp_path / name / "1.png", ADA)
    assert [name for name, _ in by_folder([str(tmp_path)])] == ["Ada"]
    told = capsys.readouterr().err
    assert "a person's name must not hold control characters" in told
    assert "at most 200 characters" in told
