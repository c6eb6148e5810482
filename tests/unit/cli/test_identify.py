"""`vultus identify`."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, GRACE, MARIE, NOBODY, save
from vultus.gallery import Gallery


def test_known_people_are_named_and_strangers_are_not(cli: Cli, known: Path) -> None:
    save(Path("party.png"), ADA, MARIE, GRACE, NOBODY)
    out = cli("identify", "party.png", "--gallery", known)
    rows = [line.split() for line in out.stdout.splitlines() if line.strip()]
    assert [row[1:3] for row in rows if row[0] == "party.png"] == [["1", "Ada"]]
    assert any(row[:2] == ["2", "unknown"] for row in rows)
    assert any(row[:2] == ["3", "Grace"] for row in rows)
    assert "1 picture, 3 faces, 2 known, 1 unknown" in out.stderr


def test_json_has_a_whole_decision(cli: Cli, known: Path) -> None:
    save(Path("party.png"), ADA, MARIE)
    document = cli.json("identify", "party.png", "--gallery", known, "--top", 1)
    first, second = document["images"][0]["faces"]
    assert (first["name"], second["name"]) == ("Ada", None)
    assert first["decision"]["matched"] is True
    assert first["decision"]["fpir_target"] == 0.01
    assert first["decision"]["gallery_size"] == 2
    assert [candidate["name"] for candidate in first["candidates"]] == ["Ada"]
    assert document["people"] == 2
    assert document["summary"] == {
        "pictures": 1, "faces": 2, "failed": 0, "known": 1, "unknown": 1, "complete": True,
    }  # fmt: skip


def test_another_door_answers_alike(cli: Cli, known: Path) -> None:
    save(Path("party.png"), ADA, MARIE)
    plain = cli.json("identify", "party.png", "--gallery", known)
    assert cli.json("identify", "party.png", "--gallery", known, "--door", "graph")["images"] == plain["images"]
    told = cli("identify", "party.png", "--gallery", known, "--door", "graph").stderr
    assert "the gallery is small: all of it is searched" in told
    assert "'exakt' is not one of" in cli("identify", "party.png", "-g", known, "--door", "exakt", code=2).stderr


def test_a_copy_in_milvus_answers_alike(cli: Cli, known: Path, tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite")
    save(Path("party.png"), ADA, MARIE)
    plain = cli.json("identify", "party.png", "--gallery", known)
    far = ["identify", "party.png", "--gallery", known, "--door", "milvus", "--milvus-uri", tmp_path / "milvus.db"]
    told = cli(*far, code=2).stderr
    assert "if you accept that: --allow-plain" in told
    answer = cli.json(*far, "--allow-plain")
    (ours,), (wanted,) = answer["images"], plain["images"]
    for one, other in zip(ours["faces"], wanted["faces"], strict=True):
        assert [who["name"] for who in one["candidates"]] == [who["name"] for who in other["candidates"]]
        assert one["decision"]["similarity"] == pytest.approx(other["decision"]["similarity"], abs=1e-6)
    assert "Milvus finds everybody" in cli(*far, "--allow-plain").stderr
    without = cli("identify", "party.png", "-g", known, "--door", "milvus", "--allow-plain", code=2).stderr
    assert "the milvus door must know where Milvus is" in without
    other = cli("identify", "party.png", "-g", known, "--allow-plain", code=2).stderr
    assert "--allow-plain is for --door milvus only" in other


def test_annotated_pictures_go_into_a_folder_and_keep_apart(cli: Cli, known: Path) -> None:
    save(Path("x/one.png"), ADA), save(Path("y/one.png"), GRACE)
    out = cli("identify", "x", "y", "--gallery", known, "--annotate", "marked")
    assert sorted(path.name for path in Path("marked").iterdir()) == ["one.jpg", "one_2.jpg"]
    assert "; annotated: marked" in out.stderr


def test_no_gallery_is_told_before_the_engine_is_built(cli: Cli) -> None:
    save(Path("a.png"), ADA)
    out = cli("identify", "a.png", "--gallery", "none.db", code=2)
    assert out.stderr.strip() == (
        "vultus: there is no gallery at none.db; make one with: vultus enroll FOLDER --gallery none.db"
    )
    assert cli.choices == []


def test_a_file_that_is_no_gallery(cli: Cli) -> None:
    save(Path("a.png"), ADA)
    Path("text.db").write_text("hello " * 1000)
    out = cli("identify", "a.png", "--gallery", "text.db", code=2)
    assert "is no Vultus gallery" in out.stderr


def test_the_gallery_may_be_named_by_the_environment(cli: Cli, known: Path, monkeypatch) -> None:
    save(Path("a.png"), ADA)
    monkeypatch.setenv("VULTUS_GALLERY", str(known))
    assert cli.json("identify", "a.png")["images"][0]["faces"][0]["name"] == "Ada"


def test_a_rate_that_cannot_be_had_is_told_at_once(cli: Cli, known: Path) -> None:
    save(Path("a.png"), ADA)
    out = cli("identify", "a.png", "--gallery", known, "--fpir", "1e-12", code=2)
    assert "the smallest supported FPIR is" in out.stderr
    assert len(out.stderr.strip().splitlines()) == 1
    assert cli("identify", "a.png", "--gallery", known, "--fpir", "2", code=2).stdout == ""


def test_an_empty_gallery_is_told(cli: Cli) -> None:
    save(Path("a.png"), ADA)
    with Gallery.open("empty.db"):
        pass
    out = cli("identify", "a.png", "--gallery", "empty.db")
    assert "the gallery knows nobody yet, so everybody is unknown" in out.stderr
    assert "unknown" in out.stdout


def test_looking_among_some_people_only(cli: Cli, known: Path) -> None:
    save(Path("ada.png"), ADA)
    ask = ("identify", "ada.png", "--gallery", known)
    for options, size, name in (
        (("--person", "Ada"), 1, "Ada"), (("--person", "Grace"), 1, None), (("--collection", "default"), 2, "Ada"),
        (("--tag", "x"), 0, None), (("--since", "2001-01-01"), 2, "Ada"),
        (("--until", "2001-01-01"), 0, None), (("--person", "Ada", "--person", "Grace"), 2, "Ada"),
    ):  # fmt: skip
        (face,) = cli.json(*ask, *options)["images"][0]["faces"]
        assert (face["name"], face["decision"]["gallery_size"]) == (name, size), options
    assert "since must be a date or time" in cli(*ask, "--since", "yesterday", code=2).stderr
    assert "unknown person 'Adda'; did you mean 'Ada'?" in cli(*ask, "--person", "Adda", code=2).stderr
    assert "unknown collection 'staff'" in cli(*ask, "--collection", "staff", code=2).stderr
    assert "nobody is left to look among, so everybody is unknown" in cli(*ask, "--tag", "x").stderr
