from __future__ import annotations

from vultus.evaluation.bench_gallery import MEASUREMENTS


def test_every_measurement_of_the_milestone_is_there():
    assert [measurement.name for measurement in MEASUREMENTS] == ["scan", "same_people", "insert", "reopen"]
