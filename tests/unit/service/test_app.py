"""The whole of a first visit: enrol, find, forget."""

from __future__ import annotations

from starlette.testclient import TestClient

from unit.gallery.fake import person, photos, picture
from unit.service.conftest import pictures

PEOPLE = "/v1/collections/default/persons"


def test_somebody_is_enrolled_found_and_removed(client: TestClient) -> None:
    made = client.post(PEOPLE, data={"name": "Ada", "tags": ["staff"]}, files=pictures(*photos("ada"), b"no picture"))
    assert made.status_code == 201
    assert [one["index"] for one in made.json()["accepted"]] == [0, 1]
    assert [(one["index"], one["reasons"]) for one in made.json()["rejected"]] == [(2, ["unreadable"])]
    number = made.json()["person"]["person_id"]

    found = client.post(
        "/v1/collections/default/identify", files=pictures(picture(person("ada", seed=7), person("eve")), b"no picture")
    ).json()
    first, second = found["pictures"]
    assert [(face["name"], face["person_id"]) for face in first["faces"]] == [("Ada", number), (None, None)]
    assert second["error"]["code"] == "unreadable_picture"

    assert client.delete(f"{PEOPLE}/{number}").json()["faces"] == 2
    assert client.get(f"{PEOPLE}/{number}").status_code == 404
    gone = client.post("/v1/collections/default/identify", files=pictures(picture(person("ada", seed=7)))).json()
    assert gone["people"] == 0
    assert gone["pictures"][0]["faces"][0]["name"] is None


def test_openapi_names_the_key_and_knows_one_shape_of_errors(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["paths"]["/v1/detect"]["post"]["security"] == [{"key": []}]
    assert "HTTPValidationError" not in str(document)
    assert "security" not in document["paths"]["/v1/health"]["get"]
