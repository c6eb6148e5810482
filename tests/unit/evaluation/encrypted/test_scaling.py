from __future__ import annotations

import numpy as np

from vultus.evaluation.bench_load import resident_mib
from vultus.evaluation.encrypted import scaling as module
from vultus.evaluation.encrypted.ours import DEFAULT, Ours
from vultus.evaluation.encrypted.scaling import Gallery, memory_mib, scaling


def test_every_size_is_searched_and_every_score_checked(study, monkeypatch):
    monkeypatch.setattr(module, "SIZES", (100, 250))
    rows = list(scaling(study))
    table = study.bench.details["scaling"]["rows"]
    assert [line["people"] for line in table] == [100, 250]
    assert all(line["exact"] and line["top1"] for line in table)
    assert table[1]["bytes"] > table[0]["bytes"] > 0
    assert rows[0].goal == ""
    assert rows[1].met
    assert "all scores exact: True" in rows[1].reason


def test_a_wrong_score_is_seen():
    system = Ours(512, 16, DEFAULT)
    with Gallery(system, 16, 1) as gallery:
        values = np.eye(16, dtype=np.int32)
        gallery.add(values[:5])
        gallery.add(values[5:])
        assert gallery.size == 16
        right = values.astype(np.int64) @ values[3]
        found = gallery.search(values[3], right)
        assert (found["exact"], found["top1"]) == (True, True)
        wrong = gallery.search(values[3], np.roll(right, 1))
        assert (wrong["exact"], wrong["top1"]) == (False, False)
        assert memory_mib() > resident_mib()
