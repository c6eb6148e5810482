from __future__ import annotations

from vultus.research.training.journal import Journal, Row, rows


def test_rows_are_kept_to_the_last_bit(tmp_path):
    path = tmp_path / "journal.csv"
    journal = Journal(path)
    journal.note("main", 3, {"net/ce": 0.1 + 0.2, "net/rate": 1e-3})
    journal.flush()
    assert rows(path) == [Row("main", 3, "net/ce", 0.1 + 0.2), Row("main", 3, "net/rate", 1e-3)]
    journal.close()
    assert path.read_text("utf-8").splitlines()[0] == "stage,step,what,value"


def test_a_journal_goes_on_with_the_rows_that_stay(tmp_path):
    path = tmp_path / "journal.csv"
    journal = Journal(path)
    for step in range(6):
        journal.note("main", step, {"net/ce": float(step)})
    journal.close()
    with path.open("a", encoding="utf-8") as file:
        file.write("main,6,net/c")  # killed here
    journal = Journal(path, lambda row: row.step < 4)
    journal.note("main", 4, {"net/ce": 40.0})
    journal.close()
    assert [row.value for row in rows(path)] == [0, 1, 2, 3, 40]
    Journal(path).close()
    assert rows(path) == []
