"""`vultus cluster`."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, CALIBRATION, GRACE, MARIE, NOBODY, Interrupting, save


@pytest.fixture
def mixed(cli: Cli) -> Path:
    save(Path("mixed/a1.png"), ADA)
    save(Path("mixed/a2.png"), ADA, NOBODY, GRACE)
    save(Path("mixed/a3.png"), ADA, seed=3)
    save(Path("mixed/g1.png"), GRACE)
    save(Path("mixed/m1.png"), MARIE)
    return Path("mixed")


def test_groups_by_person(cli: Cli, mixed: Path) -> None:
    document = cli.json("cluster", mixed)
    groups = [[Path(face["path"]).name for face in group["faces"]] for group in document["groups"]]
    assert groups == [["a1.png", "a2.png", "a3.png"], ["a2.png", "g1.png"], ["m1.png"]]
    assert document["groups"][1]["faces"][0]["face"] == 2
    assert document["fmr_target"] == pytest.approx(0.15 / 3), "it follows the number of groups"
    assert document["threshold"] == pytest.approx(CALIBRATION.threshold(0.15 / 3), abs=1e-6)
    strict = cli.json("cluster", mixed, "--fmr", "1e-3")
    assert (strict["fmr_target"], strict["threshold"]) == (0.001, 0.5)


def test_a_table(cli: Cli, mixed: Path) -> None:
    out = cli("cluster", mixed)
    assert "a1.png, a2.png, a3.png" in out.stdout
    assert "5 pictures, 6 faces; 2 people seen more than once, 1 seen once" in out.stderr


def test_faces_go_into_folders_that_can_be_enrolled(cli: Cli, mixed: Path) -> None:
    out = cli("cluster", mixed, "--out", "sorted")
    assert sorted(str(path.relative_to("sorted")) for path in Path("sorted").rglob("*.jpg")) == [
        "once/m1_00006.jpg", "people/person_001/a1_00001.jpg", "people/person_001/a2_00002.jpg",
        "people/person_001/a3_00004.jpg", "people/person_002/a2_00003.jpg", "people/person_002/g1_00005.jpg",
    ]  # fmt: skip
    assert "then: vultus enroll sorted/people --face largest" in out.stderr
    again = cli("cluster", mixed, "--out", "sorted", code=2)
    assert "--out sorted exists and is not an empty folder; name a new one" in again.stderr


def test_two_faces_of_one_picture_are_two_people(cli: Cli) -> None:
    save(Path("twins.png"), ADA, ADA)
    assert len(cli.json("cluster", "twins.png")["groups"]) == 2


def test_unreadable_pictures_are_listed(cli: Cli, mixed: Path) -> None:
    (mixed / "x.jpg").write_text("no picture")
    document = cli.json("cluster", mixed, code=1)
    assert [item["path"] for item in document["failures"]] == ["mixed/x.jpg"]


def test_no_faces_no_groups(cli: Cli) -> None:
    save(Path("n.png"), NOBODY)
    assert cli.json("cluster", "n.png")["groups"] == []
    assert "1 picture, 0 faces; 0 people" in cli("cluster", "n.png").stderr


def test_ctrl_c_writes_nothing(cli: Cli, mixed: Path) -> None:
    cli.engine = Interrupting(after=2)
    assert "2 pictures, 3 faces so far; nothing was written" in cli("cluster", mixed, "--out", "o", code=130).stderr
    assert not Path("o").exists()


def test_keep_and_out_do_not_go_together(cli: Cli, mixed: Path) -> None:
    assert "--keep and --out do not go together" in cli("cluster", mixed, "--keep", "--out", "o", code=2).stderr
