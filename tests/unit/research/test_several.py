from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

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


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_no_process_outlives_a_kill(tmp_path: Path) -> None:
    told = tmp_path / "pids"
    script = (
        "import os, sys\n"
        "from vultus.research.several import measure_several\n"
        "if __name__ == '__main__':\n"
        "    measure_several('unit.research.sleeper', None, (1000, 1001), None, print, 2)\n"
    )
    (tmp_path / "run.py").write_text(script, "utf-8")
    paths = os.pathsep.join(path for path in sys.path if path)
    child = subprocess.Popen(
        [sys.executable, tmp_path / "run.py"], env={**os.environ, "PYTHONPATH": paths, "SLEEPER": str(told)}
    )
    until = time.monotonic() + 60
    while (not told.exists() or told.read_text().count("\n") < 2) and time.monotonic() < until:
        time.sleep(0.05)
    child.kill()
    child.wait()
    pids = told.read_text().split()
    assert len(pids) == 2
    while any(Path("/proc", pid).exists() for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(Path("/proc", pid).exists() for pid in pids)
