"""Jobs over the API: folders, zip files and films, with progress, errors, results, cancelling and restarts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from unit.gallery.fake import FakeEngine, person, photos, picture
from unit.service.conftest import pictures
from unit.service.jobs.conftest import filled, packed
from vultus.service.app import create_app
from vultus.service.jobs.shapes import JobItemPage, JobShape
from vultus.service.settings import Settings

PEOPLE = {
    "Ada/1.jpg": picture(person("Ada", seed=1)), "Ada/2.jpg": picture(person("Ada", seed=2)),
    "Bob/1.jpg": picture(person("Bob")), "Bob/bad.jpg": b"no picture", "lost.jpg": picture(person("Eve")),
}  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    filled(tmp_path / "in/people", PEOPLE)
    return Settings(data=tmp_path / "data", decode="none", threads=1, job_root=tmp_path / "in", jobs=1)


def ended(client: TestClient, job_id: str) -> dict:
    """A job when it has ended: the stream of its events ends then."""
    text = client.get(f"/v1/jobs/{job_id}/events").text
    told = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    assert json.loads(told[-1]) == {"reason": "done"}
    last = json.loads(told[-2])
    assert "event: progress" in text
    JobShape.model_validate(last)
    return last


def begun(client: TestClient, kind: str = "enrol", source: dict | None = None, **options) -> dict:
    answer = client.post("/v1/jobs", json={"kind": kind, "source": source or {"folder": "people"}, "options": options})
    assert answer.status_code == 202, answer.text
    return answer.json()


def sent(client: TestClient, data: bytes, filename: str = "people.zip", kind: str = "enrol", **options):
    request = json.dumps({"kind": kind, "options": options})
    return client.post("/v1/jobs", data={"request": request}, files={"file": (filename, data)})


def results(client: TestClient, job_id: str, limit: int = 50) -> list[dict]:
    items, cursor = [], None
    while True:
        query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        page = client.get(f"/v1/jobs/{job_id}/results", params=query).json()
        JobItemPage.model_validate(page)
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


def names(client: TestClient) -> list[str]:
    return [one["name"] for one in client.get("/v1/collections/default/persons").json()["items"]]


def test_a_folder_is_enrolled(client: TestClient) -> None:
    made = begun(client, tags=["staff"])
    assert (made["source"], made["unit"], made["done"]) == ("people", "pictures", 0)
    job = ended(client, made["job_id"])
    assert (job["state"], job["done"], job["total"], job["n_errors"]) == ("done", 5, 5, 2)
    assert job["result"] == {"enrolled": 3, "unreadable": 1, "rejected": 1}
    assert {one["item"]: one["code"] for one in job["errors"]} == {
        "Bob/bad.jpg": "unreadable_picture",
        "lost.jpg": "no_name",
    }
    assert "in no folder that is named after a person" in str(job["errors"])
    assert names(client) == ["Ada", "Bob"]
    rows = results(client, job["job_id"], limit=2)
    assert {row["item"]: row.get("person") for row in rows if not row["error"]} == {
        "Ada/1.jpg": "Ada", "Ada/2.jpg": "Ada", "Bob/1.jpg": "Bob",
    }  # fmt: skip
    again = ended(client, begun(client)["job_id"])
    assert again["result"]["repeated"] == 3, "nothing is done twice"


def test_a_zip_file_is_enrolled_and_deleted(client: TestClient, settings: Settings) -> None:
    made = sent(
        client, packed({f"all/{name}": data for name, data in PEOPLE.items()}), name="Ada", override_quality=True
    )
    assert made.status_code == 202, made.text
    job = ended(client, made.json()["job_id"])
    assert (job["source"], job["result"]["enrolled"]) == ("people.zip", 4)
    assert names(client) == ["Ada"]
    assert not list((settings.data / "jobs").iterdir())


def test_pictures_are_identified(client: TestClient, service) -> None:
    client.post("/v1/collections/default/persons", data={"name": "Ada"}, files=pictures(*photos("Ada")))
    party = picture(person("Ada", seed=7), person("Eve"))
    job = ended(
        client, sent(client, packed({"party.jpg": party, "x.jpg": b"x"}), kind="identify", top=2).json()["job_id"]
    )
    assert job["result"] == {"pictures": 1, "faces": 2, "known": 1, "unknown": 1, "unreadable": 1}
    bad, good = sorted(results(client, job["job_id"]), key=lambda row: row["error"] is None)
    assert bad["error"]["code"] == "unreadable_picture"
    ada = good["faces"][0]
    assert (ada["name"], ada["decision"]["matched"], ada["candidates"][0]["name"]) == ("Ada", True, "Ada")
    assert good["faces"][1]["name"] is None
    with service.parts["workbook"].reading() as sql:
        assert "Ada" not in str(sql.execute("SELECT * FROM item").fetchall()), "results know people by number"
    client.delete(f"/v1/collections/default/persons/{ada['person_id']}")
    later = next(row for row in results(client, job["job_id"]) if not row["error"])
    assert (later["faces"][0]["name"], later["faces"][0]["candidates"]) == (None, [])


def test_unknown_faces_are_kept(client: TestClient) -> None:
    client.post("/v1/collections/default/persons", data={"name": "Ada"}, files=pictures(*photos("Ada")))
    job = ended(client, begun(client, "unknown")["job_id"])
    assert (job["result"]["kept"], job["result"]["known"], job["result"]["groups"]) == (2, 2, 2)
    rows = {row["item"]: row for row in results(client, job["job_id"])}
    assert rows["Ada/1.jpg"]["known"] == ["Ada"]
    assert len(rows["lost.jpg"]["face_ids"]) == 1
    assert ended(client, begun(client, "unknown")["job_id"])["result"]["repeated"] == 2


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"kind": "enrol"}, "invalid_request", "give a folder or video of the server, or send a file"),
        ({"kind": "enrol", "source": {}}, "invalid_request", "give a folder or a video"),
        ({"kind": "enrol", "source": {"folder": "../secret"}}, "invalid_request", "no such folder below"),
        ({"kind": "unknown", "source": {"video": "gone.mp4"}}, "invalid_request", "no such video"),
        ({"kind": "enrol", "source": {"video": "gone.mp4"}}, "invalid_request", "say who is to be enrolled"),
        ({"kind": "dance", "source": {"folder": "people"}}, "invalid_request", "kind"),
        ({"kind": "identify", "source": {"folder": "people"}, "options": {"fpir": 1e-12}}, "unsupported_target", ""),
        ({"kind": "identify", "source": {"folder": "people"}, "options": {"start_s": 5, "end_s": 4}}, "invalid_request",
         "end_s must be after start_s"),
        ({"kind": "enrol", "source": {"folder": "people"}, "collection_id": "other"}, "not_found", "no collection"),
        ([], "invalid_request", ""),
    ],
)  # fmt: skip
def test_what_cannot_work_is_told_at_once(client: TestClient, body, code: str, words: str) -> None:
    if code == "unsupported_target":
        client.post("/v1/collections/default/persons", data={"name": "Ada"}, files=pictures(*photos("Ada")))
    answer = client.post("/v1/jobs", json=body).json()["error"]
    assert answer["code"] == code
    assert words in answer["message"]


def test_files_that_are_no_jobs(client: TestClient, settings: Settings) -> None:
    def told(answer) -> str:
        assert answer.status_code in (400, 413, 415, 422), answer.text
        return answer.json()["error"]["message"]

    assert "this is no zip file" in told(sent(client, b"no zip"))
    assert "would unpack to far more" in told(sent(client, packed({f"{n}.jpg": b"0" * 900_000 for n in range(9)})))
    assert "file: it must be a .zip, or a video" in told(sent(client, b"x", "x.exe"))
    assert "say who is to be enrolled" in told(sent(client, b"x", "x.mp4"))
    assert "a form needs two fields here" in told(client.post("/v1/jobs", files={"file": ("a.zip", b"x")}))
    assert "the request is no JSON" in told(
        client.post("/v1/jobs", content=b"{", headers={"Content-Type": "application/json"})
    )
    assert "send application/json, or multipart" in told(client.post("/v1/jobs", content=b"x"))
    assert not (settings.data / "jobs").is_dir() or not list((settings.data / "jobs").iterdir())


def test_a_job_is_cancelled(client: TestClient, engine: FakeEngine) -> None:
    engine.delay_s = 0.05
    first = begun(client)["job_id"]
    second = begun(client)["job_id"]
    assert client.post(f"/v1/jobs/{second}/cancel").json()["state"] == "cancelled"
    assert client.post(f"/v1/jobs/{second}/cancel").json()["error"]["code"] == "conflict"
    assert "has ended already" in client.post(f"/v1/jobs/{second}/cancel").text
    assert ended(client, second)["done"] == 0
    assert ended(client, first)["state"] == "done"
    listed = client.get("/v1/jobs", params={"limit": 1}).json()
    assert [one["job_id"] for one in listed["items"]] == [second]
    rest = client.get("/v1/jobs", params={"limit": 5, "cursor": listed["next_cursor"]}).json()
    assert [one["job_id"] for one in rest["items"]] == [first]


def test_keys_see_the_jobs_of_their_collections(client: TestClient, keys) -> None:
    job_id = begun(client)["job_id"]
    ended(client, job_id)
    elsewhere = keys("enrol", collections=["other"])
    assert client.get("/v1/jobs", headers=elsewhere).json()["items"] == []
    for answer in (
        client.get(f"/v1/jobs/{job_id}", headers=elsewhere),
        client.post(f"/v1/jobs/{job_id}/cancel", headers=elsewhere),
        client.get("/v1/jobs/nothing"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert client.get("/v1/jobs", headers=keys("search")).status_code == 403
    assert client.post("/v1/jobs", json={}, headers=keys("read")).status_code == 403
    assert client.get(f"/v1/jobs/{job_id}", headers=keys("read")).json()["by"]


def test_a_job_signs_what_it_does(client: TestClient, service) -> None:
    answer = client.post(
        "/v1/jobs", json={"kind": "identify", "source": {"folder": "people"}}, headers={"X-Purpose": "a check"}
    )
    job = ended(client, answer.json()["job_id"])
    lines = client.get("/v1/audit", params={"collection_id": "default", "action": "search"}).json()["items"]
    assert {(line["actor"], line["purpose"]) for line in lines} == {(f"key:{job['by']}", "a check")}


class Killed(FakeEngine):
    """Stands still at a picture, as if the service were killed there."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at, self.looked = at, []

    def find(self, image):
        if len(self.looked) == self.at:
            raise SystemExit
        self.looked.append(bytes(image))
        return super().find(image)


def test_a_restart_goes_on_where_it_was(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service is taken away in the middle of a job, without a stop; what it had written down is all that stays."""
    monkeypatch.setattr("vultus.service.jobs.pictures.TOGETHER", 2)
    settings = replace(settings, auth=False)
    files = {f"P{n}/{n}.jpg": picture(person(f"P{n}")) for n in range(9)}
    filled(tmp_path / "in/many", files)
    app = create_app(settings, engine=FakeEngine())
    service = app.state.service
    with TestClient(app, base_url="http://127.0.0.1") as client:
        runner = service.parts["jobs"]
        record, calls = runner.store.record, []

        def breaking(job_id, outcomes, **more):
            calls.append(len(outcomes))
            if len(calls) == 3:
                runner._stopping = True  # nothing more is written from here on: the gallery is ahead of the journal
                raise RuntimeError("killed")
            record(job_id, outcomes, **more)

        monkeypatch.setattr(runner.store, "record", breaking)
        job_id = begun(client, source={"folder": "many"})["job_id"]
        for thread in runner._threads:
            thread.join(20)
        half = client.get(f"/v1/jobs/{job_id}").json()
        assert (half["state"], half["done"]) == ("running", 4)
        assert len(names(client)) == 6, "two are enrolled that the journal does not know of"
    engine = FakeEngine()
    with TestClient(create_app(settings, engine=engine), base_url="http://127.0.0.1") as client:
        job = ended(client, job_id)
        assert (job["state"], job["done"], job["total"]) == ("done", 9, 9)
        assert job["result"] == {"enrolled": 7, "repeated": 2}
        assert names(client) == [f"P{n}" for n in range(9)]
        assert [len(row) for row in (results(client, job_id), {row["face_id"] for row in results(client, job_id)})] == [
            9,
            9,
        ]
        assert engine.seen == 3, "what a gallery knows by its bytes is not computed again"


def test_a_collection_that_is_gone_fails_its_jobs(client: TestClient, service, monkeypatch: pytest.MonkeyPatch) -> None:
    client.post("/v1/collections", json={"collection_id": "club"})
    runner = service.parts["jobs"]
    monkeypatch.setattr(
        runner, "_check", lambda *_: client.request("DELETE", "/v1/collections/club", json={"confirm": "club"})
    )
    answer = client.post("/v1/jobs", json={"kind": "enrol", "source": {"folder": "people"}, "collection_id": "club"})
    job = ended(client, answer.json()["job_id"])
    assert (job["state"], job["message"]) == ("failed", "there is no collection 'club'")
    runner.sweep()
    assert client.get(f"/v1/jobs/{job['job_id']}").status_code == 404
