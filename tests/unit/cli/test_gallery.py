"""`vultus gallery`."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from unit.cli.conftest import Cli
from unit.cli.fake import CONTRACT, names
from vultus.gallery.doors import Recall


def test_list(cli: Cli, known: Path) -> None:
    out = cli("gallery", "list", "-g", known)
    assert [line.split()[:2] for line in out.stdout.splitlines() if line.startswith(("Ada", "Grace"))] == [
        ["Ada", "2"], ["Grace", "2"],
    ]  # fmt: skip
    assert f"2 people, 4 faces in {known} ({CONTRACT})" in out.stderr
    document = cli.json("gallery", "list", "-g", known)
    assert names(document["people"]) == ["Ada", "Grace"]
    assert document["contract"] == CONTRACT


def test_show(cli: Cli, known: Path) -> None:
    assert cli("gallery", "show", "Ada", "-g", known).stdout.startswith("Ada: 2 faces, since ")
    assert [face["box"] for face in cli.json("gallery", "show", "Ada", "-g", known)["enrolled"]] == [
        [10, 10, 90, 110]
    ] * 2


def test_show_tells_what_is_on_record(cli: Cli, known: Path) -> None:
    assert "collection: default" in cli("gallery", "show", "Ada", "-g", known).stdout
    assert "tags:" not in cli("gallery", "show", "Ada", "-g", known).stdout
    cli("gallery", "tag", "Ada", "staff", "night", "-g", known)
    cli("gallery", "consent", "Ada", "--basis", "contract", "--keep-until", "2031-01-31", "-g", known)
    shown = cli("gallery", "show", "Ada", "-g", known).stdout
    for line in ("tags: night, staff", "consent, basis: contract", "kept until: 2031-01-31T00:00:00Z"):
        assert line in shown


def test_an_unknown_name_is_met_with_the_nearest(cli: Cli, known: Path) -> None:
    assert "did you mean 'Grace'?" in cli("gallery", "show", "Grase", "-g", known, code=2).stderr


def test_rename(cli: Cli, known: Path) -> None:
    assert "'Ada' is now called 'Ada Lovelace'" in cli("gallery", "rename", "Ada", "Ada Lovelace", "-g", known).stderr
    assert names(cli.json("gallery", "list", "-g", known)["people"]) == ["Ada Lovelace", "Grace"]
    assert "exists already" in cli("gallery", "rename", "Ada Lovelace", "Grace", "-g", known, code=2).stderr


def test_remove_asks_first(cli: Cli, known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        "nobody is here to confirm the removal; add --yes"
        in cli("gallery", "remove", "Ada", "-g", known, code=2).stderr
    )
    monkeypatch.setattr("vultus.cli.gallery.there_is_somebody", lambda: True)
    out = cli("gallery", "remove", "Ada", "-g", known, stdin="n\n", code=2)
    assert "Remove Ada with 2 faces for good?" in out.stderr
    assert "stopped: nothing was changed" in out.stderr
    assert len(cli.json("gallery", "list", "-g", known)["people"]) == 2
    assert "removed 'Ada' with 2 faces" in cli("gallery", "remove", "Ada", "-g", known, "--yes").stderr
    assert names(cli.json("gallery", "list", "-g", known)["people"]) == ["Grace"]


def test_remove_tells_of_exports(cli: Cli, known: Path) -> None:
    cli("gallery", "export", "out.json", "-g", known)
    out = cli("gallery", "remove", "Ada", "-g", known, "--yes").stderr
    assert "1 export made before may still hold this person; delete them too" in out
    assert "vultus audit log --number 1" in out
    cli("gallery", "import", "out.json", "-g", known, "--on-clash", "skip")
    assert "made before" not in cli("gallery", "remove", "Ada", "-g", known, "--yes").stderr


def test_export_and_import(cli: Cli, known: Path) -> None:
    out = cli("gallery", "export", "out.json", "-g", known)
    assert "exported 2 people with 4 faces to out.json" in out.stderr
    assert "biometric templates" in out.stderr
    assert os.stat("out.json").st_mode & 0o077 == 0
    assert (
        "out.json exists already; add --overwrite to replace it"
        in cli("gallery", "export", "out.json", "-g", known, code=2).stderr
    )
    cli("gallery", "export", "out.json", "-g", known, "--overwrite")
    assert "imported 4 faces into new.db" in cli("gallery", "import", "out.json", "-g", "new.db").stderr
    assert names(cli.json("gallery", "list", "-g", "new.db")["people"]) == ["Ada", "Grace"]
    clash = cli("gallery", "import", "out.json", "-g", "new.db", code=2).stderr
    assert "exists already; use --on-clash add, skip or replace" in clash
    cli("gallery", "import", "out.json", "-g", "new.db", "--on-clash", "skip")


def test_check(cli: Cli, known: Path) -> None:
    assert "is sound: 2 people" in cli("gallery", "check", "-g", known).stderr
    assert cli.json("gallery", "check", "-g", known)["problems"] == []


def test_check_tells_what_is_wrong(cli: Cli, known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vultus.gallery.collection.Gallery.check", lambda _: ["face 3 is damaged"])
    assert "vultus: face 3 is damaged" in cli("gallery", "check", "-g", known, code=1).stderr
    assert cli.json("gallery", "check", "-g", known, code=1)["problems"] == ["face 3 is damaged"]


def test_check_of_a_door(cli: Cli, known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = cli.json("gallery", "check", "-g", known)
    assert (plain["door"], plain["recall"]) == ("exact", None)
    n_before = len(cli.choices)
    assert "all of it is searched" in cli("gallery", "check", "-g", known, "--door", "graph").stderr
    assert cli.choices[n_before].pack == "dlib", "the thresholds of the gallery's own pack"
    measured = Recall(0.9951, 10, 200, 0.99)
    monkeypatch.setattr("vultus.gallery.collection.Gallery.recall", lambda _: measured)
    told = cli("gallery", "check", "-g", known, "--door", "graph").stderr
    assert "the graph finds 99.5% of the 10 most similar people" in told
    document = cli.json("gallery", "check", "-g", known, "--door", "graph")
    assert (document["door"], document["recall"]["share"], document["problems"]) == ("graph", 0.9951, [])
    measured = Recall(0.9, 10, 200, 0.99)
    told = cli("gallery", "check", "-g", known, "--door", "graph", code=1).stderr
    assert "finds only 90.0% of the 10 most similar people" in told


def test_check_brings_a_copy_in_milvus_up_to_date(cli: Cli, known: Path, tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite")
    far = ["gallery", "check", "-g", known, "--door", "milvus", "--milvus-uri", tmp_path / "milvus.db", "--allow-plain"]
    document = cli.json(*far)
    assert (document["door"], document["recall"], document["problems"]) == ("milvus", None, [])
    assert "Milvus finds everybody" in cli(*far).stderr
    (tmp_path / "milvus.db").rename(tmp_path / "away.db")
    (tmp_path / "milvus.db").write_text("no folder of Milvus Lite")
    told = cli("gallery", "remove", "Ada", "-g", known, "--yes", code=2).stderr
    assert "this is done in" in told
    assert "later, run: vultus gallery check --door milvus --milvus-uri" in told
    assert [one["name"] for one in cli.json("gallery", "list", "-g", known)["people"]] == ["Grace"]
    (tmp_path / "milvus.db").unlink()
    assert cli.json(*far)["people"] == 1


def test_a_removal_tells_that_a_reader_holds_up_the_wiping(
    cli: Cli, known: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vultus.gallery.store.FORGET_MS", 50)
    reader = sqlite3.connect(known, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM face").fetchone()
    told = "another program is reading the gallery: what was removed is overwritten in the file when"
    assert told in cli("gallery", "remove", "Ada", "--yes", "-g", known).stderr
    reader.close()
    assert told not in cli("gallery", "remove", "Grace", "--yes", "-g", known).stderr


@pytest.mark.parametrize("verb", [["list"], ["show", "Ada"], ["rename", "Ada", "B"], ["remove", "Ada", "--yes"]])
def test_no_verb_makes_a_gallery_by_the_way(cli: Cli, verb: list[str]) -> None:
    assert "there is no gallery at none.db" in cli("gallery", *verb, "-g", "none.db", code=2).stderr
    assert not Path("none.db").exists()


def test_alone_it_shows_its_help(cli: Cli) -> None:
    assert "rename" in cli("gallery").stdout
