"""The Parquet table of a run."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unit.batch.fake import DIMENSION, FakeEngine, face
from vultus.batch.journal import Journal
from vultus.batch.run import run_local
from vultus.batch.table import packages, read_table, shown, write_table
from vultus.errors import InputError, MissingExtraError, StoreError

parquet = pytest.importorskip("pyarrow.parquet")
Open = Callable[[], Journal]


@pytest.fixture
def finished(journal: Open, paths: list[str], engine: FakeEngine) -> Journal:
    book = journal()
    book.plan(paths)
    list(run_local(book, engine))
    return book


def test_every_file_has_a_row_and_every_face_its_numbers(finished: Journal, tmp_path: Path, paths: list[str]) -> None:
    target = tmp_path / "faces.parquet"
    assert write_table(finished, target, {"terms": "t"}) == {"pictures": 40, "faces": 38, "failed": 2}
    rows = parquet.read_table(target).to_pylist()
    assert [row["path"] for row in rows] == sorted([*paths, str(tmp_path / "photos/two.jpg")])
    two = [row for row in rows if row["path"].endswith("two.jpg")]
    for number, row in enumerate(two):
        want = face(b"2", number)
        assert row["face"] == number
        assert row["n_faces"] == 2
        assert [row[f"{edge}_px"] for edge in ("left", "top", "right", "bottom")] == want.box.xyxy.tolist()
        assert row["landmarks_px"] == want.landmarks.ravel().tolist()
        assert row["reasons"] == list(want.quality.reasons)
        assert want.embedding is not None
        assert np.array_equal(np.array(row["embedding"], np.float32), want.embedding.vector)
    nobody, gone = (next(row for row in rows if row["path"].endswith(name)) for name in ("nobody.jpg", "gone.jpg"))
    assert (nobody["n_faces"], nobody["face"], nobody["embedding"], nobody["error"]) == (0, None, None, "")
    assert (gone["sha256"], gone["error"]) == ("", f"cannot read image {paths[-1]}: no such file")


def test_embeddings_come_back_as_one_matrix(finished: Journal, tmp_path: Path) -> None:
    write_table(finished, tmp_path / "faces.parquet", {})
    column = parquet.read_table(tmp_path / "faces.parquet")["embedding"].drop_null().combine_chunks()
    assert column.flatten().to_numpy().reshape(-1, DIMENSION).shape == (38, DIMENSION)


def test_it_is_for_its_owner_only_and_appears_whole(
    finished: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "faces.parquet"
    write_table(finished, target, {})
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    before = target.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vultus.batch.table.os.fsync", full)
    with pytest.raises(StoreError, match=r"cannot write the table .*faces.parquet: No space left on device"):
        write_table(finished, target, {})
    assert target.read_bytes() == before
    assert not [file for file in tmp_path.iterdir() if file.suffix == ".part"]


def test_groups_of_rows_and_runs_without_a_face(
    journal: Open, tmp_path: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vultus.batch.table._ROWS", 2)
    for number in range(5):
        (tmp_path / f"{number}.jpg").write_bytes(b"0%d" % number)
    book = journal()
    book.plan(map(str, tmp_path.glob("*.jpg")))
    list(run_local(book, engine))
    write_table(book, tmp_path / "t.parquet", {"terms": "t"})
    assert parquet.ParquetFile(tmp_path / "t.parquet").num_row_groups == 3
    assert len(dict(read_table(tmp_path / "t.parquet", "t"))) == 5


def test_reading_gives_back_what_the_journal_knows(finished: Journal, tmp_path: Path) -> None:
    write_table(finished, tmp_path / "t.parquet", {"terms": "t"})
    want = {digest: result for _, digest, result in finished.results() if digest}
    assert dict(read_table(tmp_path / "t.parquet", "t")) == want
    assert len(want) == 38


def test_other_tables_are_refused(finished: Journal, tmp_path: Path) -> None:
    write_table(finished, tmp_path / "t.parquet", {"terms": "contract a"})
    with pytest.raises(InputError, match="was made with contract a, but this run is with contract b; give the same"):
        list(read_table(tmp_path / "t.parquet", "contract b"))
    import pyarrow

    parquet.write_table(pyarrow.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(InputError, match="is no table of faces that Vultus wrote; give another name to the new one"):
        list(read_table(tmp_path / "other.parquet", "t"))
    (tmp_path / "text.parquet").write_text("text")
    with pytest.raises(InputError, match="is no Parquet table; give another name to the new one"):
        list(read_table(tmp_path / "text.parquet", "t"))


def test_bytes_that_no_encoding_knows_are_escaped() -> None:
    assert shown("a\udcff.jpg") == "a\\xff.jpg"


def test_without_pyarrow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r'pyarrow is not installed; run: pip install "vultus\[batch\]"'):
        packages()
