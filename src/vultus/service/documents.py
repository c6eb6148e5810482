"""How a route tells OpenAPI what it takes: the same fields as a form with files, and as JSON with base64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vultus.service.schema import ErrorAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

# Every route may answer with the envelope.
ERRORS: dict[int | str, dict[str, Any]] = {
    "default": {"model": ErrorAnswer, "description": "An error, in the one envelope of all errors."}
}
_PICTURE = {
    "oneOf": [
        {
            "type": "object", "required": ["base64"], "additionalProperties": False,
            "properties": {"base64": {"type": "string", "contentEncoding": "base64"}, "filename": {"type": "string"}},
        },
        {
            "type": "object", "required": ["url"], "additionalProperties": False,
            "description": "where the service was started with --fetch-urls",
            "properties": {"url": {"type": "string", "maxLength": 2000}, "filename": {"type": "string"}},
        },
    ]
}  # fmt: skip
_FILE = {"type": "string", "contentMediaType": "application/octet-stream", "format": "binary"}


def takes(
    model: type[BaseModel],
    *,
    one: tuple[str, ...] = (),
    many: str = "",
    example: Mapping[str, Any] | None = None,
    optional: bool = False,
) -> dict[str, Any]:
    """What goes into `openapi_extra` of a route that takes pictures.

    Args:
        model: of the other fields; without nested models.
        one: fields with one picture each.
        many: a field with several.
        example: of the JSON body.
        optional: the pictures may be left out.
    """  # fmt: skip
    shape = model.model_json_schema()
    as_json, as_form = dict(shape.get("properties", {})), dict(shape.get("properties", {}))
    for name in one:
        as_json[name], as_form[name] = _PICTURE, _FILE
    if many:
        as_json[many] = {"type": "array", "items": _PICTURE, "minItems": 1}
        as_form[many] = {"type": "array", "items": _FILE, "minItems": 1}
    if "metadata" in as_form:
        as_form["metadata"] = {"type": "string", "contentMediaType": "application/json", "description": "JSON, as text"}
    needed = [*shape.get("required", []), *(() if optional else (*one, *((many,) if many else ())))]
    whole = {"type": "object", "additionalProperties": False, **({"required": needed} if needed else {})}
    json_body: dict[str, Any] = {"schema": {**whole, "properties": as_json}}
    if example is not None:
        json_body["example"] = dict(example)
    return {"requestBody": {"required": True, "content": {
        "multipart/form-data": {"schema": {**whole, "properties": as_form}},
        "application/json": json_body,
    }}}  # fmt: skip


def inlined(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model with the models in it written out: what `openapi_extra` has no place for."""
    shape = model.model_json_schema()
    parts = shape.pop("$defs", {})

    def resolved(value: Any) -> Any:
        if isinstance(value, dict):
            name = str(value.get("$ref", "")).rpartition("/")[2]
            return resolved(parts[name]) if name in parts else {key: resolved(one) for key, one in value.items()}
        return [resolved(one) for one in value] if isinstance(value, list) else value

    whole: dict[str, Any] = resolved(shape)
    return whole
