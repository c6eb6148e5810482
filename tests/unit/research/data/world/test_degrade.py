from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vultus.errors import ConfigError, UnknownNameError
from vultus.research.data import world
from vultus.research.data.world import calibrate, degrade

IMAGES = world.faces(4, seed=11, size=96)["image"]


@pytest.mark.parametrize("kind", degrade.KINDS)
def test_each_step_hurts_more_and_has_a_seed(kind: str) -> None:
    found = [degrade.apply(IMAGES, kind, step, np.random.default_rng(1)) for step in degrade.SEVERITIES]
    again = degrade.apply(IMAGES, kind, 3, np.random.default_rng(1))
    assert np.array_equal(found[2], again)
    loud = [calibrate.psnr(IMAGES, one).mean() for one in found]
    assert loud[0] > loud[1] + 0.5 > loud[2] + 1
    assert found[0].dtype == np.uint8


def test_what_was_measured_is_committed_and_falls(checkout: Path) -> None:
    report = json.loads((checkout / "results/world_calibration.json").read_text())["degradations"]
    rows = {(row["kind"], row["severity"]): row for row in report["rows"]}
    assert rows.keys() == {(kind, step) for kind in degrade.KINDS for step in degrade.SEVERITIES}
    assert report["clean_found"] > 0.9
    for kind in degrade.KINDS:
        loud = [rows[kind, step]["psnr_db"] for step in degrade.SEVERITIES]
        assert loud == sorted(loud, reverse=True), kind


def test_bad_input_and_no_input() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(UnknownNameError, match="unknown degradation 'hail'"):
        degrade.apply(IMAGES, "hail", 1, rng)
    with pytest.raises(ConfigError, match="a degradation has severity 1, 2 or 3"):
        degrade.apply(IMAGES, "fog", 4, rng)
    with pytest.raises(ConfigError, match="degradations take uint8 pictures"):
        degrade.apply(IMAGES / 255, "fog", 1, rng)
    assert degrade.apply(IMAGES[:0], "fog", 1, rng).shape == (0, 96, 96, 3)
