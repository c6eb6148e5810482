from __future__ import annotations

import pytest

from vultus.errors import InputError, UnknownNameError
from vultus.evaluation.audit.limits import beyond, read_limits


def test_limits_and_who_breaks_them():
    limits = read_limits(["fmr_max_min=3", "fdr=0.9"])
    part = {"attributes": ["sex", "age"], "summaries": {"fmr_max_min": 4.0, "fdr": 0.8, "garbe": 0.5}}
    assert beyond({"attributes": [part, {"attributes": ["x"], "summaries": None}]}, limits) == [
        "fmr_max_min of sex and age is 4, beyond the limit of 3", "fdr of sex and age is 0.8, beyond the limit of 0.9"
    ]  # fmt: skip
    assert beyond({"attributes": [part]}, {"fmr_max_min": 4.0, "fdr": 0.8}) == []


def test_limits_that_are_none():
    with pytest.raises(UnknownNameError, match="unknown limit 'fmr_maxmin'; did you mean 'fmr_max_min'"):
        read_limits(["fmr_maxmin=3"])
    with pytest.raises(InputError, match="a limit must be NAME=NUMBER, but is 'fdr=much'"):
        read_limits(["fdr=much"])
