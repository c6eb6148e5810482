"""From a folder to a table, and on after an interruption."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from unit.batch.fake import CONTRACT, FakeEngine, computed
from vultus.batch.job import Summary, Terms, check_target, journal_of, make_table
from vultus.batch.journal import Journal
from vultus.batch.run import Done, run_local
from vultus.errors import InputError, StoreError

parquet = pytest.importorskip("pyarrow.parquet")
TERMS = Terms(CONTRACT)


@dataclass
class Watched:
    """Remembers, and presses Ctrl-C after so many files."""

    stop_after: int = -1
    n_files: int = 0
    seen: list[Done] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)

    def phase(self, words: str) -> None:
        self.phases.append(words)

    def planned(self, n_files: int) -> None:
        self.n_files = n_files

    def done(self, one: Done) -> None:
        self.seen.append(one)
        if len(self.seen) == self.stop_after:
            raise KeyboardInterrupt


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "faces.parquet"


@pytest.fixture
def work(engine: FakeEngine) -> Callable[[Journal], Iterator[Done]]:
    return partial(run_local, engine=engine, batch=4)


Work = Callable[[Journal], Iterator[Done]]


def test_a_table_and_no_journal_is_left(paths: list[str], target: Path, work: Work) -> None:
    watched = Watched()
    assert make_table(paths, target, work, TERMS, watched) == Summary(40, 38, 2, 38)
    assert (watched.n_files, len(watched.seen)) == (40, 40)
    assert watched.phases == ["reading what is known", "listing the pictures", "writing the table"]
    assert sorted(file.name for file in target.parent.iterdir()) == ["computed.txt", "faces.parquet", "photos"]


def test_an_interrupted_run_goes_on_and_gives_the_same_table(
    paths: list[str], target: Path, work: Work, engine: FakeEngine
) -> None:
    whole = target.with_name("whole.parquet")
    make_table(paths, whole, work, TERMS, Watched())
    engine.log.unlink()
    with pytest.raises(KeyboardInterrupt):
        make_table(paths, target, work, TERMS, Watched(stop_after=10))
    n_before = len(computed(engine.log))
    with pytest.raises(
        InputError, match=r"an interrupted run left .*journal; add --resume to go on with it, or delete"
    ):
        make_table(paths, target, work, TERMS, Watched())
    summary = make_table(paths, target, work, TERMS, Watched(), resume=True)
    assert 0 < summary.computed < 38
    assert len(computed(engine.log)) == n_before + summary.computed
    assert len(computed(engine.log)) - 38 <= 3
    assert target.read_bytes() == whole.read_bytes()


def test_a_table_is_brought_up_to_date(paths: list[str], target: Path, work: Work, engine: FakeEngine) -> None:
    make_table(paths, target, work, TERMS, Watched())
    with pytest.raises(InputError, match=r"faces.parquet exists; add --resume to bring it up to date, or give another"):
        make_table(paths, target, work, TERMS, Watched())
    Path(paths[0]).write_bytes(b"1 new")
    before = len(computed(engine.log))
    assert make_table(paths[:-1], target, work, TERMS, Watched(), resume=True) == Summary(39, 38, 1, 1)
    assert len(computed(engine.log)) == before + 1
    assert parquet.read_table(target).num_rows == 40


def test_other_terms_leave_everything_as_it_was(paths: list[str], target: Path, work: Work) -> None:
    make_table(paths, target, work, TERMS, Watched())
    with pytest.raises(InputError, match=r"all faces, but this run is with vultus .* at most 1 faces"):
        make_table(paths, target, work, Terms(CONTRACT, 1), Watched(), resume=True)
    assert not journal_of(target).exists()


def test_a_listing_that_fails_leaves_no_journal_unless_there_are_results(
    paths: list[str], target: Path, work: Work
) -> None:
    def listing() -> Iterator[str]:
        yield from paths
        raise InputError("no such folder")

    with pytest.raises(InputError, match="no such folder"):
        make_table(listing(), target, work, TERMS, Watched())
    assert not journal_of(target).exists()
    with pytest.raises(KeyboardInterrupt):
        make_table(paths, target, work, TERMS, Watched(stop_after=10))
    with pytest.raises(InputError, match="no such folder"):
        make_table(listing(), target, work, TERMS, Watched(), resume=True)
    assert journal_of(target).exists()


def test_a_table_is_never_written_with_holes(paths: list[str], target: Path) -> None:
    with pytest.raises(StoreError, match="40 pictures have no answer yet; run the same command again with --resume"):
        make_table(paths, target, lambda journal: iter(()), TERMS, Watched())
    assert not target.exists()


def test_the_name_of_a_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the table must be called \*.parquet, but is 'faces.csv'"):
        check_target(Path("faces.csv"), resume=False)
    check_target(tmp_path / "faces.parquet", resume=False)


def test_terms_in_words() -> None:
    assert str(Terms("p:1", 2)).endswith("contract p:1, at most 2 faces")
