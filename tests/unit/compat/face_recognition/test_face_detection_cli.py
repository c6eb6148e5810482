"""`face_detection IMAGE`, as scripts read it."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from unit.inference.portraits import empty, portrait
from vultus.compat.face_recognition.face_detection_cli import app
from vultus.inference.image import write


def test_a_line_for_each_face_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "a.png", portrait())
    write(tmp_path / "b.png", empty())
    result = CliRunner().invoke(app, [str(tmp_path), "--model", "cnn"])
    assert result.exit_code == 0
    (line,) = result.output.splitlines()
    name, *sides = line.split(",")
    assert name == str(tmp_path / "a.png")
    assert len([int(side) for side in sides]) == 4


def test_no_picture_ends_with_two(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, [str(tmp_path / "none.jpg")]).exit_code == 2
