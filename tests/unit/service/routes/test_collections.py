from __future__ import annotations

from starlette.testclient import TestClient

from unit.gallery.fake import photos
from unit.service.conftest import pictures
from vultus.service.schema import CollectionAnswer, CollectionPage


def test_a_collection_from_beginning_to_end(client: TestClient) -> None:
    made = client.post("/v1/collections", json={"collection_id": "staff", "description": "who works here"})
    assert made.status_code == 201
    CollectionAnswer.model_validate(made.json())
    client.post("/v1/collections/staff/persons", data={"name": "Ada"}, files=pictures(*photos("ada")))
    shown = client.get("/v1/collections/staff").json()
    assert (shown["people"], shown["faces"], shown["vault"]) == (1, 2, True)
    assert client.patch("/v1/collections/staff", json={"description": "new"}).json()["description"] == "new"
    CollectionPage.model_validate(client.get("/v1/collections").json())
    told = client.request("DELETE", "/v1/collections/staff", json={"confirm": "other"})
    assert told.json()["error"]["message"] == "confirm: it must be the id of the collection"
    gone = client.request("DELETE", "/v1/collections/staff", json={"confirm": "staff"}).json()
    assert (gone["deleted"], gone["people"]) == (True, 1)
    assert client.get("/v1/collections/staff").status_code == 404


def test_ids_are_plain_words(client: TestClient) -> None:
    assert client.post("/v1/collections", json={"collection_id": "../x"}).status_code == 422
    assert client.post("/v1/collections", json={"collection_id": "default"}).status_code == 409
