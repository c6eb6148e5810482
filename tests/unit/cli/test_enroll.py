"""`vultus enroll`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, GRACE, NOBODY, FakeEngine, Interrupting, save
from vultus.cli.enroll import parse_metadata
from vultus.errors import InputError


def test_a_folder_of_people(cli: Cli, people: Path) -> None:
    out = cli("enroll", people, "--gallery", "g.db")
    rows = [line.split() for line in out.stdout.splitlines()]
    assert ["Ada", "2"] in rows
    assert ["Grace", "2"] in rows
    assert "gallery: g.db" in out.stderr


def test_a_second_run_computes_nothing(cli: Cli, people: Path) -> None:
    cli("enroll", people, "--gallery", "g.db")
    before = cli.engine.n_seen
    document = cli.json("enroll", people, "--gallery", "g.db")
    assert cli.engine.n_seen == before
    assert document["summary"] == {
        "people": 2, "enrolled": 0, "repeated": 4, "refused": 0, "failed": 0, "complete": True,
    }  # fmt: skip


def test_named_pictures_with_metadata(cli: Cli) -> None:
    save(Path("a.png"), ADA)
    document = cli.json("enroll", "--name", "Žofie Ada", "a.png", "-g", "g.db", "--metadata", "team=blue")
    assert [row["status"] for row in document["pictures"]] == ["enrolled"]
    shown = cli.json("gallery", "show", "Žofie Ada", "-g", "g.db")
    assert shown["metadata"] == {"team": "blue"}


def test_refusals_are_told_with_their_reasons_and_can_be_overridden(cli: Cli) -> None:
    save(Path("p/Ada/small.png"), ADA, height=50)
    save(Path("p/Ada/two.png"), ADA, GRACE)
    save(Path("p/Ada/none.png"), NOBODY)
    out = cli("enroll", "p", "-g", "g.db", code=1)
    assert "small.png: too small" in out.stderr
    assert "two.png: several faces" in out.stderr
    assert "none.png: no face found" in out.stderr
    assert "several faces: give pictures of one person, or add --face largest" in out.stderr
    assert "refused for quality: give better pictures, or add --override-quality" in out.stderr
    assert "nobody was enrolled" in out.stderr
    assert "small.png: too small" in cli("enroll", "p", "-g", "g.db", code=1).stderr
    assert cli.json("enroll", "p", "-g", "g.db", "--override-quality", "--face", "largest")["summary"]["enrolled"] == 2


def test_an_unreadable_picture_is_a_failure_and_the_rest_goes_on(cli: Cli, people: Path) -> None:
    (people / "Ada/broken.jpg").write_bytes(b"\xff\xd8\xff")
    document = cli.json("enroll", people, "-g", "g.db", code=1)
    assert document["summary"]["failed"] == 1
    assert document["summary"]["enrolled"] == 4
    failed = next(row for row in document["pictures"] if row["status"] == "failed")
    assert failed["error"].startswith("cannot read")


def test_somebody_known_stops_or_is_replaced(cli: Cli, people: Path, known: Path) -> None:
    out = cli("enroll", people, "-g", known, "--on-clash", "error", code=2)
    assert "a person named 'Ada' exists already; use --on-clash add or --on-clash replace" in out.stderr
    save(Path("new.png"), ADA, seed=9)
    cli("enroll", "--name", "Ada", "new.png", "-g", known, "--on-clash", "replace")
    assert len(cli.json("gallery", "show", "Ada", "-g", known)["enrolled"]) == 1


def test_ctrl_c_tells_what_is_safe_and_the_next_run_goes_on(cli: Cli) -> None:
    for number in range(70):
        save(Path(f"p/Ada/{number:02d}.png"), ADA, seed=number)
    whole = cli.engine
    cli.engine = Interrupting(after=66)
    out = cli("enroll", "p", "-g", "g.db", "--json", code=130)
    assert "interrupted: 64 of 70 pictures are enrolled and safe in g.db; run the same command again" in out.stderr
    document = json.loads(out.stdout)
    assert len(document["pictures"]) == 64
    assert document["summary"]["complete"] is False
    cli.engine = whole
    summary = cli.json("enroll", "p", "-g", "g.db")["summary"]
    assert (summary["repeated"], summary["enrolled"]) == (64, 6)
    assert whole.n_seen == 6


def test_one_bad_picture_is_one_line(cli: Cli) -> None:
    Path("zero.jpg").write_bytes(b"")
    out = cli("enroll", "--name", "Ada", "zero.jpg", "-g", "g.db", code=2)
    assert (out.stdout, out.stderr) == ("", "skipped: cannot read image zero.jpg: the file is empty (0 bytes)\n")


def test_a_folder_without_pictures_is_told_beside_the_others(cli: Cli) -> None:
    save(Path("p/Ada/a.png"), ADA)
    Path("p/Bare").mkdir()
    assert f"skipped: {Path('p/Bare')} holds no pictures" in cli("enroll", "p", "-g", "g.db").stderr


def test_only_the_first_people_have_a_row(cli: Cli, people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vultus.cli.enroll._ROWS", 1)
    out = cli("enroll", people, "-g", "g.db")
    assert [line.split()[0] for line in out.stdout.splitlines()[2:]] == ["Ada"]
    assert "the first 1 of 2 people: 4 pictures enrolled in all; --json tells of every one" in out.stderr
    assert cli.json("enroll", people, "-g", "g.db")["summary"]["people"] == 2


def test_metadata_must_be_pairs() -> None:
    assert parse_metadata(["a=1", "b=x=y"]) == {"a": "1", "b": "x=y"}
    with pytest.raises(InputError, match="--metadata must be KEY=VALUE, but is 'a'"):
        parse_metadata(["a"])


def test_a_cluster_enrols_what_this_process_would(cli: Cli, people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    class Far(FakeEngine):
        """Stands in for the workers."""

        def __init__(self, engine: FakeEngine, build: Callable[[], FakeEngine], workers: int) -> None:
            super().__init__()
            seen.extend([build(), workers])

        def __enter__(self) -> Far:
            return self

        def __exit__(self, *_: object) -> None:
            seen.append(self.n_seen)

    monkeypatch.setattr("vultus.batch.rayengine.RayEngine", Far)
    document = cli.json("enroll", people, "-g", "g.db", "--engine", "ray", "--workers", "3")
    assert document["summary"]["enrolled"] == 4
    assert seen[1:] == [3, 4]
    # a worker has one thread
    assert [choice.threads for choice in cli.choices] == [None, 1]
