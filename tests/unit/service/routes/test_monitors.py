"""Monitors over the API, with films in place of cameras."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from unit.gallery.fake import FakeEngine, person, photos
from unit.service.cinema import Cinema, frame
from unit.service.conftest import pictures
from unit.service.jobs.conftest import filled
from vultus.errors import VideoError
from vultus.service.app import create_app
from vultus.service.monitors import watcher
from vultus.service.monitors.shapes import MonitorEventPage, MonitorPage, MonitorShape
from vultus.service.settings import Settings

ADDRESS = "rtsp://ann:s3cret@cam.local/live?key=s3cret"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    filled(tmp_path / "in", {"film.mp4": b"film"})
    return Settings(data=tmp_path / "data", decode="none", threads=1, job_root=tmp_path / "in", monitors=2)


@pytest.fixture
def cinema(monkeypatch: pytest.MonkeyPatch) -> Cinema:
    return Cinema.installed(monkeypatch)


def begun(client: TestClient, source: str = "film.mp4", **more) -> dict:
    answer = client.post("/v1/monitors", json={"name": "door", "source": source, **more})
    assert answer.status_code == 201, answer.text
    MonitorShape.model_validate(answer.json())
    return answer.json()


def streamed(client: TestClient, monitor_id: str, after: int = 0) -> list[tuple[str, dict]]:
    """Events to the end of the stream: it ends when the monitor has stopped."""
    headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
    text = client.get(f"/v1/monitors/{monitor_id}/events", headers=headers).text
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def visit(*who: str, begin: int, end: int) -> list:
    return [frame(n, *(person(one, seed=n, left=300.0 * at) for at, one in enumerate(who))) for n in range(begin, end)]


def told(events) -> list[tuple]:
    return [(kind, data.get("name") or data.get("state")) for kind, data in events]


def test_a_film_is_watched_and_told(client: TestClient, cinema: Cinema) -> None:
    client.post("/v1/collections/default/persons", data={"name": "Ada"}, files=pictures(*photos("Ada")))
    cinema.films = [
        visit("Ada", begin=0, end=6) + visit(begin=6, end=30) + visit("Eve", begin=30, end=40) + visit(begin=40, end=70)
        + visit("Ada", begin=90, end=96)
    ]  # fmt: skip
    made = begun(client, cooldown_s=5, confirm_frames=2, absence_s=3, keep_unknown=True)
    assert made["source"] == "film.mp4"
    events = streamed(client, made["monitor_id"])
    assert events[-1] == ("end", {"reason": "stopped"})
    assert told(events[:-1]) == [
        ("state", "starting"), ("state", "running"), ("seen", "Ada"), ("left", "Ada"), ("unknown", None),
        ("left", None), ("seen", "Ada"), ("left", "Ada"), ("state", "stopped"),
    ]  # fmt: skip
    seen, stranger = events[2][1], events[4][1]
    assert seen["decision"]["matched"]
    assert seen["candidates"][0]["name"] == "Ada"
    assert len(seen["box"]) == 4
    assert stranger["face_id"], "the face of a stranger is kept"
    assert client.get("/v1/collections/default").json()["unknown_faces"] == 1
    assert events[3][1]["stayed_s"] > 0
    now = client.get(f"/v1/monitors/{made['monitor_id']}").json()
    assert (now["state"], now["message"], now["frames"]) == ("stopped", "the film is over", len(cinema.films[0]))
    assert now["last_event_id"] == events[-2][1]["event_id"]


def test_events_are_listed_and_gone_on_with(client: TestClient, cinema: Cinema, service) -> None:
    client.post("/v1/collections/default/persons", data={"name": "Ada"}, files=pictures(*photos("Ada")))
    cinema.films = [visit("Ada", begin=0, end=8)]
    monitor_id = begun(client)["monitor_id"]
    events = streamed(client, monitor_id)
    ids = [data["event_id"] for kind, data in events if kind != "end"]
    page = client.get(f"/v1/monitors/{monitor_id}/events", params={"limit": 2}).json()
    MonitorEventPage.model_validate(page)
    assert [one["event_id"] for one in page["items"]] == ids[:-3:-1]
    rest = client.get(f"/v1/monitors/{monitor_id}/events", params={"limit": 50, "cursor": page["next_cursor"]}).json()
    assert [one["event_id"] for one in rest["items"]] == ids[-3::-1]
    later = streamed(client, monitor_id, after=ids[2])
    assert [data["event_id"] for kind, data in later if kind != "end"] == ids[3:]
    assert streamed(client, monitor_id, after=ids[-1]) == [("end", {"reason": "stopped"})]
    with service.parts["workbook"].reading() as sql:
        assert "Ada" not in str(sql.execute("SELECT body FROM event").fetchall()), "events know people by number"
    number = next(data["person_id"] for kind, data in events if kind == "seen")
    client.delete(f"/v1/collections/default/persons/{number}")
    assert "Ada" not in client.get(f"/v1/monitors/{monitor_id}/events").text


def test_a_lost_camera_is_opened_again(client: TestClient, cinema: Cinema, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "FIRST_S", 0.0)
    client.post("/v1/collections/default/persons", data={"name": "Ada"}, files=pictures(*photos("Ada")))
    cinema.films = [
        visit("Ada", begin=0, end=5),
        VideoError("x", "the stream does not answer"),
        visit("Ada", begin=0, end=6),
    ]
    cinema.broken = {0}
    shown = []

    def wait() -> None:
        shown.append(1)
        if len(shown) == 11:
            cinema.gate.clear()

    cinema.waiting = wait
    made = begun(client, ADDRESS)
    assert made["source"] == "rtsp://ann:***@cam.local/live?***"
    monitor_id = made["monitor_id"]
    for _ in range(2000):
        if client.get(f"/v1/monitors/{monitor_id}").json()["frames"] >= 10:
            break
    stopped = client.post(f"/v1/monitors/{monitor_id}/stop").json()
    assert stopped["state"] == "stopped"
    events = streamed(client, monitor_id)
    assert told(events)[:7] == [
        ("state", "starting"), ("state", "running"), ("seen", "Ada"), ("state", "lost"), ("state", "lost"),
        ("state", "running"), ("state", "stopped"),
    ]  # fmt: skip
    assert [data["message"] for kind, data in events if data.get("state") == "lost"] == [
        "it broke off", "the stream does not answer",
    ]  # fmt: skip
    assert [str(reel.source) for reel in cinema.opened] == [ADDRESS] * 3


def test_passwords_are_nowhere(client: TestClient, cinema: Cinema, service, settings: Settings, caplog) -> None:
    cinema.films = [VideoError("x", "the stream does not answer")]
    made = begun(client, ADDRESS)
    client.post(f"/v1/monitors/{made['monitor_id']}/stop")
    for text in (
        json.dumps(made), client.get("/v1/monitors").text, client.get(f"/v1/monitors/{made['monitor_id']}/events").text,
        client.get("/v1/audit").text, caplog.text,
    ):  # fmt: skip
        assert "s3cret" not in text
    files = [path for path in settings.data.rglob("*") if path.is_file()]
    assert any(path.name.startswith("work.db") for path in files)
    assert not [path for path in files if b"s3cret" in path.read_bytes()]


def test_monitors_run_again_after_a_restart(settings: Settings, cinema: Cinema) -> None:
    settings = replace(settings, auth=False)
    cinema.films = [visit(begin=0, end=5)]
    cinema.gate.clear()
    with TestClient(create_app(settings, engine=FakeEngine()), base_url="http://127.0.0.1") as client:
        runs, rests = begun(client, ADDRESS)["monitor_id"], begun(client, ADDRESS)["monitor_id"]
        client.post(f"/v1/monitors/{rests}/stop")
    with TestClient(create_app(settings, engine=FakeEngine()), base_url="http://127.0.0.1") as client:
        listed = {one["monitor_id"]: one["state"] for one in client.get("/v1/monitors").json()["items"]}
        assert listed == {rests: "stopped", runs: "starting"}
        assert client.post(f"/v1/monitors/{runs}/stop").json()["state"] == "stopped"


def test_no_more_than_so_many_run(client: TestClient, cinema: Cinema) -> None:
    cinema.films = [visit(begin=0, end=3)]
    cinema.gate.clear()
    first = begun(client, "0")["monitor_id"]
    begun(client, "1")
    third = client.post("/v1/monitors", json={"name": "third", "source": "2"})
    assert (third.status_code, third.json()["error"]["code"]) == (409, "conflict")
    assert "2 monitors run already; stop one first" in third.text
    again = client.post(f"/v1/monitors/{first}/start")
    assert again.status_code == 200, "one that runs already goes on"
    assert len(client.get("/v1/monitors").json()["items"]) == 2
    MonitorPage.model_validate(client.get("/v1/monitors").json())
    text = client.get("/metrics").text
    assert 'vultus_monitors{state="starting"} 2.0' in text
    assert 'vultus_jobs{state="queued"} 0.0' in text
    assert client.delete(f"/v1/monitors/{first}").json()["deleted"] is True
    assert client.get(f"/v1/monitors/{first}").status_code == 404
    assert client.get(f"/v1/monitors/{first}/events").status_code == 404


def test_what_cannot_be_watched_is_told(client: TestClient, cinema: Cinema, keys) -> None:
    for source in ("http://x", "../x.mp4", "rtsp://169.254.169.254/"):
        answer = client.post("/v1/monitors", json={"name": "x", "source": source})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")
    gone = client.post("/v1/monitors", json={"name": "x", "source": "0", "collection_id": "none"})
    assert gone.status_code == 404
    assert client.post("/v1/monitors", json={"name": "x", "source": "0", "fps": 99}).status_code == 422
    cinema.films = [VideoError("x", "it is not a video")]
    failed = begun(client)["monitor_id"]
    events = streamed(client, failed)
    assert told(events)[-2] == ("state", "failed")
    assert client.get(f"/v1/monitors/{failed}").json()["message"] == "it is not a video"
    assert client.post("/v1/monitors", json={"name": "x", "source": "0"}, headers=keys("search")).status_code == 403
    elsewhere = keys("enrol", collections=["other"])
    assert client.get("/v1/monitors", headers=elsewhere).json()["items"] == []
    assert client.delete(f"/v1/monitors/{failed}", headers=elsewhere).status_code == 404


def test_monitors_of_a_collection_go_with_it(client: TestClient, cinema: Cinema, service) -> None:
    client.post("/v1/collections", json={"collection_id": "club"})
    monitor_id = begun(client, collection_id="club")["monitor_id"]
    streamed(client, monitor_id)
    service.galleries.delete("club")
    assert client.get(f"/v1/monitors/{monitor_id}/events").status_code == 200, "no names any more, but no error"
    failed = client.post(f"/v1/monitors/{monitor_id}/start").json()["monitor_id"]
    assert told(streamed(client, failed))[-2] == ("state", "failed")
    service.parts["jobs"].sweep()
    assert client.get(f"/v1/monitors/{monitor_id}").status_code == 404
