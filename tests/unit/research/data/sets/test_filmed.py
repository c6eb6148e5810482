"""Films through a simulated event camera, and folders of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unit.research.data.sets.event_fakes import AS_TOLD, dat
from vultus.errors import InputError
from vultus.inference.record import VideoWriter
from vultus.research.data.sets import filmed
from vultus.research.data.sets.filmed import recorded, takes
from vultus.research.data.world.events import Camera

QUIET = Camera(threshold=0.15, spread=0, noise_hz=0)


def film(path: Path, moving: bool = True, frames: int = 20) -> Path:
    """A bright square that goes to the right."""
    with VideoWriter(path, fps=25) as writer:
        for number in range(frames):
            picture = np.full((48, 64, 3), 60, np.uint8)
            at = 12 + number if moving else 12
            picture[16:32, at : at + 12] = 220
            writer.write(picture)
    return path


def test_a_film_becomes_events_where_it_moves(tmp_path: Path) -> None:
    found = recorded(film(tmp_path / "x.avi"), 32, QUIET, 0)
    assert found.size == (32, 32)
    assert 0.5 < found.seconds < 0.8
    rows = np.bincount(found.events["y"], minlength=32) / len(found.events)
    assert rows[10:22].sum() > 0.9, "the square's rows, 16 to 31 of 48"
    brighter, darker = (found.events["x"][found.events["p"] == sign].mean() for sign in (1, 0))
    assert brighter > darker, "its right edge brightens, its left one darkens"


def test_a_long_film_is_read_in_stretches(tmp_path: Path, monkeypatch) -> None:
    path = film(tmp_path / "x.avi")
    whole = recorded(path, 32, QUIET, 0)
    monkeypatch.setattr(filmed, "_AT_ONCE", 7)
    parts = recorded(path, 32, QUIET, 0)
    assert (np.diff(parts.events["t"]) >= 0).all()
    assert len(parts.events) == pytest.approx(len(whole.events), rel=0.25)


def test_the_square_that_is_found_is_filmed(tmp_path: Path) -> None:
    path = film(tmp_path / "x.avi")
    calls = []

    def find(frame: np.ndarray) -> tuple[int, int, int] | None:
        calls.append(frame.shape)
        return None if len(calls) < 3 else (-8, 8, 32)

    found = recorded(path, 32, QUIET, 0, find)
    assert len(calls) == 3
    assert np.bincount(found.events["y"], minlength=32)[8:24].sum() > 0.9 * len(found.events)
    nobody = recorded(path, 32, QUIET, 0, lambda frame: None)
    assert np.array_equal(nobody.events, recorded(path, 32, QUIET, 0).events)


def test_event_files_are_read_as_they_are(tmp_path: Path) -> None:
    assert recorded(dat(tmp_path / "x.dat"), 99, QUIET, 0).events.tolist() == AS_TOLD


def test_a_labelled_folder(tmp_path: Path) -> None:
    for person, word in (("anna", "smile"), ("anna", "surprise"), ("ben", "smile")):
        (tmp_path / person / word).mkdir(parents=True)
        dat(tmp_path / person / word / "1.dat")
    (tmp_path / "ben/smile/notes.txt").touch()
    assert [(one.person, one.word) for one in takes(tmp_path)] == [
        ("anna", "smile"), ("anna", "surprise"), ("ben", "smile")
    ]  # fmt: skip
    with pytest.raises(InputError, match="holds no person/class/film"):
        takes(tmp_path / "ben")


@pytest.mark.parametrize("frames", [1, 5])
def test_a_film_without_change_is_told(tmp_path: Path, frames: int) -> None:
    with pytest.raises(InputError, match="shows no change, so that an event camera says nothing of it"):
        recorded(film(tmp_path / "x.avi", moving=False, frames=frames), 16, QUIET, 0)
