"""What is kept of calibrations, without requests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unit.gallery.fake import CONTRACT, calibration
from vultus.errors import ConfigError
from vultus.service.calibrations import Calibrations
from vultus.weights.calibration import CalibrationFile


class Bare:
    """An engine without thresholds of its own."""

    contract = CONTRACT

    @property
    def calibration(self):
        raise ConfigError("pack x has no calibration")


class Batched:
    inner, contract, chosen = Bare(), CONTRACT, None


def test_a_pack_without_thresholds_gets_them_from_a_file(settings, service) -> None:
    engine = Batched()
    kept = Calibrations(settings, service.database, engine)
    assert kept.all() == []
    kept.add(CalibrationFile(replace(calibration(), calibration_id="ours"), CONTRACT).document())
    assert kept.use("ours").in_use
    assert engine.chosen.calibration_id == "ours"
    assert [path.suffix for path in (settings.data / "calibrations").iterdir()] == [".json"], "no part is left"


def test_a_file_that_was_damaged_meanwhile_stops_the_start(settings, service) -> None:
    kept = Calibrations(settings, service.database, Batched())
    kept.add(CalibrationFile(replace(calibration(), calibration_id="ours"), CONTRACT).document())
    kept.use("ours")
    (path,) = (settings.data / "calibrations").iterdir()
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="is no calibration file"):
        Calibrations(settings, service.database, Batched())
