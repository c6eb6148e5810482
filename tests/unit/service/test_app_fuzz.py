"""Whatever OpenAPI allows, and much that it does not: never a 5xx, no hang, an answer of the shape it should have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance
from starlette.testclient import TestClient

from unit.gallery.fake import FakeEngine, photos
from unit.service.conftest import pictures
from vultus.service.app import create_app
from vultus.service.settings import Settings

CHECKS = [not_a_server_error, response_schema_conformance, status_code_conformance]
EXAMPLES = 5  # per address; longer runs: see docs/service.md


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    app = create_app(Settings(folder, decode="none", auth=False, threads=1), engine=FakeEngine())
    with TestClient(app, raise_server_exceptions=False, base_url="http://127.0.0.1") as client:
        client.post("/v1/collections/default/persons", data={"name": "Ada"}, files=pictures(*photos("ada")))
        yield client


def test_nothing_that_can_be_asked_breaks_it(running: TestClient) -> None:
    api = schemathesis.openapi.from_dict(running.get("/openapi.json").json())
    operations = [found.ok() for found in api.get_all_operations()]
    assert len(operations) >= 25
    for operation in operations:
        if not operation.path.endswith("/events"):
            asked(running, operation)


def prepared(running: TestClient, case):
    """The request as bytes: made by one library and sent by another."""
    given = case.as_transport_kwargs(base_url="http://127.0.0.1")
    made = requests.Request(**{name: value for name, value in given.items() if name != "cookies"}).prepare()
    return running.build_request(made.method, made.url, content=made.body or b"", headers=dict(made.headers))


def asked(running: TestClient, operation) -> None:
    @given(case=operation.as_strategy())
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def ask(case) -> None:
        # Whoever asks in earnest finds something.
        for name, value in (("collection_id", "default"), ("person_id", 1)):
            if name in (case.path_parameters or {}):
                case.path_parameters[name] = value
        answer = running.send(prepared(running, case))
        case.validate_response(answer, checks=CHECKS)
        assert answer.headers["x-request-id"]

    ask()
