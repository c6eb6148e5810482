from __future__ import annotations

from starlette.testclient import TestClient

from unit.gallery.fake import CONTRACT, person, picture
from unit.service.conftest import pictures
from vultus.service.schema import CompareAnswer, DetectAnswer, EmbedAnswer


def test_faces_are_found(client: TestClient) -> None:
    answer = client.post("/v1/detect", files=pictures(picture(person("a"), person("b")), b"nonsense")).json()
    DetectAnswer.model_validate(answer)
    assert [face["index"] for face in answer["pictures"][0]["faces"]] == [0, 1]
    assert answer["pictures"][1]["error"]["code"] == "unreadable_picture"
    assert "embedding" not in answer["pictures"][0]["faces"][0]


def test_faces_are_embedded_unless_they_are_refused(client: TestClient) -> None:
    answer = client.post("/v1/embeddings", files=pictures(picture(person("a"), person("b", spoof=True)))).json()
    EmbedAnswer.model_validate(answer)
    live, spoof = answer["pictures"][0]["faces"]
    assert (len(live["embedding"]), spoof["embedding"], spoof["liveness"]["live"]) == (32, None, False)
    assert (answer["contract"], answer["dimension"]) == (CONTRACT, 32)


def test_two_pictures_are_compared(client: TestClient) -> None:
    def compare(a: bytes, b: bytes, **fields):
        files = [*pictures(a, field="image_a"), *pictures(b, field="image_b")]
        return client.post("/v1/compare", files=files, data=fields)

    ada, eve = picture(person("ada")), picture(person("eve", size=50), person("ada", seed=2, size=100))
    answer = compare(ada, eve).json()
    CompareAnswer.model_validate(answer)
    assert (answer["decision"]["matched"], answer["a"]["face"], answer["b"]["face"]) == (True, 0, 1)
    assert compare(ada, picture(person("eve"))).json()["decision"]["matched"] is False
    nobody = compare(ada, picture()).json()
    assert (nobody["decision"]["reason"], nobody["b"]["face"]) == ("failure_to_acquire", None)
    assert compare(ada, picture(person("x", spoof=True))).json()["decision"]["reason"] == "printed_photo"
    assert compare(ada, b"nonsense").json()["error"]["code"] == "unreadable_picture"
    assert compare(ada, ada, fmr="1e-12").json()["error"]["code"] == "unsupported_target"
    assert compare(ada, ada, fmr="2").status_code == 422
