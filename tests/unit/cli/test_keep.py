"""`vultus cluster --keep`."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, GRACE, MARIE, NOBODY, Interrupting, save
from vultus.cli.console import Bar
from vultus.cli.keep import moving


@pytest.fixture
def mixed(cli: Cli) -> Path:
    save(Path("ada/a0.png"), ADA, seed=9)
    save(Path("mixed/a1.png"), ADA)
    save(Path("mixed/a2.png"), ADA, NOBODY, GRACE)
    save(Path("mixed/g1.png"), GRACE)
    save(Path("mixed/m1.png"), MARIE)
    save(Path("mixed/m2.png"), MARIE, height=50)
    cli("enroll", "ada", "--name", "Ada")
    return Path("mixed")


def test_unknown_faces_are_kept_and_grouped(cli: Cli, mixed: Path) -> None:
    document = cli.json("cluster", mixed, "--keep")
    pictures = {Path(one["path"]).name: one for one in document["pictures"]}
    assert (pictures["a2.png"]["known"], len(pictures["a2.png"]["kept"])) == (["Ada"], 1)
    assert [(group["faces"], [Path(path).name for path in group["sources"]]) for group in document["groups"]] == [
        (2, ["a2.png", "g1.png"]), (1, ["m1.png"]),
    ]  # fmt: skip
    assert document["summary"] == {
        "pictures": 5, "kept": 3, "known": 2, "repeated": 0, "refused": 1, "failed": 0, "complete": True,
    }  # fmt: skip


def test_a_second_run_joins_what_was_kept_before(cli: Cli, mixed: Path) -> None:
    first = cli("cluster", mixed, "--keep")
    assert "5 pictures: 3 new unknown faces, 2 known, 1 refused for their quality" in first.stderr
    assert "1 person seen more than once, 1 seen once" in first.stderr
    assert "name them with: vultus unknown name GROUP NAME" in first.stderr
    save(Path("mixed/g2.png"), GRACE, seed=4)
    save(Path("mixed/g3.png"), GRACE, seed=5)
    again = cli("cluster", mixed, "--keep")
    assert "7 pictures: 2 new unknown faces, 2 known, 3 kept before, 1 refused for their quality" in again.stderr
    assert "and 1 more" in again.stdout


def test_pictures_that_cannot_be_read(cli: Cli, mixed: Path) -> None:
    (mixed / "x.jpg").write_text("no picture")
    document = cli.json("cluster", mixed, "--keep", code=1)
    assert [Path(one["path"]).name for one in document["pictures"] if "error" in one] == ["x.jpg"]
    assert "1 picture could not be read" in cli("cluster", mixed / "x.jpg", "--keep", code=2).stderr


def test_ctrl_c_loses_nothing_that_was_kept(cli: Cli, mixed: Path) -> None:
    for number in range(40):
        save(Path(f"many/{number:02}.png"), GRACE, seed=number)
    cli.engine = Interrupting(after=35)
    out = cli("cluster", "many", "--keep", "--json", code=130)
    assert "32 pictures: 32 new unknown faces; what was kept is safe in " in out.stderr
    cli.engine = Interrupting(after=-1)
    assert cli.json("cluster", "many", "--keep")["summary"]["repeated"] == 32
    assert cli.json("unknown", "list")["groups"][0]["faces"] == 40


def test_a_bar_moves_forward_only() -> None:
    steps: list[int] = []

    class Counting(Bar):
        def advance(self, by: int = 1) -> None:
            steps.append(by)

    move = moving(Counting("comparing"))
    for done in (3, 7, 2, 7, 9):
        move(done)
    assert steps == [3, 4, 0, 0, 2]
