from __future__ import annotations

import numpy as np

from vultus.research.data.world.compiled import Real, compiled, inlined


@inlined
def _twice(value: Real) -> Real:
    return value * 2


@compiled
def _doubled(values: Real) -> Real:
    total = 0.0
    for n in range(values.shape[0]):
        total += _twice(values[n])
    return total


def test_loops_become_machine_code_and_stay_python() -> None:
    assert _doubled(np.arange(5.0)) == 20
    assert _doubled.py_func(np.arange(5.0)) == 20
    assert _doubled.nopython_signatures


def test_machine_code_on_the_disk_goes_with_all_kernels() -> None:
    from vultus.research.data.world import compiled, shade

    assert len(compiled.stamp()) == 64
    assert shade.shade._cache._cache_file._source_stamp == compiled.stamp()
