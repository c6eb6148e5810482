"""The local engine of a long run."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from unit.batch.fake import FakeEngine, computed, face, fill
from vultus.batch.journal import Journal
from vultus.batch.run import Done, judged, load, run_local, stamp_of
from vultus.errors import ImageError

Open = Callable[[], Journal]


def _digests(paths: list[str]) -> list[str]:
    return [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in paths]


def test_every_file_is_told_once_and_every_picture_computed_once(
    journal: Open, paths: list[str], engine: FakeEngine
) -> None:
    book = journal()
    assert book.plan(paths) == 40
    told = list(run_local(book, engine))
    assert sorted(one.path for one in told) == sorted(paths)
    assert len(computed(engine.log)) == len(set(computed(engine.log))) == 38
    assert sum(one.computed for one in told) == 38
    damaged = next(path for path in paths if path.endswith("damaged.jpg"))
    assert sorted(one.error for one in told if one.error) == [
        f"cannot read image {damaged}: the picture is damaged", f"cannot read image {paths[-1]}: no such file",
    ]  # fmt: skip
    assert book.unfinished() == 0


def test_a_second_run_reads_nothing_and_computes_nothing(
    journal: Open, paths: list[str], engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = journal()
    book.plan(paths)
    list(run_local(book, engine))
    before = list(book.results())
    book, read = journal(), []
    book.plan(paths)
    monkeypatch.setattr("vultus.batch.run.load", lambda path: read.append(path) or load(path))
    told = list(run_local(book, engine))
    assert read == [paths[-1]]
    assert len(told) == 40
    assert not any(one.computed for one in told)
    assert len(computed(engine.log)) == 38
    assert list(book.results()) == before


def test_known_files_are_told_as_they_come(
    journal: Open, paths: list[str], engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten million of them must not wait in memory for the first picture that is new."""
    monkeypatch.setattr("vultus.batch.run._TOLD", 3)
    book = journal()
    book.plan(paths)
    list(run_local(book, engine))
    book, stamped = journal(), []
    book.plan(paths)
    monkeypatch.setattr("vultus.batch.run.stamp_of", lambda path: stamped.append(path) or stamp_of(path))
    for n_told, _ in enumerate(run_local(book, engine), start=1):
        assert len(stamped) <= n_told + 3 + 8
    assert n_told == 40


def test_a_changed_file_is_read_again_and_a_renamed_one_is_known(
    journal: Open, tmp_path: Path, engine: FakeEngine
) -> None:
    first, second = fill(tmp_path / "photos", 2)
    book = journal()
    book.plan([first, second])
    list(run_local(book, engine))
    Path(first).write_bytes(b"2 other")
    Path(second).rename(tmp_path / "photos/renamed.jpg")
    book = journal()
    book.plan([first, str(tmp_path / "photos/renamed.jpg")])
    assert sorted(one.computed for one in run_local(book, engine)) == [False, True]
    assert len(computed(engine.log)) == 3
    assert [len(result.vectors) // 32 for _, _, result in book.results()] == [2, 1]


def test_nothing_is_told_that_is_not_kept(journal: Open, paths: list[str], engine: FakeEngine) -> None:
    book = journal()
    book.plan(paths)
    for n_told, _ in enumerate(run_local(book, engine, batch=4), start=1):
        assert book.unfinished() <= 40 - n_told


def test_only_a_few_files_are_read_ahead(journal: Open, tmp_path: Path, engine: FakeEngine,
                                         monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    paths, read = fill(tmp_path / "photos", 200), []
    monkeypatch.setattr("vultus.batch.run.load", lambda path: read.append(path) or load(path))
    book = journal()
    book.plan(paths)
    for n_told, _ in enumerate(run_local(book, engine, batch=4), start=1):
        assert len(read) <= n_told + 4 + 8 + 1


KILLED = """
import sys
from pathlib import Path
from unit.batch.fake import FakeEngine
from vultus.batch.journal import Journal
from vultus.batch.run import run_local
folder, log, at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
with Journal(folder.parent / "journal", "terms") as journal:
    journal.plan(map(str, folder.iterdir()))
    for one in run_local(journal, FakeEngine(log, kill_at=at), batch=4):
        with (folder.parent / "told.txt").open("a") as file:
            file.write(one.path + "\\n")
"""


def test_a_kill_loses_nothing_that_was_told_and_computes_nothing_twice_that_was_kept(
    tmp_path: Path, checkout: Path
) -> None:
    """Killed in the 1st, 2nd, ... batch, then at the end of one, then let through."""
    folder, log = tmp_path / "photos", tmp_path / "computed.txt"
    paths = fill(folder, 26)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(checkout / "src"), str(checkout / "tests")])}
    told_file = tmp_path / "told.txt"
    for at in (0, 3, 6, 11, 16, 21, -1):
        told = set(told_file.read_text().split()) if told_file.exists() else set()
        before = computed(log)
        done = subprocess.run([sys.executable, "-c", KILLED, folder, log, str(at)], env=env, check=False, timeout=60)
        assert done.returncode == (-signal.SIGKILL if at >= 0 else 0)
        # what was told before the kill never went through the networks again
        assert not set(_digests(sorted(told))) & set(computed(log)[len(before) :])
    with Journal(tmp_path / "journal", "terms") as journal:
        assert journal.plan(paths) == 26
        assert journal.unfinished() == 0
        assert sum(1 for _, _, result in journal.results() if result.vectors) == 26
    # of each kill, only the batch that was in the networks is computed again
    assert set(computed(log)) == set(_digests(paths))
    assert len(computed(log)) - 26 <= 6 * 3


def test_errors_name_the_file_and_the_largest_faces_are_kept() -> None:
    error = judged("a.jpg", ImageError("<9 bytes>", "it is damaged"), None)
    assert error.error == "cannot read image a.jpg: it is damaged"
    faces = [face(b"3", number) for number in range(3)]
    assert judged("a.jpg", faces, 2).faces.count('"box": [1.0') == 1
    assert judged("a.jpg", faces, 2).faces.count('"box": [0.0') == 0


def test_a_stamp_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1")
    stamp = stamp_of(str(path))
    assert stamp
    path.write_bytes(b"12")
    assert stamp_of(str(path)) != stamp
    assert stamp_of(str(tmp_path)) == stamp_of(str(tmp_path / "none")) == stamp_of("a\0b") == ""


def test_done_says_what_was_known() -> None:
    assert Done("a") == Done("a", "", computed=False)
