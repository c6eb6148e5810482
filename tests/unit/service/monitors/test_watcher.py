"""What the tests of the routes cannot reach."""

from __future__ import annotations

import threading

import pytest

from unit.gallery.fake import FakeEngine, person
from unit.service.cinema import Cinema, frame
from vultus.gallery.collection import Gallery
from vultus.service.batching import BatchedEngine
from vultus.service.envelope import ServiceError
from vultus.service.monitors import watcher as watching
from vultus.service.monitors.address import Address
from vultus.service.monitors.store import Monitor
from vultus.service.monitors.watcher import Terms, Watcher
from vultus.service.settings import Settings

SETTINGS = {"fps": 2, "fpir": None, "confirm_frames": 2, "absence_s": 3.0, "cooldown_s": 5.0, "keep_unknown": True}


@pytest.fixture
def cinema(monkeypatch: pytest.MonkeyPatch) -> Cinema:
    return Cinema.installed(monkeypatch)


@pytest.fixture
def told() -> list[tuple]:
    return []


@pytest.fixture
def watch(tmp_path, told):
    """Makes a watcher of a source."""
    engine = BatchedEngine(FakeEngine(), Settings(data=tmp_path, decode="none"))
    gallery = Gallery.open(tmp_path / "g.vultus", engine=engine, vault=False)

    def make(text: str = "x.mp4", kind: str = "file", opened=lambda: gallery) -> Watcher:
        terms = Terms(opened, lambda: Address(kind, text, text), lambda *one: told.append(one), lambda: None,
                      0.01, 10**6, raw=True)  # fmt: skip
        return Watcher(Monitor(1, "m", "door", "default", text, b"", SETTINGS, True, "k", ""), terms)

    yield make
    gallery.close()
    engine.close()


def states(told) -> list[str]:
    return [body["state"] for kind, body in told if kind == "state"]


def test_tracks_are_numbered_on_when_a_source_is_opened_again(cinema: Cinema, watch, told, monkeypatch) -> None:
    monkeypatch.setattr(watching, "FIRST_S", 0.0)
    film = [frame(n, person("Eve", seed=n)) for n in range(5)]
    cinema.films = [film, film]
    one = watch("0", "camera")
    seen = []

    def wait() -> None:
        seen.append(1)
        if len(seen) > 9:
            one.ask_to_stop()

    cinema.waiting = wait
    one._run()
    assert [body["track"] for kind, body in told if kind == "unknown"] == [1, 2]
    assert states(told) == ["running", "lost", "running", "stopped"]


def test_the_face_of_a_poor_picture_is_not_kept(cinema: Cinema, watch, told) -> None:
    cinema.films = [[frame(n, person("Eve", seed=n, reasons=["too_small"])) for n in range(6)]]
    watch()._run()
    assert [body["face_id"] for kind, body in told if kind == "unknown"] == [None]
    assert [kind for kind, _ in told if kind != "state"] == ["unknown", "left"]


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (ServiceError("draining", "the service is being stopped"), "stopped", ""),
        (ServiceError("not_found", "there is no collection 'x'"), "failed", "there is no collection 'x'"),
        (RuntimeError("secret words"), "failed", "something went wrong here"),
    ],
)
def test_what_cannot_be_helped_by_waiting(watch, told, error: Exception, state: str, words: str) -> None:
    def broken():
        raise error

    one = watch(opened=broken)
    one._run()
    assert one.condition.state == state
    assert one.condition.message.startswith(words)
    assert "secret" not in str(told)


def test_people_leave_while_a_camera_is_lost(watch, told, monkeypatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(watching.time, "monotonic", lambda: clock[0])
    one = watch("0", "camera")
    one._presence.see(1, 100.0, lambda: {"person_id": 7})

    class Clock(threading.Event):
        def wait(self, timeout=None) -> bool:
            clock[0] += timeout or 0
            return False

    one._stop = Clock()
    one._rest(10.0)
    assert [(kind, body["person_id"]) for kind, body in told] == [("left", 7)]
    assert clock[0] == 110.0


def test_it_starts_and_stops(cinema: Cinema, watch, told) -> None:
    cinema.films = [[frame(0), frame(1)]]
    cinema.gate.clear()
    one = watch("0", "camera")
    one.start()
    assert one.alive
    one.stop()
    assert not one.alive
    assert states(told)[-1] == "stopped"
