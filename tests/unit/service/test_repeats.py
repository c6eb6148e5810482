from __future__ import annotations

import threading
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from unit.gallery.fake import FakeEngine, photos
from unit.service.conftest import pictures
from vultus.service.repeats import Repeats
from vultus.service.state import Service

PEOPLE = "/v1/collections/default/persons"
KEY = {"Idempotency-Key": "9f1c"}


def enrol(client: TestClient, name: str = "Ada", **headers: str):
    return client.post(PEOPLE, data={"name": name}, files=pictures(*photos("ada")), headers={**KEY, **headers})


def test_a_request_is_done_once(client: TestClient, engine: FakeEngine) -> None:
    first = enrol(client)
    seen = engine.seen
    again = enrol(client)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert engine.seen == seen
    assert client.get(PEOPLE).json()["total"] == 1


def test_another_request_with_the_same_key_is_refused(client: TestClient) -> None:
    enrol(client)
    told = enrol(client, "Bea")
    assert (told.status_code, told.json()["error"]["code"]) == (409, "idempotency_mismatch")
    assert told.json()["error"]["message"] == "this Idempotency-Key was used for another request"


def test_keys_of_two_callers_have_nothing_to_do_with_each_other(client: TestClient, keys) -> None:
    enrol(client)
    other = enrol(client, "Bea", **keys("enrol"))
    assert other.status_code in (200, 201)
    assert "idempotency-replayed" not in other.headers


@pytest.mark.parametrize("key", ["", "x" * 129, "a b"])
def test_a_key_is_a_short_word(client: TestClient, key: str) -> None:
    told = client.post("/v1/collections", json={"collection_id": "a"}, headers={"Idempotency-Key": key})
    assert told.json()["error"]["message"] == "Idempotency-Key must be 1 to 128 visible ASCII characters"


def test_errors_of_the_caller_are_kept_and_passing_ones_are_not(client: TestClient, service: Service) -> None:
    wrong = {"collection_id": "NO"}
    assert client.post("/v1/collections", json=wrong, headers=KEY).status_code == 422
    again = client.post("/v1/collections", json=wrong, headers=KEY)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (422, "true")
    full = {"Idempotency-Key": "full"}
    room, service.engine._room = service.engine._room, 0
    assert client.post("/v1/detect", files=pictures(*photos("ada", 1)), headers=full).status_code == 429
    service.engine._room = room
    assert client.post("/v1/detect", files=pictures(*photos("ada", 1)), headers=full).status_code == 200


def test_while_the_first_is_worked_on_the_second_is_told_to_wait(client: TestClient, engine: FakeEngine) -> None:
    engine.delay_s = 0.5
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(enrol(client))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    (late,) = [answer for answer in answers if answer.status_code == 409]
    assert late.json()["error"]["message"] == "the first request with this Idempotency-Key is still being worked on"
    assert late.headers["retry-after"] == "1"


def test_the_database_gives_no_name_away(client: TestClient, service: Service) -> None:
    enrol(client, "Adelaide Nobody")
    files = Path(service.database.path.parent).glob("service.db*")
    assert all(b"Adelaide" not in file.read_bytes() for file in files)


def test_what_a_killed_service_had_begun_may_be_asked_for_again(client: TestClient, service: Service) -> None:
    enrol(client)
    with service.database.writing() as connection:
        connection.execute("UPDATE repeat SET sealed = NULL")
    assert enrol(client).status_code == 409
    Repeats.forget_unfinished(service.database)
    assert enrol(client).json()["accepted"][0]["repeated"] is True


def test_a_sealed_answer_that_was_tampered_with_is_not_given(client: TestClient, service: Service) -> None:
    enrol(client)
    with service.database.writing() as connection:
        connection.execute("UPDATE repeat SET sealed = zeroblob(length(sealed))")
    assert enrol(client).status_code == 409


def test_after_a_day_a_key_is_free_again(client: TestClient, service: Service) -> None:
    enrol(client)
    with service.database.writing() as connection:
        connection.execute("UPDATE repeat SET created = created - 90000")
    assert "idempotency-replayed" not in enrol(client).headers


def test_a_request_that_breaks_off_is_let_go() -> None:
    import asyncio

    from vultus.service.envelope import ServiceError
    from vultus.service.repeats import _whole

    async def gone():
        return {"type": "http.disconnect"}

    with pytest.raises(ServiceError, match="the request broke off"):
        asyncio.run(_whole(gone))
