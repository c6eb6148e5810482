from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from unit.gallery.fake import FakeEngine, person, photos, picture
from unit.service.conftest import pictures
from vultus.service.schema import EnrolAnswer, PersonAnswer, PersonPage, VerifyAnswer

PEOPLE = "/v1/collections/default/persons"


def enrol(client: TestClient, name: str = "Ada", *files: bytes, **fields) -> dict:
    answer = client.post(PEOPLE, data={"name": name, **fields}, files=pictures(*(files or photos(name))))
    EnrolAnswer.model_validate(answer.json())
    return {"status": answer.status_code, **answer.json()}


def test_each_picture_is_answered(client: TestClient) -> None:
    two, poor = picture(person("a"), person("b")), picture(person("ada", reasons=["blur"]))
    made = enrol(
        client, "Ada", poor, *photos("ada", 1), two, picture(), b"nonsense", tags=["a", "b"], metadata='{"x": 1}'
    )
    assert made["status"] == 201
    assert [(one["index"], one["filename"]) for one in made["accepted"]] == [(1, "1.jpg")]
    assert {one["index"]: one["reasons"] for one in made["rejected"]} == {
        0: ["blur"], 2: ["several_faces"], 3: ["failure_to_acquire"], 4: ["unreadable"],
    }  # fmt: skip
    assert (made["person"]["tags"], made["person"]["metadata"]) == (["a", "b"], {"x": 1})


def test_nobody_is_made_of_nothing(client: TestClient) -> None:
    made = enrol(client, "Ada", picture())
    assert (made["status"], made["person"]) == (200, None)
    assert client.get(PEOPLE).json()["total"] == 0


def test_a_clash_is_told_and_the_same_pictures_are_taken_again(client: TestClient, engine: FakeEngine) -> None:
    enrol(client)
    seen = engine.seen
    again = enrol(client)
    assert (again["status"], [one["repeated"] for one in again["accepted"]]) == (200, [True, True])
    assert engine.seen == seen
    other = client.post(PEOPLE, data={"name": "Ada"}, files=pictures(picture(person("ada", seed=99))))
    assert (other.status_code, other.json()["error"]["code"]) == (409, "conflict")
    more = enrol(client, "Ada", picture(person("ada", seed=99)), on_clash="add")
    assert (more["status"], more["person"]["n_faces"]) == (201, 3)
    new = enrol(client, "Ada", picture(person("ada", seed=98)), on_clash="replace")
    assert new["person"]["n_faces"] == 1


def test_a_person_is_shown_and_changed(client: TestClient) -> None:
    number = enrol(client)["person"]["person_id"]
    change = {"name": "Ida", "tags": ["b"], "metadata": {"room": 7}, "keep_days": 30, "consent": {"basis": "law"}}
    shown = client.patch(f"{PEOPLE}/{number}", json=change).json()
    PersonAnswer.model_validate(shown)
    assert (shown["name"], shown["tags"], shown["metadata"]) == ("Ida", ["b"], {"room": 7})
    assert (shown["keep_until"] is not None, shown["consent"]) == (True, {"basis": "law"})
    assert client.get(f"{PEOPLE}/{number}").json()["name"] == "Ida"
    assert client.patch(f"{PEOPLE}/{number}", json={"keep_until": None}).json()["keep_until"] is None
    both = client.patch(f"{PEOPLE}/{number}", json={"keep_days": 1, "keep_until": "2030-01-01"}).json()
    assert both["error"]["message"] == "give keep_days or keep_until, not both"
    assert client.patch(f"{PEOPLE}/{number}", json={"keep_until": "soon"}).status_code == 422
    assert client.patch(f"{PEOPLE}/{number}", json={"consent": {"until": "soon"}}).status_code == 422
    enrol(client, "Bea")
    assert client.patch(f"{PEOPLE}/{number}", json={"name": "Bea"}).status_code == 409


@pytest.mark.parametrize("number", ["0", "-1", "99", "9" * 25])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_whoever_is_not_there(client: TestClient, method: str, number: str) -> None:
    assert client.request(method, f"{PEOPLE}/{number}", json={} if method == "PATCH" else None).status_code in (
        404,
        422,
    )


def test_lists_filter(client: TestClient) -> None:
    enrol(client, "Ada", tags=["x"])
    enrol(client, "Bea")
    page = client.get(PEOPLE, params={"q": "a", "tag": "x"}).json()
    PersonPage.model_validate(page)
    assert ([one["name"] for one in page["items"]], page["total"]) == (["Ada"], 1)


def test_a_person_is_verified(client: TestClient) -> None:
    number = enrol(client, "ada")["person"]["person_id"]
    path = f"{PEOPLE}/{number}/verify"
    for who, matched in (("ada", True), ("eve", False)):
        answer = client.post(path, files=pictures(picture(person(who, seed=5)), field="image")).json()
        VerifyAnswer.model_validate(answer)
        assert answer["decision"]["matched"] is matched
    nobody = client.post(path, files=pictures(picture(), field="image")).json()
    assert nobody["decision"]["reason"] == "failure_to_acquire"
    small = client.post(path, data={"fmr": "1e-9"}, files=pictures(picture(), field="image")).json()["error"]
    assert (small["code"], small["details"]["kind"]) == ("unsupported_target", "FMR")
    broken = client.post(path, files=pictures(b"nonsense", field="image"))
    assert (broken.status_code, broken.json()["error"]["code"]) == (422, "unreadable_picture")
