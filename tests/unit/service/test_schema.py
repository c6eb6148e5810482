from __future__ import annotations

from pydantic import BaseModel

from vultus.service import schema


def models() -> list[type[BaseModel]]:
    return [one for one in vars(schema).values() if isinstance(one, type) and issubclass(one, BaseModel)]


def test_examples_fit_their_models() -> None:
    checked = 0
    for model in models():
        extra = model.model_config.get("json_schema_extra")
        if (
            isinstance(extra, dict)
            and "example" in extra
            and "example" not in getattr(model.__base__, "model_config", {})
        ):
            needed = {name for name, field in model.model_fields.items() if field.is_required()}
            example = extra["example"]
            if needed <= set(example):  # an heir shows the example of what it extends
                model.model_validate(example)
                checked += 1
    assert checked >= 4
