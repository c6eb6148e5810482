"""Runs in processes of their own: killed in the middle, and two that share each step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from unit.research.training.nets import net, points, weights
from unit.research.training.test_keeper import HEADER, UAR
from unit.research.training.test_loop import MAIN, Plain, accuracy
from vultus.research.training.checkpoint import read
from vultus.research.training.keeper import Keeper
from vultus.research.training.loop import train

ONE = {**HEADER, "stages": [{"name": "main"}]}
LONG = replace(MAIN, steps=200, ema=0.95)
SHARED = replace(MAIN, steps=10, accumulate=2)

KILLED = """
from pathlib import Path
from unit.research.training.test_loop_processes import *
keeper = Keeper(Path("parts"), ONE, UAR, save_every_s=0)
train(net(LONG), points(), 1, keeper=keeper, look=accuracy, tell=lambda: print("step", flush=True))
"""
TWO = """
from pathlib import Path
from unit.research.training.test_loop_processes import *
from vultus.research.training.machine import Machine
keeper = Keeper(Path("two"), ONE, UAR)
train(net(SHARED, kind=Plain), points(), 1, keeper=keeper, look=accuracy, machine=Machine(processes=2))
keeper.close()
"""


def started(code: str, folder: Path, checkout: Path) -> subprocess.Popen[str]:
    (folder / "script.py").write_text(code, "utf-8")
    env = {**os.environ, "PYTHONPATH": f"{checkout / 'src'}:{checkout / 'tests'}", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-W", "error", "script.py"], cwd=folder, env=env, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip


def test_a_run_that_was_killed_ends_with_the_same_numbers(tmp_path, checkout):
    child = started(KILLED, tmp_path, checkout)
    assert child.stdout is not None
    seen = sum(child.stdout.readline() == "step\n" for _ in range(60))
    child.send_signal(signal.SIGKILL)
    _, errors = child.communicate(timeout=60)
    assert seen == 60, errors
    assert child.returncode == -signal.SIGKILL

    def run(folder: Path, *, resume: bool) -> tuple[np.ndarray, bytes, bytes]:
        model, keeper = net(LONG), Keeper(folder, ONE, UAR, resume=resume)
        train(model, points(), 1, keeper=keeper, look=accuracy)
        keeper.close()
        return weights(model), (folder / "journal.csv").read_bytes(), (folder / "best.safetensors").read_bytes()

    killed_at = read(tmp_path / "parts/last.safetensors").header["step"]
    assert 50 <= killed_at < 200
    whole, parts = run(tmp_path / "whole", resume=False), run(tmp_path / "parts", resume=True)
    assert np.array_equal(whole[0], parts[0])
    assert whole[1:] == parts[1:]


def test_two_processes_do_what_one_does(tmp_path, checkout):
    child = started(TWO, tmp_path, checkout)
    _, errors = child.communicate(timeout=120)
    assert child.returncode == 0, errors
    alone = net(SHARED, kind=Plain)
    train(alone, points(), 1)
    together = net(SHARED, kind=Plain, seed=99)
    together.load_state_dict(read(tmp_path / "two/last.safetensors").weights)
    assert np.allclose(weights(alone), weights(together), atol=1e-5)
    assert not np.allclose(weights(alone), weights(net(SHARED, kind=Plain)), atol=1e-2), "it has learned"
