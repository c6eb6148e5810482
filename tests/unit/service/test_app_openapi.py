"""The API of yesterday is the API of today: what changes is seen in docs/openapi.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from starlette.testclient import TestClient

VERBS = ("get", "post", "patch", "delete")


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    return client.get("/openapi.json").json()


def test_the_committed_document_is_this_one(document: dict[str, Any], checkout: Path) -> None:
    committed = json.loads((checkout / "docs/openapi.json").read_text("utf-8"))
    document["info"]["version"] = committed["info"]["version"]
    assert document == committed, "run: python tools/write_openapi.py"


def test_every_address_is_explained(document: dict[str, Any]) -> None:
    for path, verbs in document["paths"].items():
        for verb in set(VERBS) & set(verbs):
            told = verbs[verb]
            assert told.get("description"), (verb, path)
            assert any(code.startswith("2") for code in told["responses"]), (verb, path)


def test_examples_fit(document: dict[str, Any]) -> None:
    shapes = {"$defs": document["components"]["schemas"]}
    text = json.dumps(shapes).replace("#/components/schemas/", "#/$defs/")
    defs = json.loads(text)["$defs"]
    checked = 0
    for name, shape in defs.items():
        if "example" in shape and set(shape.get("required", ())) <= set(shape["example"]):
            jsonschema.validate(shape["example"], {**shape, "$defs": defs})
            checked += 1
        assert shape.get("description") or name.startswith("Body"), name
    for verbs in document["paths"].values():
        for told in verbs.values():
            for content in told.get("requestBody", {}).get("content", {}).values():
                if "example" in content:
                    jsonschema.validate(content["example"], content["schema"])
                    checked += 1
    assert checked >= 10
