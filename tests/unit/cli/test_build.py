"""Engine and gallery of a command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, save
from vultus.cli import build
from vultus.errors import StoreError


def test_choice_hands_everything_to_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def engine(pack: str, **more: Any) -> str:
        seen.update(pack=pack, **more)
        return "engine"

    monkeypatch.setattr("vultus.inference.engine.FaceEngine", engine)
    mine = Path("mine.json")
    assert build.Choice("opencv", "cuda", 3, True, "commercial", mine).engine() == "engine"
    assert seen == {
        "pack": "opencv", "device": "cuda", "threads": 3, "offline": True, "licence_policy": "commercial",
        "calibration": mine, "liveness": None,
    }  # fmt: skip
    build.Choice().engine()
    assert (seen["pack"], seen["licence_policy"], seen["threads"], seen["calibration"]) == ("dlib", "any", None, None)


def test_the_users_own_gallery_is_in_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert build.gallery_path(None).name == "gallery.db"
    assert build.gallery_path(Path("x.db")) == Path("x.db")


def test_only_writing_verbs_make_a_gallery(tmp_path: Path) -> None:
    path = tmp_path / "deep/g.db"
    with pytest.raises(StoreError, match=r"there is no gallery at .*; make one with: vultus enroll FOLDER"):
        build.open_gallery(path)
    with pytest.raises(StoreError, match="there is no gallery at"):
        build.open_gallery(path, write=True, create=False)
    with build.open_gallery(path, write=True) as gallery:
        assert len(gallery) == 0
    with build.open_gallery(path) as gallery:
        assert len(gallery) == 0


def test_the_pack_follows_the_gallery(cli: Cli, known: Path, tmp_path: Path) -> None:
    assert build.pack_of(known) == "dlib"
    assert build.pack_of(tmp_path / "none.db") == "dlib"
    with pytest.raises(StoreError, match="there is no gallery at"):
        build.pack_of(tmp_path / "none.db", needed=True)


def test_an_empty_file_left_by_a_full_disk_becomes_the_gallery(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "g.db"
    path.touch()
    with pytest.raises(StoreError, match="is no Vultus gallery"):
        build.pack_of(path, needed=True)
    cli("enroll", "--name", "Ada", save(tmp_path / "a.png", ADA), "-g", path)
    assert build.pack_of(path, needed=True) == "dlib"
