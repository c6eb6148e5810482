"""`vultus audit`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from unit.cli.conftest import Cli


def test_what_was_done_is_told(cli: Cli, known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VULTUS_ACTOR", "desk 3")
    cli("gallery", "show", "Ada", "-g", known, "--purpose", "a question of hers")
    cli("gallery", "rename", "Grace", "Admiral", "-g", known)
    entries = cli.json("audit", "log", "-g", known)["entries"]
    assert [entry["entry"] for entry in entries] == list(range(1, len(entries) + 1))
    shown, renamed = entries[-2:]
    assert (shown["action"], shown["subjects"], shown["actor"]) == ("view", [1], "desk 3")
    assert (shown["purpose"], renamed["action"], renamed["subjects"]) == ("a question of hers", "rename", [2])
    out = cli("audit", "log", "-g", known)
    assert "a question of hers" in out.stdout
    assert f"{len(entries)} entries" in out.stderr
    assert "Grace" not in out.stdout
    only = cli.json("audit", "log", "-g", known, "--person", "Admiral")["entries"]
    assert all(2 in entry["subjects"] for entry in only)
    assert len(only) < len(entries)
    assert cli.json("audit", "log", "-g", known, "--number", 2)["entries"] == only
    assert cli.json("audit", "log", "-g", known, "--after", len(entries))["entries"] == []
    assert "unknown person 'Nobody'" in cli("audit", "log", "-g", known, "--person", "Nobody", code=2).stderr


def test_details_are_words(cli: Cli, known: Path) -> None:
    cli("gallery", "consent", "Ada", "--withdraw", "-g", known)
    cli("gallery", "expire", "--yes", "-g", known)
    cli("vault", "rotate", "-g", known)
    told = cli("audit", "log", "-g", known).stdout
    for words in ("fields withdrawn at", "person, reason consent withdrawn", "rotated"):
        assert words in told
    assert "True" not in told
    assert "what" not in told


def test_everybody_is_a_word(cli: Cli, known: Path) -> None:
    cli("gallery", "list", "-g", known)
    assert "everybody" in cli("audit", "log", "-g", known).stdout.splitlines()[-1]


def test_reading_the_log_changes_nothing(cli: Cli, known: Path) -> None:
    first = cli.json("audit", "log", "-g", known)
    cli("audit", "verify", "-g", known)
    assert cli.json("audit", "log", "-g", known) == first


def test_the_log_is_whole_until_somebody_touches_it(cli: Cli, known: Path) -> None:
    found = cli.json("audit", "verify", "-g", known)
    assert (found["problems"], found["notes"], found["keyed"]) == ([], [], True)
    out = cli("audit", "verify", "-g", known)
    assert f"the log is whole: {found['entries']} entries" in out.stderr
    assert found["head"] in out.stderr
    cli("gallery", "list", "-g", known)
    cli("audit", "verify", "-g", known, "--head", found["head"])
    other = f"{found['entries']}:{'0' * 64}"
    assert "is not as it was when its head was noted" in cli(
        "audit", "verify", "-g", known, "--head", other, code=1
    ).stderr  # fmt: skip
    assert "the head of a log must be" in cli("audit", "verify", "-g", known, "--head", "x", code=2).stderr
    connection = sqlite3.connect(known, isolation_level=None)
    connection.execute("DROP TRIGGER audit_is_not_shortened")
    connection.execute("DELETE FROM audit WHERE seq = 2")
    connection.close()
    assert "entries are missing: 2" in cli("audit", "verify", "-g", known, code=1).stderr
    assert cli.json("audit", "verify", "-g", known, code=1)["problems"] != []


def test_a_plain_gallery_says_what_its_log_is_worth(cli: Cli, known: Path) -> None:
    from vultus.gallery import Gallery

    Gallery.open("plain.vultus", vault=False).close()
    out = cli("audit", "verify", "-g", "plain.vultus").stderr
    assert "the gallery is not encrypted, so whoever may write it can write its log anew" in out


def test_a_clock_that_went_back_is_a_remark(cli: Cli, known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import datetime

    from vultus.gallery import audit

    class Clock(datetime):
        @classmethod
        def now(cls, zone=None):  # type: ignore[no-untyped-def, override]
            return datetime(2001, 1, 1, tzinfo=zone)

    with monkeypatch.context() as patch:
        patch.setattr(audit, "datetime", Clock)
        cli("gallery", "list", "-g", known)
    assert "the clock went back before entry" in cli("audit", "verify", "-g", known).stderr
