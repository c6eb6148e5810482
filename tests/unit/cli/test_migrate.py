"""`vultus gallery migrate`."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.cli.conftest import Cli
from unit.gallery.spaces import NEW, OLD, crop, fill, new_space, old_space
from vultus.cli.build import Choice
from vultus.gallery.store import Store


@pytest.fixture
def packs(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The packs that were loaded; "new" is the new model, every other name the old one."""
    loaded: list[str | None] = []

    def engine(choice: Choice) -> object:
        loaded.append(choice.pack)
        return new_space() if choice.pack == "new" else old_space()

    monkeypatch.setattr(Choice, "engine", engine)
    return loaded


def gallery(cli: Cli, n_people: int = 30, *, kept: bool = True) -> Path:
    path = cli.folder / "people.vultus"
    store = Store(path)
    fill(store, range(n_people), 3, kept=kept)
    store.close()
    return path


@pytest.mark.usefixtures("packs")
def test_the_cost_is_told_and_nothing_happens_without_a_yes(cli: Cli) -> None:
    path = gallery(cli)
    out = cli("gallery", "migrate", "--to", "new", "-g", path)
    assert "90 faces: 90 embedded anew" in out.stderr
    assert "found again at a false match rate of 0.01, on 30 people" in out.stdout
    assert "the model now" in out.stdout
    assert "the new model" in out.stdout
    assert "mapped" not in out.stdout
    assert f"nothing was changed; to do it: vultus gallery migrate --to new -g {path} --yes" in out.stderr
    assert f"vultus gallery migrate --rollback -g {path}" in out.stderr
    assert cli.json("gallery", "list", "-g", path)["contract"] == OLD
    # a document for machines asks nobody
    document = cli.json("gallery", "migrate", "--to", "new", "-g", path)
    assert (document["state"], document["embedded"], document["cost"]["n_people"]) == ("planned", 90, 30)
    assert f"is of {NEW} now: 90 faces" in cli("gallery", "migrate", "--to", "new", "-g", path, "--yes").stderr
    assert cli.json("gallery", "list", "-g", path)["contract"] == NEW
    assert f"is of {NEW} already: nothing to do" in cli("gallery", "migrate", "--to", "new", "-g", path).stderr
    assert cli.json("gallery", "migrate", "--to", "new", "-g", path)["state"] == "current"


@pytest.mark.usefixtures("packs")
def test_somebody_who_is_there_is_asked(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vultus.cli.migrate.there_is_somebody", lambda: True)
    path = gallery(cli, 5)
    out = cli("gallery", "migrate", "--to", "new", "-g", path, stdin="n\n")
    assert f"Move {path} to {NEW}?" in out.stderr
    assert "what it costs was not measured" in out.stderr
    assert cli.json("gallery", "list", "-g", path)["contract"] == OLD
    cli("gallery", "migrate", "--to", "new", "-g", path, stdin="y\n")
    assert cli.json("gallery", "list", "-g", path)["contract"] == NEW


@pytest.mark.usefixtures("packs")
def test_a_migration_is_given_up(cli: Cli) -> None:
    path = gallery(cli, 5)
    assert "there is nothing to roll back" in cli("gallery", "migrate", "--rollback", "-g", path, code=2).stderr
    cli("gallery", "migrate", "--to", "new", "-g", path)
    assert f"is of {OLD} as before" in cli("gallery", "migrate", "--rollback", "-g", path).stderr
    cli("gallery", "migrate", "--to", "new", "-g", path)
    document = cli.json("gallery", "migrate", "--rollback", "-g", path)
    assert (document["state"], document["faces"], document["old"]) == ("rolled_back", 15, OLD)


def test_pictures_teach_a_map_where_no_crop_was_kept(cli: Cli, packs: list[str | None]) -> None:
    path = gallery(cli, 20, kept=False)
    assert "give a folder with a folder of pictures" in cli("gallery", "migrate", "--to", "new", "-g", path,
                                                            code=2).stderr  # fmt: skip
    assert packs == ["new"]
    for who in range(100, 200):
        folder = cli.folder / f"others/Q{who}"
        folder.mkdir(parents=True)
        for time in range(3):
            (folder / f"{time}.jpg").write_bytes(crop(who, time))
    command = ("gallery", "migrate", "--to", "new", "--pictures", "others", "--pack", "old", "-g", path, "--yes")
    out = cli(*command)
    assert packs[1:] == ["old", "new"]
    assert "60 mapped, by a map learnt from 300 faces" in out.stderr
    assert "mapped faces" in out.stdout
    assert "of strangers match a mapped face" in out.stderr
    assert cli.json("gallery", "list", "-g", path)["contract"] == NEW


def test_a_pack_without_thresholds_is_pointed_out(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = new_space()
    engine.calibration = None
    monkeypatch.setattr(Choice, "engine", lambda _: engine)
    out = cli("gallery", "migrate", "--to", "new", "-g", gallery(cli, 3))
    assert f"{NEW} has no thresholds: the gallery decides nothing until you measure them" in out.stderr


def test_where_to_has_to_be_said(cli: Cli) -> None:
    assert "name the pack to move to: --to NAME" in cli("gallery", "migrate", "-g", gallery(cli, 1), code=2).stderr


def test_stopped_by_hand_it_says_what_is_safe(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(type(new_space())):  # type: ignore[misc]
        def find(self, image: object) -> object:
            if len(self.seen) == 40:
                raise KeyboardInterrupt
            return super().find(image)

    monkeypatch.setattr(Choice, "engine", lambda _: Stopped(NEW, 32))
    path = gallery(cli)
    out = cli("gallery", "migrate", "--to", "new", "-g", path, code=130)
    words = "the gallery is as it was; 32 faces embedded in this run are kept; run the same command again to go on"
    assert words in out.stderr
