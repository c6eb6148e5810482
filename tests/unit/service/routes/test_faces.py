from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from starlette.testclient import TestClient

from unit.gallery.fake import person, photos, picture
from unit.service.conftest import pictures
from vultus.inference.engine import FaceEngine
from vultus.inference.image import jpeg, read
from vultus.service.app import create_app
from vultus.service.schema import FaceRecordAnswer, FaceRecordPage
from vultus.service.settings import Settings

PEOPLE = "/v1/collections/default/persons"


@pytest.fixture
def faces(client: TestClient) -> str:
    made = client.post(PEOPLE, data={"name": "Ada"}, files=pictures(*photos("ada"))).json()
    return f"{PEOPLE}/{made['person']['person_id']}/faces"


def test_faces_are_listed_added_and_removed(client: TestClient, faces: str) -> None:
    page = client.get(faces).json()
    FaceRecordPage.model_validate(page)
    first, second = (one["face_id"] for one in page["items"])
    FaceRecordAnswer.model_validate(client.get(f"{faces}/{first}").json())
    added = client.post(faces, files=pictures(picture(person("ada", seed=50)), picture()))
    assert added.status_code == 201
    assert [one["reasons"] for one in added.json()["rejected"]] == [["failure_to_acquire"]]
    third = added.json()["accepted"][0]["face_id"]
    for number in (first, second):
        assert client.delete(f"{faces}/{number}").json()["deleted"] is True
    told = client.delete(f"{faces}/{third}")
    assert (told.status_code, told.json()["error"]["code"]) == (409, "conflict")
    assert client.delete(f"{faces}/{first}").status_code == 404
    assert client.get(f"{faces}/{third}/image").status_code == 404  # stand-ins have no pixels to cut out
    assert client.get(f"{PEOPLE}/99/faces").status_code == 404


@pytest.fixture
def real(settings: Settings, real_engine: FaceEngine) -> Iterator[TestClient]:
    """A service with the engine and the sandbox it would have."""
    app = create_app(replace(settings, decode="sandbox", decoders=1, auth=False), engine=real_engine)
    with TestClient(app, raise_server_exceptions=False, base_url="http://127.0.0.1") as client:
        yield client


def test_real_pictures_go_all_the_way(real: TestClient) -> None:
    skimage = pytest.importorskip("skimage.data")
    portrait = np.ascontiguousarray(skimage.astronaut()[..., :3])
    data = jpeg(portrait, 95)
    made = real.post(PEOPLE, data={"name": "Eileen"}, files=pictures(data, data[:1000])).json()
    assert [one["reasons"] for one in made["rejected"]] == [["unreadable"]]
    face_id, number = made["accepted"][0]["face_id"], made["person"]["person_id"]
    shown = real.get(f"{PEOPLE}/{number}/faces/{face_id}/image")
    assert shown.headers["content-type"] == "image/jpeg"
    assert "private" in shown.headers["cache-control"]
    assert min(read(shown.content).shape[:2]) > 50
    assert made["person"]["portrait_face_id"] == face_id

    darker = jpeg((portrait[:, ::-1] * 0.7).astype(np.uint8), 95)
    found = real.post("/v1/collections/default/identify", files=pictures(darker)).json()["pictures"][0]
    assert (found["width"], found["height"]) == portrait.shape[1::-1]
    assert [face["name"] for face in found["faces"]] == ["Eileen"]
    assert found["faces"][0]["candidates"][0]["face_id"] == face_id

    embedded = real.post("/v1/embeddings", files=pictures(darker)).json()
    face = embedded["pictures"][0]["faces"][0]
    asked = {"embedding": face["embedding"], "contract": embedded["contract"]}
    assert real.post("/v1/collections/default/search", json=asked).json()["name"] == "Eileen"
    again = real.post(PEOPLE, data={"name": "Eileen"}, files=pictures(data)).json()
    assert again["accepted"][0]["repeated"] is True
