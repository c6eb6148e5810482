from __future__ import annotations

from pydantic import BaseModel

from vultus.service.documents import inlined


class Inner(BaseModel):
    number: int


class Outer(BaseModel):
    one: Inner
    many: list[Inner]


def test_models_in_models_are_written_out() -> None:
    shape = inlined(Outer)
    assert "$ref" not in str(shape)
    assert "$defs" not in shape
    assert shape["properties"]["many"]["items"]["properties"]["number"] == {"title": "Number", "type": "integer"}
