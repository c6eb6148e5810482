from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from unit.service.client.conftest import faked, refused
from vultus.errors import ImageError, RemoteError
from vultus.service.client import transport
from vultus.service.client.transport import form

HEALTH = httpx.Response(200, json={"status": "ok", "ready": True, "version": "1"})


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits in these tests; how long they would have."""
    found: list[float] = []
    monkeypatch.setattr(transport.time, "sleep", found.append)
    return found


def test_the_key_goes_in_a_header(pauses) -> None:
    client, asked = faked(HEALTH)
    assert client.health().status == "ok"
    assert asked[0].headers["authorization"] == "Bearer vultus_k"
    assert "vultus_k" not in str(asked[0].url)
    assert "idempotency-key" not in asked[0].headers


def test_errors_have_everything_that_was_told() -> None:
    client, asked = faked(refused(404, "not_found"))
    with pytest.raises(RemoteError, match=r"it is so \(not_found\)") as caught:
        client.collection("a b").person(7)
    error = caught.value
    assert (error.code, error.status, error.details, error.request_id) == ("not_found", 404, {"x": 1}, "r1")
    assert asked[0].url.raw_path == b"/v1/collections/a%20b/persons/7"


@pytest.mark.parametrize("code", ["busy", "rate_limited", "draining", "idempotency_in_progress"])
def test_a_busy_service_is_asked_again(code: str, pauses) -> None:
    client, asked = faked(refused(429, code, **{"Retry-After": "3"}), refused(429, code), HEALTH)
    assert client.health().ready
    assert pauses == [3.0, 0.2 * 4]
    assert len(asked) == 3


def test_a_change_that_is_asked_again_is_the_same_change(pauses) -> None:
    client, asked = faked(refused(429, "busy"), refused(404, "not_found"))
    with pytest.raises(RemoteError):
        client.make_collection("club")
    first, second = (request.headers["idempotency-key"] for request in asked)
    assert first == second
    assert len(first) == 32
    assert asked[0].content == asked[1].content


def test_patience_ends(pauses) -> None:
    client, asked = faked(refused(429, "busy", **{"Retry-After": "9999"}), tries=3)
    with pytest.raises(RemoteError) as caught:
        client.health()
    assert (caught.value.code, len(asked)) == ("busy", 3)
    assert pauses == [60.0, 60.0], "nobody waits for hours because a service says so"
    client, asked = faked(refused(429, "busy"), tries=0)
    with pytest.raises(RemoteError):
        client.health()
    assert len(asked) == 1


def test_nobody_is_there(pauses) -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    client, asked = faked(silent, tries=2)
    with pytest.raises(RemoteError, match="http://service cannot be reached: refused") as caught:
        client.health()
    assert (caught.value.code, caught.value.status, len(asked)) == ("unreachable", 0, 2)
    client, _ = faked(silent, HEALTH)
    assert client.health().ready


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, json={"status": "ok"}),
        httpx.Response(200, json=[]),
    ],
)
def test_answers_of_something_else(answer: httpx.Response) -> None:
    client, _ = faked(answer)
    with pytest.raises(RemoteError, match="answers otherwise than this client expects") as caught:
        client.health()
    assert caught.value.code == "unexpected_answer"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": "x"}', b'{"error": {"code": 1}}'])
def test_errors_of_something_else(body: bytes) -> None:
    client, _ = faked(httpx.Response(502, content=body))
    with pytest.raises(RemoteError, match="http://service/v1/health answered 502") as caught:
        client.health()
    assert (caught.value.code, caught.value.status) == ("unexpected_answer", 502)


def test_lists_are_walked_to_their_end() -> None:
    def keys(request: httpx.Request) -> httpx.Response:
        at = int(request.url.params.get("cursor", "0"))
        item = {"key_id": str(at), "name": "n", "roles": [], "collections": [], "rate_per_s": None,
                "created_at": "", "last_used_at": None, "revoked_at": None}  # fmt: skip
        cursor = str(at + 1) if at < 2 else None
        return httpx.Response(200, json={"items": [item], "next_cursor": cursor, "total": 3, "request_id": "r"})

    client, asked = faked(keys)
    found = client.keys()
    assert next(found).key_id == "0"
    assert len(asked) == 1, "a page is asked for when it is needed"
    assert [key.key_id for key in found] == ["1", "2"]


def test_fields_of_a_form(tmp_path: Path) -> None:
    path = tmp_path / "ada.jpg"
    path.write_bytes(b"jpeg")
    made = form({"images": [b"x", path, str(path)]}, {
        "name": "Ada", "metadata": {"a": 1}, "tags": ["x", "y"], "override_quality": False, "fmr": None, "top": 3,
    })  # fmt: skip
    assert made["files"] == [
        ("images", ("picture 1", b"x")),
        ("images", ("ada.jpg", b"jpeg")),
        ("images", ("ada.jpg", b"jpeg")),
    ]
    assert made["data"] == {
        "name": "Ada", "metadata": '{"a": 1}', "tags": ["x", "y"], "override_quality": "false", "top": "3",
    }  # fmt: skip
    with pytest.raises(ImageError, match="No such file"):
        form({"image": tmp_path / "gone.jpg"})


def sse(*events: tuple[int, str, str]) -> httpx.Response:
    text = ": hello\n\n" + "".join(f"id: {number}\nevent: {kind}\ndata: {data}\n\n" for number, kind, data in events)
    return httpx.Response(200, content=text.encode(), headers={"Content-Type": "text/event-stream"})


DONE = (9, "end", '{"reason":"done"}')


def test_events_go_on_where_they_broke_off(pauses) -> None:
    client, asked = faked(
        sse((1, "a", "{}"), (2, "a", "{}")), refused(503, "draining"),
        sse((3, "b", "{}"), (3, "end", '{"reason":"draining"}')),
        sse((4, "c", '{"x":1}'), DONE),
    )  # fmt: skip
    found = list(client.transport.events("/v1/x"))
    assert [(one.id, one.type) for one in found] == [(1, "a"), (2, "a"), (3, "b"), (4, "c")]
    assert [request.headers.get("last-event-id") for request in asked] == [None, "2", "2", "3"]
    assert asked[0].headers["accept"] == "text/event-stream"
    assert len(pauses) == 3


def test_events_end_when_nothing_comes_any_more(pauses) -> None:
    client, asked = faked(sse(), tries=3)
    with pytest.raises(RemoteError, match="http://service has ended the stream"):
        list(client.transport.events("/v1/x", after=7))
    assert [request.headers["last-event-id"] for request in asked] == ["7"] * 3
    client, asked = faked(refused(404, "not_found"))
    with pytest.raises(RemoteError, match="not_found"):
        list(client.transport.events("/v1/x"))
    assert len(asked) == 1

    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("too quiet", request=request)

    client, _ = faked(silent)
    with pytest.raises(RemoteError, match="cannot be reached: too quiet"):
        list(client.transport.events("/v1/x"))
