from __future__ import annotations

import pytest

from vultus.service.jobs import pace
from vultus.service.jobs.pace import CALM_S, Pace


def test_a_job_gives_way_while_others_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, looked_at = [100.0], [50]
    monkeypatch.setattr(pace.time, "monotonic", lambda: clock[0])
    found = Pace(lambda: looked_at[0], 4)
    assert found.batch == 4
    looked_at[0] += 8
    found.note(8)
    assert found.batch == 4, "all of these were its own"
    looked_at[0] += 9
    found.note(8)
    assert found.batch == 1
    clock[0] += CALM_S - 1
    found.note(8)
    assert found.batch == 1
    clock[0] += 1
    assert found.batch == 4
