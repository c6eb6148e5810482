"""Calibrations over the API."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from unit.gallery.fake import CONTRACT, calibration
from vultus.service import calibrations
from vultus.service.app import create_app
from vultus.weights.calibration import CalibrationFile

BASE = "/v1/calibrations"
OURS = CalibrationFile(replace(calibration(), calibration_id="ours:1"), CONTRACT).document()


def test_the_pack_s_own_is_in_use(client) -> None:
    (own,) = client.get(BASE).json()["items"]
    assert (own["calibration_id"], own["in_use"], own["origin"]) == ("fake-cal", True, "pack")
    assert own["document"]["schema"] == "vultus.calibration/1"


def test_an_uploaded_one_is_kept_used_and_deleted(client, settings, engine) -> None:
    made = client.post(BASE, json=OURS)
    assert (made.status_code, made.json()["in_use"]) == (201, False)
    assert client.get("/v1/system").json()["calibration"]["calibration_id"] == "fake-cal"
    assert client.post(f"{BASE}/ours:1/use").json()["in_use"] is True
    assert client.get("/v1/system").json()["calibration"]["calibration_id"] == "ours:1"
    assert client.get(f"{BASE}/fake-cal").json()["in_use"] is False
    refused = client.delete(f"{BASE}/ours:1")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    assert client.post(f"{BASE}/fake-cal/use").json()["in_use"] is True
    assert client.delete(f"{BASE}/ours:1").json()["deleted"] is True
    assert client.get(f"{BASE}/ours:1").status_code == 404


def test_the_choice_outlives_the_process(client, settings, engine) -> None:
    client.post(BASE, json=OURS)
    client.post(f"{BASE}/ours:1/use")
    with TestClient(create_app(settings, engine=engine)) as again:
        again.headers.update(client.headers)
        assert again.get("/v1/system").json()["calibration"]["calibration_id"] == "ours:1"


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"sha256": "0" * 64}, 422, "the calibration that was sent was changed after it was measured"),
        ({"schema": "other/1"}, 422, ""),
    ],
)
def test_damaged_ones_are_refused(client, change, status, words) -> None:
    answer = client.post(BASE, json={**OURS, **change})
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]
    assert len(client.get(BASE).json()["items"]) == 1


def test_conflicts(client, monkeypatch) -> None:
    client.post(BASE, json=OURS)
    again = client.post(BASE, json=OURS)
    assert again.json()["error"]["message"] == "the calibration 'ours:1' is here already"
    assert client.delete(f"{BASE}/fake-cal").json()["error"]["message"].startswith("this calibration came with")
    monkeypatch.setattr(calibrations, "_MOST", 2)
    assert client.post(BASE, json=OURS).json()["error"]["message"] == "there are 2 calibrations already; delete some"
    other = CalibrationFile(calibration(), "other:0").document()
    monkeypatch.setattr(calibrations, "_MOST", 9)
    assert client.post(BASE, json=other).status_code == 422


def test_roles(stranger, keys) -> None:
    assert stranger.get(BASE, headers=keys("read")).status_code == 200
    assert stranger.post(BASE, json=OURS, headers=keys("enrol")).status_code == 403
