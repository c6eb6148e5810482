"""A whole monitor with a real stream: it comes, breaks off, and is opened again."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.gallery.fake import FakeEngine, person, picture
from unit.service.rtsp import Camera
from vultus.gallery.collection import Gallery
from vultus.service.monitors import watcher as watching
from vultus.service.monitors.address import Address
from vultus.service.monitors.store import Monitor
from vultus.service.monitors.watcher import Terms, Watcher


class Sure(FakeEngine):
    """Sees Ada in whatever it is shown."""

    def find(self, image) -> list:
        return super().find(picture(person("Ada")))


def test_a_stream_that_breaks_off_is_watched_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "FIRST_S", 0.0)
    camera, told = Camera(), []
    settings = {"fps": 20, "fpir": None, "confirm_frames": 2, "absence_s": 60, "cooldown_s": 5, "keep_unknown": False}

    def tell(kind: str, body) -> None:
        told.append((kind, body))
        if [one["state"] for what, one in told if what == "state"].count("running") == 2:
            one_watcher.ask_to_stop()

    with Gallery.open(tmp_path / "g.vultus", engine=Sure(), vault=False) as gallery:
        gallery.enroll("Ada", picture(person("Ada")))
        address = Address("stream", camera.address, "shown")
        terms = Terms(lambda: gallery, lambda: address, tell, lambda: None, 0.01, 10**6)
        one_watcher = Watcher(Monitor(1, "m", "door", "default", "shown", b"", settings, True, "k", ""), terms)
        one_watcher._run()
    camera.close()
    states = [body["state"] for kind, body in told if kind == "state"]
    assert [states[0], *states[-2:]] == ["running", "running", "stopped"]
    assert "lost" in states
    assert [body["person_id"] for kind, body in told if kind == "seen"] == [1], "she was there all the time"
    assert camera.played == 2
    assert one_watcher.condition.last_frame_at
    assert "s3cret" not in str(told)
