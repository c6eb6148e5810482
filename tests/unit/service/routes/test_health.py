from __future__ import annotations

from starlette.testclient import TestClient

from vultus.service.state import Service


def test_health_needs_no_key(stranger: TestClient, service: Service) -> None:
    assert stranger.get("/v1/health").json()["status"] == "ok"
    service.draining.set()
    assert stranger.get("/v1/health").status_code == 503
    alive = stranger.get("/v1/health/live")
    assert (alive.status_code, alive.json()["ready"]) == (200, False)
    service.draining.clear()
