"""A folder becomes a table: plan, work, write; interrupted anywhere, the next run goes on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from vultus.batch.journal import Journal
from vultus.batch.table import packages, read_table, write_table
from vultus.errors import InputError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vultus.batch.run import Done


@dataclass(frozen=True, slots=True)
class Terms:
    """What shapes the results besides the pictures; results of other terms are never mixed in.

    Attributes:
        contract: of the embeddings.
        max_faces: the largest ones kept per picture; None for all.
    """

    contract: str
    max_faces: int | None = None

    def __str__(self) -> str:
        faces = "all faces" if self.max_faces is None else f"at most {self.max_faces} faces"
        return f"vultus {_version()}, contract {self.contract}, {faces}"


class Watch(Protocol):
    """Is told how a job goes."""

    def phase(self, words: str) -> None:
        """Something else than looking at pictures begins, e.g. "writing the table"."""

    def planned(self, n_files: int) -> None:
        """All files are listed."""

    def done(self, one: Done) -> None:
        """A file is through."""


@dataclass(frozen=True, slots=True)
class Summary:
    """How a job ended.

    Attributes:
        pictures: files in the table.
        faces: found in them.
        failed: files without an answer; the table says why.
        computed: pictures that went through the networks now; the others were known from their bytes.
    """

    pictures: int
    faces: int
    failed: int
    computed: int


def make_table(
    paths: Iterable[str], target: Path, work: Callable[[Journal], Iterator[Done]], terms: Terms, watch: Watch,
    *, resume: bool = False,
) -> Summary:  # fmt: skip
    """Look at every file and write the table; only then the journal beside it goes.

    Args:
        paths: the files, of any number; never held as a list.
        target: the Parquet table.
        work: `run_local` or `run_ray`, with its engine.
        terms: what shapes the results.
        watch: is told how it goes.
        resume: go on with an interrupted run, or bring an existing table up to date.

    Raises:
        InputError: the table or the journal of an interrupted run is there and `resume` is off, or was made under other
            terms.
        StoreError: the journal or the table cannot be written.
        MissingExtraError: a package for tables or for the engine is not installed.
    """
    check_target(target, resume=resume)
    computed = 0
    watch.phase("reading what is known")
    with _begin(target, str(terms)) as journal:
        watch.phase("listing the pictures")
        watch.planned(_planned(journal, paths))
        for one in work(journal):
            computed += one.computed
            watch.done(one)
        if unfinished := journal.unfinished():
            raise StoreError(f"{unfinished:,} pictures have no answer yet; run the same command again with --resume")
        watch.phase("writing the table")
        counts = write_table(journal, target, {"terms": str(terms), "contract": terms.contract})
        journal.delete()
    return Summary(**counts, computed=computed)


def check_target(target: Path, *, resume: bool) -> None:
    """Refuse before anything is computed what could not be written at the end.

    Raises:
        InputError: the name is no table's, or without `resume` the table or the journal of an interrupted run is there.
        MissingExtraError: pyarrow is not installed.
    """
    path = journal_of(target)
    packages()
    if target.suffix != ".parquet":
        raise InputError(f"the table must be called *.parquet, but is '{target}'")
    if path.exists() and not resume:
        raise InputError(f"an interrupted run left {path}; add --resume to go on with it, or delete it to begin anew")
    if target.exists() and not resume:
        raise InputError(f"{target} exists; add --resume to bring it up to date, or give another name")


def journal_of(target: Path) -> Path:
    """Where the journal of a table lies."""
    return target.with_name(f"{target.name}.journal")


def _begin(target: Path, terms: str) -> Journal:
    known = read_table(target, terms) if target.exists() else iter(())
    # Looked at before a journal is made: a table of other terms must not leave one behind.
    first = list(islice(known, 1))
    journal = Journal(journal_of(target), terms)
    try:
        journal.adopt(chain(first, known))
    except BaseException:
        journal.close()
        raise
    return journal


def _planned(journal: Journal, paths: Iterable[str]) -> int:
    """List the files; a journal that knows nothing yet does not outlive a listing that fails."""
    try:
        return journal.plan(paths)
    except BaseException:
        if not journal.known():
            journal.delete()
        raise


@cache
def _version() -> str:
    try:
        return version("vultus")
    except PackageNotFoundError:
        return "from source"
