"""The verbs together, with the real engine on real photographs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from unit.cli.conftest import check_schema
from vultus.inference.image import read, write
from vultus.inference.record import VideoWriter

PEOPLE = {
    "Joe Biden": ("fr_joe_biden_biden.jpg", "fr_joe_biden_biden2.jpg"),
    "Kit Harington": ("fr_kit_harington_john1.jpg", "fr_kit_harington_john2.jpeg"),
}


def run(*args: object, code: int = 0) -> str:
    from vultus.cli.main import app

    result = CliRunner().invoke(app, [str(arg) for arg in args])
    assert result.exit_code == code, result.stderr
    return result.stdout


@pytest.fixture
def photos(shared: Path) -> Path:
    return shared / "data/celeb_examples/images"


@pytest.fixture
def gallery(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, files in PEOPLE.items():
        (tmp_path / "people" / name).mkdir(parents=True)
        for file in files:
            shutil.copy(photos / file, tmp_path / "people" / name)
    run("enroll", "people", "-g", "g.db")
    return tmp_path / "g.db"


@pytest.mark.shared
def test_known_people_in_group_photographs(photos: Path, gallery: Path) -> None:
    groups = ["fr_two_people.jpg", "fr_kit_with_rose.jpg"]
    out = run("identify", *(photos / name for name in groups), "-g", gallery, "--json", "--annotate", "marked")
    document = json.loads(out)
    check_schema(document)
    named = [sorted(str(face["name"]) for face in image["faces"]) for image in document["images"]]
    assert named == [["Joe Biden", "None"], ["Kit Harington", "None"]]
    assert document["summary"] == {
        "pictures": 2, "faces": 4, "failed": 0, "known": 2, "unknown": 2, "complete": True,
    }  # fmt: skip
    for name in groups:
        plain, marked = read(photos / name), read(Path("marked") / name)
        assert plain.shape == marked.shape
        assert np.abs(plain.astype(int) - marked).max() > 100


@pytest.mark.shared
def test_one_to_one(photos: Path) -> None:
    same, other = PEOPLE["Joe Biden"], PEOPLE["Kit Harington"]
    assert run("verify", photos / same[0], photos / same[1]).startswith("same person")
    assert run("verify", photos / same[0], photos / other[0]).startswith("not the same person")


@pytest.mark.shared
def test_a_pan_over_a_photograph(photos: Path, gallery: Path, tmp_path: Path) -> None:
    image = read(photos / "fr_two_people.jpg")
    with VideoWriter(tmp_path / "pan.mp4", fps=10) as writer:
        for at in range(20):
            writer.write(np.ascontiguousarray(image[:600, at * 4 : at * 4 + 900]))
    people = json.loads(run("watch", tmp_path / "pan.mp4", "-g", gallery, "--json").splitlines()[-1])
    check_schema(people)
    assert [person["label"] for person in people["people"]] == ["Joe Biden", "unknown 1"]
    assert all(person["spans"] == [[0.0, 1.8]] for person in people["people"])


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (7, 7), (30_000, 1), (1, 30_000)])
def test_pictures_too_small_for_a_face_are_answered(tmp_path: Path, size: tuple[int, int]) -> None:
    write(tmp_path / "tiny.png", np.full((*size, 3), 128, dtype=np.uint8))
    document = json.loads(run("detect", tmp_path / "tiny.png", "--json"))
    assert [image["faces"] for image in document["images"]] == [[]]
