from __future__ import annotations

import numpy as np

from unit.research.test_experiment import SEEDS
from unit.research.toy import Config, method
from vultus.inference.image import read
from vultus.research.experiment import ablate
from vultus.research.report import draw, figure, markdown, spread

REPORT = {**ablate(method(), Config(effect=0.12, noise=0.001), SEEDS), "method": "toy", "data": "synthetic",
          "versions": {"python": "3"}, "revision": "", "command": "vultus ablate toy"}  # fmt: skip


def test_tables_tell_every_arm_and_every_claim():
    text = markdown(REPORT)
    assert text.startswith("# toy on synthetic\n\n| arm | uar | parameters | steps | note |\n| --- |")
    assert all(f"| {arm} | " in text for arm in REPORT["arms"])
    assert "| uar of full is better than of without_part by 0.02 | **holds** | +0.1" in text
    assert "`vultus ablate toy`, revision unknown; python 3." in text


def test_figures_that_are_no_numbers():
    assert spread({"mean": None, "std": None, "values": [None]}) == "-"
    assert (figure(None), figure(0.5)) == ("-", "+0.5")


def test_a_drawing(tmp_path):
    broken = {
        **REPORT["arms"],
        "chance": {**REPORT["arms"]["chance"], "metrics": {"uar": {"mean": None, "values": [None]}}},
    }
    draw({**REPORT, "arms": broken}, tmp_path / "deep" / "a.png")
    assert np.ptp(read(tmp_path / "deep/a.png")) > 100
