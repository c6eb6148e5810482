"""The journal of a long run."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.batch.fake import face
from vultus.batch.journal import Entry, Journal, Result, result_of
from vultus.errors import InputError, StoreError
from vultus.types import Liveness

Open = Callable[[], Journal]
DIGEST = hashlib.sha256(b"a").digest()


def test_a_plan_counts_files_once_and_lists_them_by_path(journal: Open) -> None:
    book = journal()
    assert book.plan(iter(["b", "a", "b", "c\udcff"])) == 3
    assert list(book.entries()) == [Entry("a", "", False), Entry("b", "", False), Entry("c\udcff", "", False)]


def test_the_next_run_has_its_own_plan_and_the_old_results(journal: Open) -> None:
    book = journal()
    book.plan(["old", "kept"])
    number, done = book.link("kept", "stamp", DIGEST)
    assert not done
    book.store(number, Result("", '[{"embedded": true}]', bytes(16)))
    book = journal()
    assert book.plan(["kept", "new"]) == 2
    assert list(book.entries()) == [Entry("kept", "stamp", True), Entry("new", "", False)]
    assert book.link("new", "other", DIGEST) == (number, True)
    assert [path for path, _, _ in book.results()] == ["kept", "new"]
    assert book.files(number) == ["kept", "new"]
    assert book.dimension() == 4


def test_a_file_without_an_answer_is_unfinished_until_it_has_one_or_an_error(journal: Open) -> None:
    book = journal()
    book.plan(["a", "b", "c"])
    assert book.unfinished() == 3
    number, _ = book.link("a", "stamp", DIGEST)
    assert (book.unfinished(), book.known(), list(book.waiting())) == (3, 1, ["a"])
    book.store(number, Result("it is damaged"))
    book.fail("b", "no such file")
    assert (book.unfinished(), list(book.waiting())) == (1, [])
    errors = {path: result.error for path, _, result in book.results()}
    assert errors == {"a": "it is damaged", "b": "no such file", "c": ""}
    # a file that could not be read is tried again, a picture that could not be decoded is not
    book = journal()
    book.plan(["a", "b"])
    assert list(book.entries()) == [Entry("a", "stamp", True), Entry("b", "", False)]


def test_one_file_is_looked_at_for_each_different_picture(journal: Open) -> None:
    book = journal()
    book.plan(["a", "b", "c"])
    for path, data in (("c", b"1"), ("a", b"2"), ("b", b"1")):
        book.link(path, "", hashlib.sha256(data).digest())
    assert sorted(book.waiting()) == ["a", "b"]


@given(
    st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1), max_size=60), st.integers(1, 7)
)
def test_pages_neither_lose_nor_repeat(tmp_path_factory: pytest.TempPathFactory, paths: list[str], page: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vultus.batch.journal._AT_ONCE", page)
        with Journal(tmp_path_factory.mktemp("j") / "journal", "terms") as book:
            assert book.plan(paths) == len(set(paths))
            want = sorted(set(paths), key=os.fsencode)
            assert [entry.path for entry in book.entries()] == want
            assert [path for path, _, _ in book.results()] == want


def test_faces_keep_every_bit() -> None:
    whole = face(b"1", 0)
    without = replace(whole, embedding=None, liveness=Liveness(0.1, 0.5, "not_live", "not measured"))
    result = result_of([whole, without])
    assert whole.embedding is not None
    assert result.vectors == whole.embedding.vector.tobytes()
    assert '"embedded": false' in result.faces
    assert '"live": false, "live_score": 0.1' in result.faces


def test_it_is_for_its_owner_only(journal: Open) -> None:
    assert stat.S_IMODE(journal().path.stat().st_mode) == 0o600


def test_other_terms_are_refused_and_the_journal_stays(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    Journal(path, "contract a").close()
    with pytest.raises(InputError, match="belongs to a run with contract a, but this one is with contract b; give the"):
        Journal(path, "contract b")
    Journal(path, "contract a").delete()
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE mine (a)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is no journal of Vultus; name another table, and leave this file as it is"):
        Journal(path, "terms")
    assert path.read_bytes() == before
    path.write_bytes(b"notes" * 1000)
    with pytest.raises(StoreError, match="it is no journal of Vultus, or damaged; delete it to begin anew"):
        Journal(path, "terms")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match=r"cannot write the journal .*folder: Is a directory"):
        Journal(tmp_path / "folder", "terms")


def test_two_runs_at_once_are_refused(journal: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    book = journal()
    monkeypatch.setattr("vultus.batch.journal._PATIENCE_S", 0.01)
    with pytest.raises(StoreError, match="another run is writing to it; wait for it, or name another table"):
        Journal(book.path, "terms")


def test_a_full_disk_keeps_what_was_done(journal: Open) -> None:
    book = journal()
    book.plan(["a"])
    number, _ = book.link("a", "stamp", DIGEST)
    pages = book._sql.execute("PRAGMA page_count").fetchone()[0]
    book._sql.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreError, match="the disk is full; what was done is kept: free some space and go on with"):
        book.store(number, Result("", "[]", bytes(1 << 20)))
    book = journal()
    assert list(book.waiting()) == []
    assert book.known() == 1


def test_known_results_are_taken_over_once(journal: Open) -> None:
    book = journal()
    book.adopt([(DIGEST, Result("", "[]", b""))])
    book.adopt([(DIGEST, Result("", "[1]", b""))])
    book.plan(["a"])
    assert book.link("a", "", DIGEST)[1]
    assert [result for _, _, result in book.results()] == [Result()]
