"""The shapes of unknown people; what they are filled with is in routes/test_unknown.py."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from vultus.service.strangers import GroupFields, GroupShape, JoinFields, KeepFields, NameFields, SplitFields


@pytest.mark.parametrize(
    ("model", "bad"),
    [
        (KeepFields, {"fpir": 1.5}),
        (KeepFields, {"fpri": 0.1}),
        (GroupFields, {"fmr": 0}),
        (NameFields, {"name": ""}),
        (JoinFields, {"group_ids": [1]}),
        (SplitFields, {"face_ids": []}),
    ],
)
def test_what_makes_no_sense_is_refused(model: type, bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        model.model_validate(bad)


def test_nobody_need_be_probable() -> None:
    group = {
        "group_id": 1, "n_faces": 2, "face_ids": [1, 2], "sources": [], "first_at": "", "last_at": "", "probably": None,
    }  # fmt: skip
    assert GroupShape.model_validate(group).probably is None
    with pytest.raises(ValidationError):
        GroupShape.model_validate({**group, "probably": {"name": "Ada"}})
