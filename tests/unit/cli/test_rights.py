"""`vultus gallery consent`, `tag`, `expire` and `export-person`."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from unit.cli.conftest import Cli, check_schema
from unit.cli.fake import names


def test_consent_is_shown_and_set(cli: Cli, known: Path) -> None:
    assert "Ada: no consent on record" in cli("gallery", "consent", "Ada", "-g", known).stdout
    given = ("--basis", "consent", "--given", "2026-01-31", "--note", "file 7", "--keep-until", "2100-01-01")
    found = cli.json("gallery", "consent", "Ada", "-g", known, *given)
    assert found["consent"] == {"basis": "consent", "given_at": "2026-01-31T00:00:00Z", "note": "file 7"}
    assert found["keep_until"] == "2100-01-01T00:00:00Z"
    found = cli.json("gallery", "consent", "Ada", "-g", known, "--until", "2099-01-01", "--keep-forever")
    assert (found["consent"]["basis"], found["consent"]["until"]) == ("consent", "2099-01-01T00:00:00Z")
    assert found["keep_until"] is None
    assert "kept without a limit" in cli("gallery", "consent", "Ada", "-g", known).stderr
    out = cli("gallery", "consent", "Ada", "-g", known, "--keep-days", "-1", code=2)
    assert "people are kept for 0 to 36525 days" in out.stderr
    out = cli("gallery", "consent", "Ada", "-g", known, "--keep-days", 3, "--keep-forever", code=2)
    assert "must be said once: --keep-days, --keep-until or --keep-forever" in out.stderr
    assert (
        "until must be a date such as" in cli("gallery", "consent", "Ada", "-g", known, "--until", "x", code=2).stderr
    )


def test_tags(cli: Cli, known: Path) -> None:
    assert cli.json("gallery", "tag", "Ada", "staff", "night", "-g", known)["tags"] == ["night", "staff"]
    assert cli("gallery", "tag", "Ada", "--remove", "night", "-g", known).stdout == "Ada: staff\n"
    assert cli("gallery", "tag", "Ada", "-g", known).stdout == "Ada: staff\n"
    assert cli("gallery", "tag", "Grace", "-g", known).stdout == "Grace: no tags\n"
    assert cli.json("gallery", "list", "-g", known)["people"][0]["tags"] == ["staff"]


def test_who_is_due_is_shown_then_removed(cli: Cli, known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "nobody is due" in cli("gallery", "expire", "-g", known, "--yes").stderr
    cli("gallery", "consent", "Ada", "-g", known, "--withdraw")
    cli("gallery", "consent", "Grace", "-g", known, "--keep-days", 10)
    out = cli("gallery", "expire", "-g", known, "--dry-run")
    assert "consent withdrawn" in out.stdout
    assert "1 person would be removed" in out.stderr
    found = cli.json("gallery", "expire", "-g", known, "--dry-run", "--at", "2100-01-01")
    assert [(one["name"], one["reason"]) for one in found["due"]] == [
        ("Ada", "consent_withdrawn"), ("Grace", "kept_long_enough"),
    ]  # fmt: skip
    assert found["removed"] == []
    assert "add --dry-run" in cli("gallery", "expire", "-g", known, "--at", "2100-01-01", code=2).stderr
    assert "nobody is here to confirm the removal; add --yes" in cli("gallery", "expire", "-g", known, code=2).stderr
    monkeypatch.setattr("vultus.cli.rights.there_is_somebody", lambda: True)
    assert "stopped: nothing was changed" in cli("gallery", "expire", "-g", known, stdin="n\n", code=2).stderr
    assert len(cli.json("gallery", "list", "-g", known)["people"]) == 2
    assert "removed 1 person" in cli("gallery", "expire", "-g", known, stdin="y\n").stderr
    assert names(cli.json("gallery", "list", "-g", known)["people"]) == ["Grace"]
    assert cli.json("gallery", "expire", "-g", known, "--yes")["removed"] == []


def test_everything_about_one_person(cli: Cli, known: Path) -> None:
    out = cli("gallery", "export-person", "Ada", "ada", "-g", known)
    assert "wrote what is held about 'Ada', 2 faces, to ada" in out.stderr
    assert "hand it to nobody but the person" in out.stderr
    document = json.loads(Path("ada/person.json").read_text())
    check_schema(document)
    assert document["name"] == "Ada"
    cli("gallery", "export-person", "Ada", "ada.zip", "-g", known)
    with zipfile.ZipFile("ada.zip") as archive:
        assert "person.json" in archive.namelist()
    assert "exists already" in cli("gallery", "export-person", "Ada", "ada.zip", "-g", known, code=2).stderr
