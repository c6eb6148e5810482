"""`vultus gallery copies`."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.cli.conftest import Cli

pytest.importorskip("milvus_lite")


def _far(known: Path, uri: Path) -> list[object]:
    return ["gallery", "check", "-g", known, "--door", "milvus", "--milvus-uri", uri, "--allow-plain"]


def test_lists_and_deletes_copies(cli: Cli, known: Path, tmp_path: Path) -> None:
    assert "there are 0 copies" in cli("gallery", "copies", "-g", known).stderr
    uri = tmp_path / "milvus.db"
    cli(*_far(known, uri))
    (one,) = cli.json("gallery", "copies", "-g", known)["copies"]
    assert (one["uri"], one["rule"], one["index"]) == (str(uri), "average", "FLAT")
    out = cli("gallery", "copies", "-g", known)
    assert str(uri) in out.stdout
    assert "there is 1 copy" in out.stderr
    assert list((uri / "collections").iterdir())
    assert "deleted 1 copy" in cli("gallery", "copies", "-g", known, "--drop").stderr
    assert not list((uri / "collections").iterdir())
    assert cli.json("gallery", "copies", "-g", known)["copies"] == []


def test_a_copy_that_cannot_be_reached_is_forgotten_and_told(cli: Cli, known: Path, tmp_path: Path) -> None:
    uri = tmp_path / "milvus.db"
    cli(*_far(known, uri))
    uri.rename(tmp_path / "away.db")
    uri.write_text("no folder of Milvus Lite")
    document = cli.json("gallery", "copies", "-g", known, "--drop", code=1)
    assert document["dropped"] is True
    assert [one["uri"] for one in document["failed"]] == [str(uri)]
    assert cli.json("gallery", "copies", "-g", known)["copies"] == []
    assert "removed 'Ada'" in cli("gallery", "remove", "Ada", "-g", known, "--yes").stderr
