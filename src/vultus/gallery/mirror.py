"""A copy of the templates of a gallery in Milvus: one Milvus collection, one partition per part of the gallery.

A row is one template: its number, its person's and its faces' and the vector; no name, no picture, not even a part's
name. The partition `_default` holds one row only, number 0, that says how far the copy has come. Every call may be
repeated without harm, so each is repeated, later and later, while Milvus says that it is busy or cannot be reached.
"""

from __future__ import annotations

import logging
import os
import random
import shutil
import threading
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import numpy as np

from vultus.errors import ConfigError, MissingExtraError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

INDEXES = ("FLAT", "HNSW", "HNSW_SQ")
LEVELS = ("Strong", "Session", "Bounded", "Eventually")
MOST_HITS = 16_384  # that Milvus gives to one probe
MOST_PARTS = 1_000  # Milvus takes 1,024 partitions
_BATCH_ROWS = 2_000  # of 512 numbers: 4 MB, where a message may have 64
_CHUNK_HITS = 200_000
_TRIES = 6
_FIRST_WAIT_S = 0.1
_TIMEOUT_S = 30.0
_FILL_TIMEOUT_S = 600.0
_INDEX_TIMEOUT_S = 86_400.0
_LOOK_S = 2.0
_STATE_PART = "_default"
_BUSY = frozenset({2, 3, 4, 8, 9, 11})  # unavailable, memory, too many requests, rate limit, refused, clock behind
_LINKS, _BUILD_WIDTH = 16, 200
_files: Counter[str] = Counter()  # open ones, and by how many doors
_files_lock = threading.Lock()


def connect(uri: str, token: str = "") -> Any:
    """A client of the Milvus at an address.

    Args:
        uri: a file `*.db` for Milvus Lite, which runs inside this program, or http(s)://host:port of a server.
        token: "user:password" or an API key.

    Raises:
        ConfigError: this is no address.
        MissingExtraError: pymilvus, or for a file milvus-lite, is not installed.
        StoreError: nobody answers there.
    """
    if find_spec("pymilvus") is None:
        raise MissingExtraError("pymilvus", "milvus")
    lite = is_file(uri)
    if not lite and urlsplit(uri).scheme not in ("http", "https", "tcp", "unix"):
        raise ConfigError(f"the address of Milvus must be a file *.db or http://host:port, but is '{tidy(uri)}'")
    if lite and find_spec("milvus_lite") is None:
        raise MissingExtraError("milvus-lite", "milvus")
    if lite:
        Path(uri).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # What goes wrong is told by our own errors; both packages would print a stack for each.
    for name in ("pymilvus", "milvus_lite"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    from pymilvus import MilvusClient

    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    hint = "another program may have it open: a file serves one program at a time, a server many" if lite else ""
    client = patient(lambda: MilvusClient(uri=uri, token=token, timeout=_TIMEOUT_S), uri, "open the connection", hint)
    if lite:
        Path(uri).chmod(0o700)
        with _files_lock:
            _files[os.path.abspath(uri)] += 1
    return client


def is_file(uri: str) -> bool:
    """Whether this is the address of a file, which Milvus Lite serves within this program."""
    return uri.endswith(".db")


def tidy(uri: str) -> str:
    """An address without the password in it."""
    parts = urlsplit(uri)
    return uri if "@" not in parts.netloc else parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def patient(call: Callable[[], Any], uri: str, what: str, hint: str = "") -> Any:
    """The answer of a call that may be repeated; waits longer and longer while Milvus is busy.

    Raises:
        StoreError: Milvus refuses, or cannot be reached for long.
    """
    from pymilvus.exceptions import MilvusException

    for tried in range(1, _TRIES + 1):
        try:
            return call()
        except (MilvusException, ConnectionError) as error:
            told = f"{getattr(error, 'message', '') or error}".split("\n")[0] + (f"; {hint}" if hint else "")
            if not _may_pass(error):
                raise StoreError(f"could not {what} in Milvus at {tidy(uri)}: {told}") from error
            if tried == _TRIES:
                raise StoreError(
                    f"no answer from Milvus at {tidy(uri)} to {tried} attempts to {what}: {told}"
                ) from error
        # Not quite regular, so that programs which were refused together do not come back together.
        time.sleep(_FIRST_WAIT_S * 2**tried * random.uniform(0.5, 1.0))  # noqa: S311


def _may_pass(error: Exception) -> bool:
    """Whether the same call may succeed later."""
    if isinstance(error, ConnectionError):
        return True
    code = getattr(error, "code", None)
    # What is no number is a state of the connection, by gRPC.
    return bool(getattr(error, "retriable", False)) or not isinstance(code, int) or code in _BUSY


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What Milvus holds of some people: templates, or averages of them.

    Attributes:
        numbers: of the rows; int64, (n,).
        people: number of the person each belongs to; int64, (n,).
        vectors: float32, (n, dimension).
        faces: numbers of the faces that are in each.
    """

    numbers: NDArray[np.int64]
    people: NDArray[np.int64]
    vectors: NDArray[np.float32]
    faces: list[list[int]]


class Mirror:
    """One copy in Milvus.

    Args:
        client: see `connect`.
        uri: its address, for messages.
        name: of the Milvus collection; letters, digits and _.
        dimension: numbers of a vector.
        index: one of `INDEXES`.
        level: one of `LEVELS`: how fresh an answer must be.

    Raises:
        ConfigError: there is no such index or level.
    """

    def __init__(
        self, client: Any, uri: str, name: str, dimension: int, index: str = "FLAT", level: str = "Session"
    ) -> None:
        for what, given, known in (("index", index, INDEXES), ("consistency level", level, LEVELS)):
            if given not in known:
                raise ConfigError(f"the {what} of Milvus must be one of {', '.join(known)}, but is '{given}'")
        self._client, self._uri, self.name, self._dimension = client, uri, name, dimension
        self.index, self._level = index, level
        self._parts: set[str] = set()

    def open(self) -> dict[str, Any] | None:
        """Make the collection if there is none, and load it; its state."""
        self._do("make a collection", self._make)
        self._do("load the collection", self._client.load_collection, self.name, timeout=_FILL_TIMEOUT_S)
        self._parts = set(self._do("list partitions", self._client.list_partitions, self.name, timeout=_TIMEOUT_S))
        return self.state()

    def state(self) -> dict[str, Any] | None:
        """What `note` wrote last; None before."""
        found = self._query("row == 0", ["state"], [_STATE_PART])
        return cast("dict[str, Any]", found[0]["state"]) if found else None

    def renew(self) -> None:
        """Begin with nothing, and nothing left in the files."""
        self.clear()
        self.open()

    def note(self, state: dict[str, Any]) -> None:
        """Remember how far the copy has come."""
        nothing = np.zeros(self._dimension, dtype=np.float32)
        self._upsert(_STATE_PART, [{"row": 0, "person": 0, "vector": nothing, "state": state}])

    def put(self, part: str, rows: Rows) -> None:
        """Store templates; those of the same number are replaced, but only within the part.

        Raises:
            StoreError: Milvus takes no more parts.
        """
        name = self._have_part(part)
        for start in range(0, len(rows.numbers), _BATCH_ROWS):
            some = slice(start, start + _BATCH_ROWS)
            self._upsert(name, [
                {"row": int(row), "person": int(who), "vector": vector, "faces": own} for row, who, vector, own in
                zip(rows.numbers[some], rows.people[some], rows.vectors[some], rows.faces[some], strict=True)
            ])  # fmt: skip

    def rows_of(self, people: NDArray[np.int64], part: str | None = None) -> dict[int, list[int]]:
        """Numbers of the templates that the copy has of these people, in one part or in any, each with its faces."""
        where = None if part is None else [_part_name(part)]
        if len(people) == 0 or (where is not None and where[0] not in self._parts):
            return {}
        found = self._query(f"person in {listed(people.tolist())}", ["row", "faces"], where)
        return {int(one["row"]): one["faces"] for one in found}

    def drop(self, rows: Iterable[int]) -> int:
        """Delete templates by their numbers; how many numbers it were."""
        numbers = sorted(rows)
        for start in range(0, len(numbers), _BATCH_ROWS):
            some = numbers[start : start + _BATCH_ROWS]
            self._do("delete", self._client.delete, self.name, ids=some, timeout=_TIMEOUT_S)
        return len(numbers)

    def count(self) -> int:
        """Templates in the copy."""
        return int(self._query("row > 0", ["count(*)"])[0]["count(*)"])

    def search(
        self, probes: NDArray[np.float32], limit: int, parts: Sequence[str], condition: str, width: int
    ) -> list[NDArray[np.int64]]:
        """Numbers of the people of the rows that are most similar to each probe, best first, with repetitions.

        Args:
            probes: float32, (Q, dimension).
            limit: rows per probe, at most `MOST_HITS`.
            parts: to look into.
            condition: of Milvus, on `person`; "" for none.
            width: rows a graph looks at per probe, at least.
        """
        names = [name for name in map(_part_name, parts) if name in self._parts]
        if not names:
            return [np.zeros(0, dtype=np.int64) for _ in probes]
        params = {} if self.index == "FLAT" else {"params": {"ef": max(width, limit)}}
        step = max(_CHUNK_HITS // limit, 1)
        hits: list[Any] = []
        for start in range(0, len(probes), step):
            hits += self._do(
                "search", self._client.search, self.name, data=list(probes[start : start + step]), limit=limit,
                filter=condition, output_fields=["person"], search_params=params, partition_names=names,
                consistency_level=self._level, timeout=_TIMEOUT_S,
            )  # fmt: skip
        return [np.array([hit["entity"]["person"] for hit in row], dtype=np.int64) for row in hits]

    def settle(self) -> None:
        """Move what was written into indexed files."""
        self._do("flush", self._client.flush, self.name, timeout=_FILL_TIMEOUT_S)

    def finish(self) -> None:
        """Wait until every row is in the index: what is not yet is searched without it.

        Raises:
            StoreError: it is not for very long.
        """
        if is_file(self._uri):
            self._do("release the collection", self._client.release_collection, self.name, timeout=_TIMEOUT_S)
            self._do("load the collection", self._client.load_collection, self.name, timeout=_FILL_TIMEOUT_S)
            return
        until = time.monotonic() + _INDEX_TIMEOUT_S
        while True:
            found = self._do("look at the index", self._client.describe_index, self.name, "vector", timeout=_TIMEOUT_S)
            if found["state"] == "Finished" and found["pending_index_rows"] == 0:
                return
            if time.monotonic() > until:
                raise StoreError(
                    f"the index in Milvus at {tidy(self._uri)} is not built after {_INDEX_TIMEOUT_S:g} s; look at its "
                    f"index nodes ({self.name})"
                )
            time.sleep(_LOOK_S)

    def purge(self) -> None:
        """Ask that deleted templates be taken out of the files; a server does so in its own time."""
        self.settle()
        self._do("compact", self._client.compact, self.name, timeout=_TIMEOUT_S)

    def exists(self) -> bool:
        """Whether there is a copy of this name."""
        return bool(self._do("look for a collection", self._client.has_collection, self.name, timeout=_TIMEOUT_S))

    def clear(self) -> None:
        """Delete the copy with its files."""
        self._do("drop the collection", self._client.drop_collection, self.name, timeout=_TIMEOUT_S)
        self._parts = set()

    def close(self) -> None:
        """Let go of the connection; the last of this program to do so lets go of a file, for other programs."""
        self._client.close()
        if not is_file(self._uri):
            return
        from milvus_lite.server_manager import server_manager_instance

        with _files_lock:
            _files[os.path.abspath(self._uri)] -= 1
            if _files[os.path.abspath(self._uri)] == 0:
                server_manager_instance.release_server(self._uri)

    def _make(self) -> None:
        from pymilvus import DataType

        if self._client.has_collection(self.name, timeout=_TIMEOUT_S):
            return
        if is_file(self._uri):
            # A kill at the wrong moment leaves part of a collection, which Milvus Lite neither knows nor replaces.
            shutil.rmtree(Path(self._uri) / "collections" / self.name, ignore_errors=True)
        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=True)
        schema.add_field("row", DataType.INT64, is_primary=True)
        schema.add_field("person", DataType.INT64)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=self._dimension)
        self._client.create_collection(self.name, schema=schema, consistency_level=self._level, timeout=_TIMEOUT_S)
        index = self._client.prepare_index_params()
        params = {} if self.index == "FLAT" else {"M": _LINKS, "efConstruction": _BUILD_WIDTH}
        index.add_index("vector", index_type=self.index, metric_type="IP", params=params)
        # Not waited for: nothing is in it yet.
        self._client.create_index(self.name, index, sync=False, timeout=_TIMEOUT_S)

    def _have_part(self, part: str) -> str:
        name = _part_name(part)
        if name in self._parts:
            return name
        if len(self._parts) > MOST_PARTS:
            raise StoreError(
                f"the milvus door takes {MOST_PARTS} collections of people, and this gallery has more; merge some"
            )

        def make() -> None:
            if not self._client.has_partition(self.name, name, timeout=_TIMEOUT_S):
                self._client.create_partition(self.name, name, timeout=_TIMEOUT_S)

        self._do("make a partition", make)
        self._parts.add(name)
        return name

    def _upsert(self, partition: str, rows: list[dict[str, Any]]) -> None:
        self._do("store templates", self._client.upsert, self.name, rows, partition_name=partition, timeout=_TIMEOUT_S)

    def _query(self, condition: str, fields: list[str], partitions: list[str] | None = None) -> list[dict[str, Any]]:
        return list(self._do(
            "look up templates", self._client.query, self.name, filter=condition, output_fields=fields,
            partition_names=partitions, consistency_level="Strong", timeout=_TIMEOUT_S,
        ))  # fmt: skip

    def _do(self, what: str, call: Callable[..., Any], *args: Any, **named: Any) -> Any:
        return patient(partial(call, *args, **named), self._uri, what)


def listed(people: Iterable[int]) -> str:
    """Numbers as Milvus reads them in a condition."""
    return f"[{','.join(map(str, people))}]"


def _part_name(part: str) -> str:
    """A partition is named by a digest: the name of a part may tell something about the people in it."""
    return f"part_{sha256(part.encode()).hexdigest()[:24]}"
