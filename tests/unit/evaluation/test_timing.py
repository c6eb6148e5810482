from __future__ import annotations

import os
import time

import pytest

from vultus.errors import ConfigError
from vultus.evaluation.timing import interleaved, processors, seconds


def test_sides_take_turns_after_one_unmeasured_call_each():
    order = []
    interleaved(lambda: order.append("o"), lambda: order.append("p"), repeats=3)
    assert "".join(order) == "op" + "op" + "po" + "op"
    with pytest.raises(ConfigError, match="a timing needs at least one repeat, not 0"):
        interleaved(print, print, repeats=0)


def test_medians_forget_one_slow_turn():
    naps = iter([0, 0, 0.05, 0])
    ours, peer = interleaved(lambda: time.sleep(next(naps)), lambda: time.sleep(0.01), repeats=3)
    assert ours < 0.01 < peer < 0.05
    assert seconds(lambda: time.sleep(0.01)) >= 0.01


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux keeps a process on processors")
def test_processors_are_given_back():
    before = os.sched_getaffinity(0)
    with processors(1) as got:
        assert got == len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before


def test_processors_without_the_system_call(monkeypatch):
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    with processors(1) as got:
        assert got == (os.cpu_count() or 1)
