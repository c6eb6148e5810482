from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from unit.gallery.fake import CONTRACT, FakeEngine, person, photos, picture, vector
from unit.service.conftest import pictures
from vultus.service.schema import IdentifyAnswer, SearchAnswer

HOME = "/v1/collections/default"
ADA = picture(person("ada", seed=9))


@pytest.fixture(autouse=True)
def people(client: TestClient) -> None:
    for name, tags in (("ada", ["staff"]), ("bea", [])):
        client.post(f"{HOME}/persons", data={"name": name, "tags": tags}, files=pictures(*photos(name)))


def test_everybody_in_pictures_is_named(client: TestClient) -> None:
    crowd = picture(person("ada", seed=9), person("bea", seed=9), person("eve"), person("ada", seed=8))
    answer = client.post(f"{HOME}/identify", files=pictures(crowd, picture(), b"nonsense"), data={"top": 1}).json()
    IdentifyAnswer.model_validate(answer)
    first, empty, broken = answer["pictures"]
    names = [face["name"] for face in first["faces"]]
    assert sorted(name for name in names if name) == ["ada", "bea"], "nobody is twice in one picture"
    assert empty["faces"] == []
    assert "faces" not in broken
    assert answer["people"] == 2


def test_a_filter_narrows(client: TestClient) -> None:
    answer = client.post(
        f"{HOME}/identify", files=pictures(picture(person("bea", seed=9))), data={"tags": ["staff"]}
    ).json()
    assert (answer["people"], answer["pictures"][0]["faces"][0]["name"]) == (1, None)
    nobody = client.post(f"{HOME}/search", files=pictures(picture(), field="image"), data={"tags": ["staff"]}).json()
    assert nobody["decision"]["gallery_size"] == 1


def test_the_largest_faces_only(client: TestClient) -> None:
    crowd = picture(person("eve", size=50), person("ada", seed=9, size=100))
    answer = client.post(f"{HOME}/identify", files=pictures(crowd), data={"max_faces": 1}).json()
    assert [face["name"] for face in answer["pictures"][0]["faces"]] == ["ada"]


def test_a_rate_that_cannot_be_had_costs_no_work(client: TestClient, engine: FakeEngine) -> None:
    seen = engine.seen
    told = client.post(f"{HOME}/identify", files=pictures(ADA), data={"fpir": 1e-9}).json()["error"]
    assert (told["code"], told["details"]["kind"]) == ("unsupported_target", "FPIR")
    assert engine.seen == seen


def test_one_face_is_searched_for(client: TestClient) -> None:
    answer = client.post(f"{HOME}/search", files=pictures(ADA, field="image")).json()
    SearchAnswer.model_validate(answer)
    assert (answer["name"], answer["face"]["index"]) == ("ada", 0)
    nobody = client.post(f"{HOME}/search", files=pictures(picture(), field="image")).json()
    SearchAnswer.model_validate(nobody)
    assert (nobody["face"], nobody["decision"]["reason"]) == (None, "failure_to_acquire")


def test_an_embedding_will_do(client: TestClient) -> None:
    numbers = [float(value) * 3 for value in vector("ada", 0.1, 9)]
    asked = {"embedding": numbers, "contract": CONTRACT}
    answer = client.post(f"{HOME}/search", json=asked).json()
    assert (answer["name"], answer["face"]) == ("ada", None)
    for change, code in (
        ({"contract": "other:1"}, "contract_mismatch"),
        ({"contract": None}, "contract_mismatch"),
        ({"embedding": [0.0] * 32}, "invalid_request"),
        ({"embedding": numbers[:16]}, "invalid_request"),
        ({"image": {"base64": ""}}, "invalid_request"),
    ):
        told = client.post(f"{HOME}/search", json={**asked, **change}).json()
        assert told["error"]["code"] == code, change
    assert (
        client.post(f"{HOME}/search", json={}).json()["error"]["message"] == "image: one picture is needed, but 0 came"
    )


def test_long_vectors_are_vectors(client: TestClient) -> None:
    numbers = [float(value) * 1e308 for value in vector("ada", 0.1, 9)]
    assert client.post(f"{HOME}/search", json={"embedding": numbers, "contract": CONTRACT}).json()["name"] == "ada"


def test_messages_about_embeddings(client: TestClient) -> None:
    numbers = [float(value) for value in vector("ada")]
    both = client.post(
        f"{HOME}/search", json={"embedding": numbers, "contract": CONTRACT, "image": {"base64": ""}}
    ).json()
    assert both["error"]["message"] == "give a picture or an embedding, not both"
    flat = client.post(f"{HOME}/search", json={"embedding": [0.0] * 32, "contract": CONTRACT}).json()
    assert flat["error"]["message"] == "embedding: it must have a length"
    other = client.post(f"{HOME}/search", json={"embedding": numbers, "contract": "x:1"}).json()
    assert "the embedding was made by another model pack" in other["error"]["message"]
    short = client.post(f"{HOME}/search", json={"embedding": numbers[:8], "contract": CONTRACT}).json()
    assert short["error"]["message"] == "embedding: it has another length than those of the collection"
