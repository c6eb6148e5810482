"""`vultus doctor`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unit.cli.conftest import Cli
from vultus.cli.build import Choice
from vultus.errors import WeightsError


def checks(document: dict) -> dict[str, dict]:
    return {check["what"]: check for check in document["checks"]}


def test_a_sound_machine(cli: Cli, known: Path) -> None:
    found = checks(cli.json("doctor", "-g", known))
    assert found["pack dlib"]["state"] == "ok"
    assert found["pack opencv"]["state"] == "note"
    assert "CPU" in found["devices"]["found"]
    assert found["gallery"]["found"].endswith("known.db: 2 people")
    assert found["engine"]["state"] == "ok"
    assert "ready" in cli("doctor", "-g", known).stderr


def test_no_gallery_is_no_failure(cli: Cli) -> None:
    assert checks(cli.json("doctor", "-g", "none.db"))["gallery"]["state"] == "note"
    assert not Path("none.db").exists()


def test_what_does_not_work_is_told_with_what_to_do(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Choice) -> None:
        raise WeightsError("the file is damaged; install it again")

    monkeypatch.setattr(Choice, "engine", broken)
    Path("text.db").write_text("no gallery" * 1000)
    out = cli("doctor", "-g", "text.db", code=1)
    assert "engine: the file is damaged; install it again" in out.stderr
    assert "is no Vultus gallery" in out.stderr
    document = json.loads(cli("doctor", "--json", code=1).stdout)
    assert document["ok"] is False


def test_a_cache_that_cannot_be_written(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "set VULTUS_CACHE to a folder you can write" in cli("doctor", code=1).stderr


def test_a_full_disk(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10, 9, 1))
    assert checks(cli.json("doctor"))["disk"]["state"] == "warn"
