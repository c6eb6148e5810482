"""`face_recognition KNOWN IMAGE`, as scripts read it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from unit.inference.portraits import empty, portrait
from vultus.compat.face_recognition.face_recognition_cli import app, look, pictures_in
from vultus.errors import InputError
from vultus.inference.image import write


@pytest.fixture
def known(tmp_path: Path) -> Path:
    folder = tmp_path / "known"
    folder.mkdir()
    write(folder / "eileen.png", portrait())
    write(folder / "wall.jpg", empty())
    (folder / "broken.jpg").write_bytes(b"nothing")
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    return folder


def run(*args: object) -> tuple[int, list[str]]:
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    return result.exit_code, result.output.splitlines()


def test_names_of_a_picture_with_and_without_distance(known: Path) -> None:
    photo = known / "eileen.png"
    code, lines = run(known, photo)
    assert code == 0
    assert f"{photo},eileen" in lines
    assert f"WARNING: No faces found in {known / 'wall.jpg'}. Ignoring file." in lines
    assert any(line.startswith("WARNING: cannot read image") for line in lines)
    assert f"{photo},eileen,0.0" in run(known, photo, "--show-distance", "1")[1]


def test_a_folder_with_people_unknown_and_without(known: Path, tmp_path: Path) -> None:
    look_at = tmp_path / "unknown"
    look_at.mkdir()
    write(look_at / "a.png", portrait())
    write(look_at / "b.png", empty())
    lines = run(known, look_at, "--cpus", "-1")[1]
    assert lines[-2:] == [f"{look_at / 'a.png'},eileen", f"{look_at / 'b.png'},no_persons_found"]


def test_a_stranger_is_unknown(known: Path) -> None:
    photo = known / "eileen.png"
    assert look(photo, ["far"], [np.full(128, 9.0)], 0.6) == [(str(photo), "unknown_person", "None")]


def test_bad_input_is_one_line_and_two(known: Path, tmp_path: Path) -> None:
    assert pictures_in(Path(__file__).parent) == []
    with pytest.raises(InputError, match="is no folder"):
        pictures_in(tmp_path / "nowhere")
    assert run(tmp_path / "nowhere", known / "eileen.png")[0] == 2
    assert run(known, known / "broken.jpg")[0] == 2
