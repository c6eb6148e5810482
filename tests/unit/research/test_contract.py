from __future__ import annotations

from vultus.research.contract import Metric


def test_which_way_is_better():
    assert Metric("uar").sign == 1
    assert Metric("eer", worst=0.5, best=0.0).sign == -1
