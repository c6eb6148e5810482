from __future__ import annotations

import json
import logging

import pytest
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from vultus import errors
from vultus.service.envelope import STATUS, Json, ServiceError, invalid, of, respond

SECRET = "/srv/secret/people.vultus"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UnsupportedTargetError("FMR", 1e-9, 1e-4, "small"), "unsupported_target"),
        (errors.ImageError("a.jpg", "it is empty"), "unreadable_picture"),
        (errors.VideoError("a.mp4", "it is empty"), "unreadable_picture"),
        (errors.NoFaceError("a.jpg"), "no_face"),
        (errors.UnknownNameError("person", "Ada", ["Ida"]), "not_found"),
        (errors.NameClashError("Ada"), "conflict"),
        (errors.InputError("a name must not be empty"), "invalid_request"),
        (errors.ContractError("a:1", "b:2"), "contract_mismatch"),
        (errors.LockedError(SECRET), "locked"),
        (errors.StoreError(SECRET), "unavailable"),
        (errors.WeightsError(SECRET), "unavailable"),
        (errors.MissingExtraError("ray", "ray"), "unavailable"),
        (errors.TrainingError(SECRET), "internal"),
        (RuntimeError(SECRET), "internal"),
        (OverflowError("Python int too large to convert to SQLite INTEGER"), "invalid_request"),
        (HTTPException(404), "not_found"),
        (HTTPException(405), "method_not_allowed"),
        (HTTPException(418, "a teapot"), "bad_request"),
    ],
)
def test_every_error_has_a_code_and_tells_no_secret(error: Exception, code: str) -> None:
    told = of(error)
    assert told.code == code
    assert told.status == STATUS[code]
    assert SECRET not in json.dumps(told.document("r"))


def test_names_that_are_not_asked_for_are_not_suggested() -> None:
    assert "Ida" not in of(errors.UnknownNameError("person", "Ada", ["Ida"])).message


def test_what_is_not_told_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        of(errors.StoreError(SECRET))
    assert SECRET in caplog.text


def test_numbers_that_json_cannot_hold_are_left_out() -> None:
    told = of(errors.UnsupportedTargetError("FMR", float("nan"), float("inf"), "x"))
    assert told.details == {"kind": "FMR", "target": None, "smallest": None}


def test_problems_say_where_and_never_what_was_sent() -> None:
    found = RequestValidationError([{"loc": ("body", "name"), "msg": "too long", "input": "Ada", "type": "x"}])
    told = of(found)
    assert told.message == "name: too long"
    assert told.details == {"problems": [{"where": ["body", "name"], "problem": "too long"}]}
    assert invalid([]).message == "the request: it is not as it should be"


def test_the_envelope_has_the_id_of_the_request() -> None:
    answer = respond(
        {"type": "http", "state": {"request_id": "r-1"}}, ServiceError("busy", "later", headers={"Retry-After": "3"})
    )
    assert json.loads(answer.body) == {
        "error": {"code": "busy", "message": "later", "details": {}},
        "request_id": "r-1",
    }
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "3"


def test_another_dialect_tells_errors_in_its_words() -> None:
    scope = {
        "type": "http",
        "state": {"request_id": "r", "error_style": lambda error: {"code": 3, "message": error.message}},
    }
    assert json.loads(respond(scope, ServiceError("busy", "later")).body) == {"code": 3, "message": "later"}


def test_json_is_strict() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        Json({"value": float("nan")})
