from __future__ import annotations

import pytest

from unit.evaluation.audit.made import made
from vultus.errors import InputError
from vultus.evaluation.audit.rates import group_errors
from vultus.evaluation.audit.watchlist import Traffic, readings


def test_a_door_by_hand():
    found = made([(0.1, 0.2)])
    names, group = found.group_of(("group",))
    rows = group_errors(found, names, group, 0.5)
    (one,) = readings(rows, Traffic(1000, 2, 0.1))
    fmr, fnmr = rows[0].fmr.value, rows[0].fnmr.value
    assert one.suspects[0] == pytest.approx(900 * (1 - (1 - fmr) ** 2))
    assert one.missed[0] == pytest.approx(100 * fnmr)
    assert one.right == pytest.approx((100 - one.missed[0]) / (100 - one.missed[0] + one.suspects[0]))
    assert one.suspects[1] < one.suspects[0] < one.suspects[2]


@pytest.mark.parametrize("bad", [(0, 1, 0.1), (10, 0, 0.1), (10, 1, 1.0), (10, 1, -0.1)])
def test_impossible_doors(bad):
    with pytest.raises(InputError, match="a watch-list needs people per day above 0"):
        Traffic(*bad)
