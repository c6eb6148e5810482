"""The engine of a long run on a Ray cluster: digests first, so that no picture is computed twice, then faces.

The journal stays with this process. Workers read the files themselves, so every machine must see them under the same
paths. Ray ships code and results between its processes with pickle: use a cluster that you trust.
"""

from __future__ import annotations

import logging
import os
import re
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from vultus.batch.journal import Result
from vultus.batch.run import Done, Loaded, judged, load, stamp_of
from vultus.batch.table import packages
from vultus.errors import MissingExtraError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vultus.batch.journal import Journal
    from vultus.batch.run import Finder

_BLOCK = 32  # pictures that come back together: what a killed worker computes again
_ROUND = 8192  # pictures per worker that Ray knows of at once
_STORE_BYTES = 256 << 20  # shared memory of a cluster of our own; a block takes kilobytes
# Ray would report over the internet that it is used, and tell about every step.
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DATA_LOG_LEVEL": "ERROR"}
_COLUMNS = ("path", "stamp", "digest", "unread", "error", "faces", "vectors")


def _digested(table: Any, home: str) -> Any:
    """Ray's task for digests: paths to stamps and digests."""
    enter(home)
    return _table([(replace(load(path), data=b""), Result()) for path in _paths(table)])


class Looker:
    """Ray's worker for faces; its engine is built once."""

    def __init__(self, home: str, build: Callable[[], Finder], max_faces: int | None) -> None:
        enter(home)
        self._engine, self._max_faces = build(), max_faces

    def __call__(self, table: Any) -> Any:
        """Paths to stamps, digests and faces."""
        files: list[Loaded] = []

        def pictures() -> Iterator[bytes]:
            for path in _paths(table):
                file = load(path)
                files.append(replace(file, data=b""))
                if not file.error:
                    yield file.data

        answers = [found for _, found in self._engine.find_each(pictures())]
        found = iter(answers)
        return _table([
            (file, Result() if file.error else judged(file.path, next(found), self._max_faces)) for file in files
        ])  # fmt: skip


def run_ray(
    journal: Journal, build: Callable[[], Finder], *, workers: int = 2, max_faces: int | None = None
) -> Iterator[Done]:
    """Look at every planned file that the journal knows no answer for, on a Ray cluster.

    Uses the cluster this process is in, else the one that `RAY_ADDRESS` names, else starts one on this machine. A
    worker that dies is replaced, and what it was working on is looked at again.

    Args:
        journal: planned, see `Journal.plan`.
        build: makes the engine, once in every worker.
        workers: processes that have an engine.
        max_faces: keep the largest ones only.

    Yields:
        Every planned file once.

    Raises:
        MissingExtraError: Ray is not installed.
        StoreError: the cluster gave up, or no engine could be built in a worker; what was told is kept.
    """
    with ExitStack() as stack, told("go on with --resume"):
        # Started when there is work for it.
        data = cache(lambda: stack.enter_context(cluster(workers)))
        yield from _digest(journal, data, workers)
        look = {"fn_constructor_args": (os.getcwd(), build, max_faces)}
        waiting = journal.waiting()
        while chunk := list(islice(waiting, _ROUND * workers)):
            pool = data().ActorPoolStrategy(size=min(workers, -(-len(chunk) // _BLOCK)))
            for file, result in _mapped(data(), Looker, chunk, compute=pool, **look):
                yield from _kept(journal, file, result)


def _kept(journal: Journal, file: Loaded, result: Result) -> Iterator[Done]:
    """Take down what a worker found, and tell about every file that holds this picture."""
    if file.error:
        journal.fail(file.path, file.error)
        yield Done(file.path, file.error)
        return
    picture_id, done = journal.link(file.path, file.stamp, file.digest)
    if not done:
        journal.store(picture_id, result)
    for path in journal.files(picture_id):
        yield Done(path, result.error, computed=path == file.path and not done)


def _digest(journal: Journal, data: Callable[[], Any], workers: int) -> Iterator[Done]:
    """Digest every file that is new or has changed; those with a known answer are done."""
    chunk: list[str] = []
    for entry in journal.entries():
        if not entry.stamp or stamp_of(entry.path) != entry.stamp:
            chunk.append(entry.path)
        elif entry.done:
            yield Done(entry.path)
        if len(chunk) == _ROUND * workers:
            yield from _linked(journal, data(), chunk)
            chunk = []
    if chunk:
        yield from _linked(journal, data(), chunk)


def _linked(journal: Journal, data: Any, chunk: list[str]) -> Iterator[Done]:
    for file, _ in _mapped(data, _digested, chunk, fn_args=(os.getcwd(),)):
        if file.error:
            journal.fail(file.path, file.error)
            yield Done(file.path, file.error)
        elif journal.link(file.path, file.stamp, file.digest)[1]:
            yield Done(file.path)


def _mapped(data: Any, work: Callable[..., Any], chunk: list[str], **options: Any) -> Iterator[tuple[Loaded, Result]]:
    """What the cluster makes of files, in no order."""
    starts = range(0, len(chunk), _BLOCK)
    blocks = [_table([(Loaded(path), Result()) for path in chunk[at : at + _BLOCK]]) for at in starts]
    mapped = data.from_arrow(blocks).map_batches(work, batch_size=None, batch_format="pyarrow", **options)
    for block in mapped.iter_batches(batch_size=None, batch_format="pyarrow"):
        for row in block.to_pylist():
            file = Loaded(os.fsdecode(row["path"]), row["stamp"], b"", row["digest"], row["unread"])
            yield file, Result(row["error"], row["faces"], row["vectors"])


def enter(home: str) -> None:
    """Relative paths mean in a worker what they mean in the process that listed them."""
    with suppress(OSError):
        os.chdir(home)


def _table(rows: list[tuple[Loaded, Result]]) -> Any:
    arrow, _ = packages()
    kinds = [arrow.binary() if name in ("path", "digest", "vectors") else arrow.string() for name in _COLUMNS]
    values = [
        (os.fsencode(file.path), file.stamp, file.digest, file.error, result.error, result.faces, result.vectors)
        for file, result in rows
    ]
    columns = zip(*values, strict=True) if values else [()] * len(_COLUMNS)
    return arrow.table([arrow.array(column, kind) for column, kind in zip(columns, kinds, strict=True)], list(_COLUMNS))


def _paths(table: Any) -> Iterator[str]:
    return (os.fsdecode(path) for path in table.column("path").to_pylist())


def check_ray() -> tuple[Any, Any]:
    """The modules `ray` and `ray.data`.

    Raises:
        MissingExtraError: Ray is not installed.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    logging.getLogger("ray._private.authentication").setLevel(logging.ERROR)
    try:
        import ray
        from ray import data
    except ImportError:
        raise MissingExtraError("ray", "ray") from None
    return ray, data


@contextmanager
def cluster(workers: int) -> Iterator[Any]:
    """The module `ray.data` with a cluster behind it."""
    ray, data = check_ray()
    own = not ray.is_initialized()
    if own:
        address = os.environ.get("RAY_ADDRESS")
        size: dict[str, Any] = {"num_cpus": workers, "object_store_memory": _STORE_BYTES, "include_dashboard": False}
        ray.init(address, log_to_driver=False, configure_logging=False, **({} if address else size))
    context = data.DataContext.get_current()
    bars = context.enable_progress_bars
    context.enable_progress_bars = False
    try:
        yield data
    finally:
        context.enable_progress_bars = bars
        if own:
            ray.shutdown()


@contextmanager
def told(next_step: str) -> Iterator[None]:
    """Turn what Ray raises into our words.

    Raises:
        StoreError: a worker could not be made, or failed for good; ends with the next step.
    """
    from ray.exceptions import RayError

    try:
        yield
    except RayError as error:
        # A worker's own error stands in the last line of a long text with colours in it.
        lines = re.sub(r"\x1b\[\d*m", "", str(error)).split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), type(error).__name__)
        raise StoreError(f"the Ray cluster gave up: {last}; {next_step}") from error
