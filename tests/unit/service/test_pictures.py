from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from unit.gallery.fake import FakeEngine, person, picture
from unit.service.conftest import pictures
from vultus.service.app import create_app
from vultus.service.settings import Settings

ADA = picture(person("ada"))
IDENTIFY = "/v1/collections/default/identify"


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_a_form_and_json_are_the_same(client: TestClient) -> None:
    form = client.post("/v1/detect", files=pictures(ADA, ADA)).json()
    body = {"images": [{"base64": coded(ADA), "filename": "0.jpg"}, {"base64": coded(ADA), "filename": "1.jpg"}]}
    plain = client.post("/v1/detect", json=body).json()
    assert plain["pictures"] == form["pictures"]


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ("[1]", "invalid_request", "the body must be a JSON object"),
        ("{", "bad_request", "the body is no JSON"),
        ("[" * 5000, "bad_request", "the body is no JSON"),
        ('{"images": []}', "invalid_request", "images: at least one picture is needed"),
        ('{"images": ["x"]}', "invalid_request", "images: a picture is"),
        ('{"images": [{"filename": 3}]}', "invalid_request", "images: a picture is"),
        ('{"images": [{"filename": "a"}]}', "invalid_request", "images: a picture is"),
        ('{"images": [{"base64": "???"}]}', "invalid_request", "images: this is no base64"),
        ('{"images": [{"url": "http://127.0.0.1/"}]}', "invalid_request", "images: this service reads no addresses"),
        ('{"images": [{"base64": ""}], "nonsense": 1}', "invalid_request", "nonsense: Extra inputs"),
    ],
)  # fmt: skip
def test_what_is_no_request_is_told(client: TestClient, body: str, code: str, message: str) -> None:
    told = client.post("/v1/detect", content=body, headers={"Content-Type": "application/json"}).json()["error"]
    assert told["code"] == code
    assert message in told["message"]


def test_other_bodies_are_refused(client: TestClient) -> None:
    told = client.post("/v1/detect", content=b"x", headers={"Content-Type": "text/plain"})
    assert (told.status_code, told.json()["error"]["code"]) == (415, "unsupported_media_type")
    assert "send multipart/form-data with files" in told.json()["error"]["message"]


def test_files_and_fields_stay_where_they_belong(client: TestClient) -> None:
    told = client.post("/v1/detect", files=pictures(ADA, field="other")).json()["error"]
    assert told["message"] == "other: no file is expected here"
    told = client.post("/v1/detect", data={"images": "x"}, files=pictures(ADA)).json()["error"]
    assert told["message"] == "images: a file is expected here"
    told = client.post("/v1/compare", files=pictures(ADA, ADA, field="image_a")).json()["error"]
    assert told["message"] == "image_a: one picture is needed, but 2 came"
    told = client.post("/v1/collections/default/persons", data={"name": "A", "metadata": "{"}, files=pictures(ADA))
    assert told.json()["error"]["message"] == "metadata: it must be JSON"


def test_pictures_are_counted_and_weighed(settings: Settings, engine: FakeEngine) -> None:
    app = create_app(replace(settings, max_pictures=2, max_bytes=100, auth=False), engine=engine)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        told = client.post("/v1/detect", files=pictures(b"", b"", b""))
        assert (told.status_code, told.json()["error"]["details"]) == (413, {"limit_files": 2})
        assert told.json()["error"]["message"] == "a request may have 2 pictures here"
        mixed = client.post("/v1/detect", files=pictures(ADA, bytes(101))).json()["pictures"]
        assert "faces" in mixed[0]
        assert mixed[1]["error"] == {"code": "too_large", "message": "a picture may have 100 bytes"}
        alone = client.post(f"{IDENTIFY.replace('identify', 'search')}", files=pictures(bytes(101), field="image"))
        assert alone.status_code == 413


def test_names_of_files_are_tidied(client: TestClient) -> None:
    found = client.post("/v1/detect", files=[("images", ("..\\..\\etc/pass\u202ewd.jpg", ADA))]).json()
    assert found["pictures"][0]["filename"] == "passwd.jpg"
    found = client.post("/v1/detect", json={"images": [{"base64": coded(ADA)}]}).json()
    assert found["pictures"][0]["filename"] == "picture 1"
