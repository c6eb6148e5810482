"""Counters over the API."""

from __future__ import annotations

from unit.gallery.fake import person, picture
from unit.service.conftest import pictures


def test_requests_queue_and_sizes_are_counted(client) -> None:
    client.post("/v1/collections/default/persons", data={"name": "Ada"}, files=pictures(picture(person("Ada"))))
    for path in ("/metrics", "/v1/metrics"):
        answer = client.get(path)
        assert answer.headers["content-type"].startswith("text/plain")
    text = answer.text
    route = "/v1/collections/{collection_id}/persons"
    assert f'vultus_requests_total{{method="POST",route="{route}",status="201"}} 1.0' in text
    assert f'vultus_request_seconds_count{{route="{route}"}} 1.0' in text
    assert 'vultus_people{collection="default"} 1.0' in text
    assert "vultus_pictures_total 1.0" in text
    assert "Ada" not in text


def test_addresses_that_are_not_there_make_no_labels(client) -> None:
    for number in range(5):
        client.get(f"/v1/nothing/{number}")
    text = client.get("/metrics").text
    assert 'vultus_requests_total{method="GET",route="-",status="404"} 5.0' in text


def test_they_need_the_role(stranger, keys) -> None:
    assert stranger.get("/metrics").status_code == 401
    assert stranger.get("/metrics", headers=keys("read")).status_code == 403
    assert stranger.get("/metrics", headers=keys("audit")).status_code == 200
