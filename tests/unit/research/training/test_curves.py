from __future__ import annotations

import numpy as np
import pytest

from vultus.inference.image import read
from vultus.research.training.curves import _smooth, _starts, draw
from vultus.research.training.journal import Journal, Row


def test_a_journal_is_drawn(tmp_path):
    journal = Journal(tmp_path / "journal.csv")
    for stage in ("one", "two"):
        for step in range(60):
            journal.note(stage, step, {"net/ce": 1 / (step + 1), "net/rate": 0.1, "net/gradient": 2.0})
        journal.note(stage, 59, {"validation/uar": 0.5})
    journal.close()
    draw(tmp_path / "journal.csv", tmp_path / "curves.png", "toy")
    high = read(tmp_path / "curves.png")
    assert np.ptp(high) > 100
    Journal(tmp_path / "journal.csv", lambda row: row.what == "net/ce").close()
    draw(tmp_path / "journal.csv", tmp_path / "curves.png", "toy")
    assert read(tmp_path / "curves.png").shape[0] < high.shape[0], "one panel instead of three"


def test_stages_follow_each_other_and_lines_are_means():
    noted = [Row("one", 0, "a", 1.0), Row("one", 9, "a", 1.0), Row("two", 0, "a", 1.0), Row("two", 4, "a", 1.0)]
    assert _starts([*noted, Row("three", 0, "a", 1.0)]) == {"one": 0, "two": 10, "three": 15}
    values = np.random.default_rng(0).random(60)
    assert _smooth(values) == pytest.approx([values[max(0, n - 24) : n + 1].mean() for n in range(60)])
