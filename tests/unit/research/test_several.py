from __future__ import annotations

import pytest

from vultus.research.experiment import FIRST_SEED, measure
from vultus.research.methods.fairness import subgroup_audit as method
from vultus.research.several import measure_several

SEEDS = (FIRST_SEED, FIRST_SEED + 1)


def test_seeds_side_by_side_give_what_they_give_one_after_another() -> None:
    config = method.Config.tiny()
    lines: list[str] = []
    found = measure_several(method.__name__, config, SEEDS, None, lines.append, jobs=2)
    assert found == [measure(method, config, seed) for seed in SEEDS]
    assert sorted(lines) == sorted(f"seed {seed}: {arm}" for seed in SEEDS for arm in found[0].figures)


def test_what_goes_wrong_in_a_process_is_told(tmp_path) -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_method"):
        measure_several("vultus.no_such_method", None, SEEDS, None, print, jobs=1)
