"""`vultus packs`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from unit.cli.conftest import Cli
from vultus.weights import PACKS
from vultus.weights.store import FileStatus


def test_list(cli: Cli) -> None:
    document = cli.json("packs", "list")
    assert [pack["name"] for pack in document["packs"]] == list(PACKS)
    assert {pack["name"]: pack["use"] for pack in document["packs"]}["buffalo_l"] == "research"
    out = cli("packs", "list")
    assert all(name in out.stdout for name in PACKS)
    assert "not pulled" in out.stdout
    assert "fetch a pack with: vultus packs pull NAME" in out.stderr


@pytest.mark.parametrize("name", PACKS)
def test_show(cli: Cli, name: str) -> None:
    out = cli("packs", "show", name)
    assert f"{name} " in out.stdout
    assert "provenance" in out.stdout
    document = cli.json("packs", "show", name)
    assert document["pack"]["name"] == name
    assert document["contract"].startswith((f"{name}:", "none yet"))


def test_show_an_unknown_one(cli: Cli) -> None:
    assert "unknown pack 'opencc'; did you mean 'opencv'?" in cli("packs", "show", "opencc", code=2).stderr


def test_pull_hands_everything_on(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    monkeypatch.setattr("vultus.weights.pull.pull", lambda pack, **more: seen.update(name=pack.name, **more))
    out = cli("packs", "pull", "buffalo_l", "--accept-licence", "--trust-first-use", "--offline")
    assert "pack buffalo_l is ready" in out.stderr
    assert callable(seen.pop("progress"))
    assert seen == {
        "name": "buffalo_l", "accept_licence": True, "trust_first_use": True, "offline": True, "licence_policy": "any",
    }  # fmt: skip


def test_pull_shows_the_licence_first(cli: Cli) -> None:
    out = cli("packs", "pull", "buffalo_l", code=2)
    assert "non-commercial" in out.stderr
    assert "vultus packs pull buffalo_l --accept-licence" in out.stderr
    out = cli("packs", "pull", "buffalo_l", "--accept-licence", "--licence-policy", "commercial", code=2)
    assert "the licence policy is commercial" in out.stderr


def test_pull_offline(cli: Cli) -> None:
    assert "downloads are off" in cli("packs", "pull", "opencv", "--offline", code=2).stderr


def test_ctrl_c_in_a_download(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def pull(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vultus.weights.pull.pull", pull)
    assert "what was downloaded is kept; run the same command again" in cli("packs", "pull", "opencv", code=130).stderr


def test_verify(cli: Cli) -> None:
    files = cli.json("packs", "verify")["files"]
    assert {file["pack"] for file in files} == set(PACKS)
    assert all(file["status"] == "ok" for file in files if file["pack"] == "dlib")
    assert "ok" in cli("packs", "verify", "dlib").stdout


def test_verify_one_that_is_missing(cli: Cli) -> None:
    assert "vultus packs pull opencv" in cli("packs", "verify", "opencv", code=1).stderr


def test_verify_a_damaged_one(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = FileStatus("a.onnx", "damaged", "0" * 64, Path("a.onnx"), "a.onnx is not the file it should be")
    monkeypatch.setattr("vultus.weights.store.verify", lambda _: [bad])
    out = cli("packs", "verify", "dlib", code=1)
    assert "vultus: a.onnx is not the file it should be" in out.stderr


def test_a_manifest_that_is_not_json(cli: Cli) -> None:
    Path("m.json").write_text("{")
    assert "is not valid JSON" in cli("packs", "show", "m.json", code=2).stderr


def test_a_users_manifest(cli: Cli, checkout: Path) -> None:
    manifest = json.loads((checkout / "src/vultus/weights/packs/dlib.json").read_text())
    Path("manifest.json").write_text(json.dumps({**manifest, "name": "mine"}))
    assert cli.json("packs", "show", "manifest.json")["pack"]["name"] == "mine"


def test_alone_it_shows_its_help(cli: Cli) -> None:
    assert "pull" in cli("packs").stdout
