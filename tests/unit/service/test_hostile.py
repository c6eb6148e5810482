from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from unit.gallery.fake import photos
from vultus.inference.header import probe
from vultus.service.hostile import attacks, bomb


def test_every_attack_is_answered_below_500(client: TestClient) -> None:
    key = client.headers["authorization"].removeprefix("Bearer ")
    del client.headers["authorization"]
    seen = set()
    for one in attacks(key, photos("ada", 1)[0] * 20):
        head, _, body = one.raw.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        headers = dict(line.split(": ", 1) for line in lines if not line.startswith(("Host", "Content-Length")))
        answer = client.request(method, f"http://testserver{path}", content=body, headers=headers)
        assert answer.status_code < 500, (one.name, answer.text)
        seen.add(answer.status_code)
    assert {200, 400, 401, 404, 405, 413, 415, 422} <= seen


def test_a_bomb_is_small_and_claims_much() -> None:
    data = bomb(12_000)
    assert len(data) < 50_000
    assert probe(data, "bomb").pixels == 144_000_000


@pytest.mark.parametrize("key", ["", "k"])
def test_attacks_are_of_many_kinds(key: str) -> None:
    assert len({one.name for one in attacks(key, bytes(1000))}) >= 25
