"""The local engine of a long run: read and digest files a few ahead, compute what the journal does not know yet."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from vultus.batch.journal import Result, result_of
from vultus.errors import ImageError, VultusError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vultus.batch.journal import Entry, Journal
    from vultus.types import Face

_AHEAD = 8  # files read while others are being worked on
_READERS = 2
_TOLD = 256  # files that may wait to be told while none needs the engine
_STAMP = ("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino")


class Finder(Protocol):
    """What a run asks of an engine; `FaceEngine` has it."""

    @property
    def contract(self) -> str:
        """Digest of everything that shapes an embedding."""

    def find_each(
        self, sources: Iterable[bytes], *, embed: bool = True, batch: int = 16
    ) -> Iterator[tuple[bytes, list[Face] | VultusError]]:
        """The faces of many pictures, in order; a picture that cannot be read gives its error."""


@dataclass(frozen=True, slots=True)
class Done:
    """A file that the run is through with.

    Attributes:
        path: the file.
        error: why there is no answer, "" if there is one.
        computed: it went through the networks now; False for one known from its bytes.
    """

    path: str
    error: str = ""
    computed: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file in memory.

    Attributes:
        path: the file.
        stamp: its size and times just before its bytes were read.
        data: the bytes.
        digest: their SHA-256.
        error: why it could not be read, "" when it could.
    """

    path: str
    stamp: str = ""
    data: bytes = b""
    digest: bytes = b""
    error: str = ""


def run_local(journal: Journal, engine: Finder, *, max_faces: int | None = None, batch: int = 16) -> Iterator[Done]:
    """Look at every planned file that the journal knows no answer for; each answer is kept before it is told.

    Args:
        journal: planned, see `Journal.plan`.
        engine: finds the faces.
        max_faces: keep the largest ones only.
        batch: pictures that go through the networks together.

    Yields:
        Every planned file once.
    """
    feed = _Feed(journal, _read_ahead(journal.entries()))
    while not feed.dry:
        for _, found in engine.find_each(feed.pictures(), embed=True, batch=batch):
            picture_id = next(iter(feed.inside))
            paths = feed.inside[picture_id]
            result = judged(paths[0], found, max_faces)
            journal.store(picture_id, result)
            del feed.inside[picture_id]
            yield from (Done(path, result.error, computed=number == 0) for number, path in enumerate(paths))
            yield from feed.told()
        yield from feed.told()


class _Feed:
    """Pictures for an engine out of files, and files that need no engine.

    Attributes:
        inside: pictures in the engine, in its order, with the files that hold them.
        dry: there are no more files.
    """

    def __init__(self, journal: Journal, loads: Iterator[Loaded | Done]) -> None:
        self._journal, self._loads = journal, loads
        self._told: deque[Done] = deque()
        self.inside: dict[int, list[str]] = {}
        self.dry = False

    def pictures(self) -> Iterator[bytes]:
        """Pictures to look at, until there are no more or many files wait to be told."""
        for loaded in self._loads:
            if isinstance(loaded, Done):
                self._told.append(loaded)
            elif loaded.error:
                self._journal.fail(loaded.path, loaded.error)
                self._told.append(Done(loaded.path, loaded.error))
            else:
                picture_id, done = self._journal.link(loaded.path, loaded.stamp, loaded.digest)
                if done:
                    self._told.append(Done(loaded.path))
                elif picture_id in self.inside:
                    self.inside[picture_id].append(loaded.path)
                else:
                    self.inside[picture_id] = [loaded.path]
                    yield loaded.data
            if len(self._told) >= _TOLD:
                return
        self.dry = True

    def told(self) -> Iterator[Done]:
        """Files that needed no engine, each once."""
        while self._told:
            yield self._told.popleft()


def judged(path: str, found: list[Face] | VultusError, max_faces: int | None) -> Result:
    """An engine's answer as the journal keeps it; errors name the file."""
    if isinstance(found, VultusError):
        return Result(str(ImageError(path, found.reason) if isinstance(found, ImageError) else found))
    if max_faces is not None and len(found) > max_faces:
        kept = {id(face) for face in sorted(found, key=lambda face: -face.box.area)[:max_faces]}
        found = [face for face in found if id(face) in kept]
    return result_of(found)


def load(path: str) -> Loaded:
    """Read a file and digest its bytes."""
    from vultus.inference import image

    try:
        stamp = stamp_of(path)
        data = image.load(path)
    except VultusError as error:
        return Loaded(path, error=str(error))
    return Loaded(path, stamp, data, hashlib.sha256(data).digest())


def stamp_of(path: str) -> str:
    """What tells that a file is as it was, without reading it; "" where there is no such file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return ""
    return " ".join(str(getattr(status, name)) for name in _STAMP) if stat.S_ISREG(status.st_mode) else ""


def _read_ahead(entries: Iterable[Entry]) -> Iterator[Loaded | Done]:
    """Files in order, a few read ahead; one that is unchanged since it was answered is not read again."""
    rest = iter(entries)
    with ThreadPoolExecutor(_READERS, thread_name_prefix="vultus-load") as pool:
        waiting = deque(pool.submit(_needed, entry) for entry in islice(rest, _AHEAD))
        while waiting:
            loaded = waiting.popleft().result()
            waiting.extend(pool.submit(_needed, entry) for entry in islice(rest, 1))
            yield loaded


def _needed(entry: Entry) -> Loaded | Done:
    if entry.done and entry.stamp and stamp_of(entry.path) == entry.stamp:
        return Done(entry.path)
    return load(entry.path)
