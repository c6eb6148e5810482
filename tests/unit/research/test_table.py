from __future__ import annotations

from vultus.research.table import METHODS


def test_forty_five_methods_in_the_order_of_their_cards():
    assert [entry.number for entry in METHODS] == list(range(1, 46))
    assert len({entry.name for entry in METHODS}) == 45
    assert {entry.task for entry in METHODS} == {
        "identity", "privacy", "fairness", "spoofing", "expression", "video_expression", "micro_expression", "emotion",
        "behavior", "synthesis",
    }  # fmt: skip
    assert {entry.status for entry in METHODS} <= {"built", "planned"}
