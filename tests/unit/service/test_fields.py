from __future__ import annotations

import pytest
from pydantic import ValidationError

from vultus.service import fields


def test_a_misspelt_field_is_noticed() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        fields.EnrolFields.model_validate({"name": "Ada", "tag": "x"})
