"""`vultus vault`."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, save
from vultus.gallery import Gallery
from vultus.gallery.keys import ENV_FILE, find_or_make_key, read_key


def test_the_keys_are_named_and_not_shown(cli: Cli, known: Path) -> None:
    document = cli.json("vault", "status", "--gallery", known)
    assert (document["on"], document["master_id"]) == (True, find_or_make_key().key_id)
    assert [key["collection"] for key in document["data_keys"]] == ["", "default"]
    out = cli("vault", "status", "--gallery", known)
    assert "(log and index)" in out.stdout
    assert f"is encrypted with the master key {find_or_make_key().key_id}" in out.stderr
    assert find_or_make_key().secret.hex() not in out.stdout + out.stderr


def test_a_plain_gallery_is_sealed(cli: Cli) -> None:
    Gallery.open("plain.db", engine=cli.engine, vault=False).close()
    save(Path("ada.png"), ADA)
    cli("enroll", "--name", "Ada", "ada.png", "--gallery", "plain.db")
    assert "is not encrypted; lock it: vultus vault seal" in cli("vault", "status", "-g", "plain.db").stderr
    assert "is not encrypted; lock it first" in cli("vault", "rotate", "-g", "plain.db", code=2).stderr
    out = cli("vault", "seal", "--gallery", "plain.db").stderr
    assert "with the master key" in out
    assert "back that key up" in out
    assert "is encrypted already" in cli("vault", "seal", "-g", "plain.db", code=2).stderr
    assert cli.json("identify", "ada.png", "-g", "plain.db")["images"][0]["faces"][0]["name"] == "Ada"


def test_new_data_keys_and_another_master_key(cli: Cli, known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "with new data keys" in cli("vault", "rotate", "--gallery", known).stderr
    assert "made the master key" in cli("vault", "new-key", "my.key").stderr
    assert "a key is never replaced" in cli("vault", "new-key", "my.key", code=2).stderr
    key = read_key(Path("my.key"))
    assert key.key_id in cli("vault", "rekey", "my.key", "--gallery", known).stderr
    assert f"needs the master key {key.key_id}" in cli("vault", "status", "--gallery", known, code=2).stderr
    monkeypatch.setenv(ENV_FILE, "my.key")
    assert cli.json("vault", "status", "--gallery", known)["origin"] == "my.key"


def test_the_log_says_what_keys_were_changed_for(cli: Cli, known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("vault", "new-key", "my.key")
    cli("vault", "rotate", "-g", known, "--purpose", "every year")
    cli("vault", "shred", "default", "--yes", "-g", known, "--purpose", "the end")
    cli("vault", "rekey", "my.key", "-g", known, "--purpose", "a leak")
    monkeypatch.setenv(ENV_FILE, "my.key")
    entries = [entry for entry in cli.json("audit", "log", "-g", known)["entries"] if entry["action"] == "key"]
    assert [entry["purpose"] for entry in entries[-3:]] == ["every year", "the end", "a leak"]


def test_a_key_for_the_keyring(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    monkeypatch.setattr("vultus.gallery.keys.keep_in_keyring", kept.append)
    cli("vault", "new-key", "my.key", "--keyring")
    assert [key.secret for key in kept] == [read_key(Path("my.key")).secret]


def test_a_collection_is_destroyed_when_somebody_says_so(cli: Cli, known: Path) -> None:
    assert (
        "nobody is here to confirm the destruction; add --yes"
        in cli("vault", "shred", "default", "--gallery", known, code=2).stderr
    )
    assert "with 2 people" in cli("vault", "shred", "default", "--gallery", known, "--yes").stderr
    assert cli.json("gallery", "list", "--gallery", known)["people"] == []
    assert "there is no collection 'x'" in cli("vault", "shred", "x", "--gallery", known, "-y", code=2).stderr
