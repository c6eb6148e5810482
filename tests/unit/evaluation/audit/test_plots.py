from __future__ import annotations

from unit.evaluation.audit.made import made
from vultus.evaluation.audit.audit import Terms, audit
from vultus.evaluation.audit.plots import bars, det


def test_the_same_figures_give_the_same_drawing():
    report = audit(made([(0.1, 0.1), (0.02, 0.2)]), Terms(threshold=0.5))
    groups = report["attributes"][0]["groups"]
    for one, other in ((det(groups, 0.01), det(groups, 0.01)), (bars(groups, report["overall"]), None)):
        assert one.lstrip().startswith("<?xml")
        assert other in (None, one)
