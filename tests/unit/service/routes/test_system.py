from __future__ import annotations

from starlette.testclient import TestClient

from unit.gallery.fake import FakeEngine
from vultus.errors import ConfigError
from vultus.service.schema import PackList, SystemAnswer


def test_the_service_says_what_it_is_and_who_asks(stranger: TestClient, keys) -> None:
    body = stranger.get("/v1/system", headers=keys("read", collections=["default"])).json()
    SystemAnswer.model_validate(body)
    assert body["me"]["collections"] == ["default"]
    assert body["limits"]["pictures"] == 32
    assert body["calibration"]["calibration_id"] == "fake-cal"


def test_a_pack_without_thresholds_has_none(client: TestClient, engine: FakeEngine) -> None:
    class Bare:
        contract = engine.contract

        @property
        def calibration(self):
            raise ConfigError("none")

    client.app.state.service.engine.inner = Bare()
    assert client.get("/v1/system").json()["calibration"] is None


def test_packs_say_their_licences(client: TestClient) -> None:
    body = client.get("/v1/packs").json()
    PackList.model_validate(body)
    found = {pack["name"]: pack for pack in body["items"]}
    assert found["dlib"]["licence"]["use"] == "commercial"
    assert found["dlib"]["installed"] is True
