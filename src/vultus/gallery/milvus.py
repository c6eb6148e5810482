"""The milvus door: a search in a copy of the templates that a Milvus keeps, where one machine is outgrown.

Milvus proposes, the record decides: whoever it proposes is read from the file of record and compared in float32 by the
exact door, so a similarity found is the exact one, and nobody is found who is not in the gallery any more. With the
index FLAT nobody is missed either; what a graph misses is measured when the copy is made. See `copying.py` for how the
copy follows the record.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ConfigError, StoreError
from vultus.gallery.copying import Copier, steps
from vultus.gallery.doors import Recall, check_search
from vultus.gallery.ledger import HeldLedger
from vultus.gallery.mirror import MOST_HITS, is_file, listed
from vultus.gallery.recall import N_PROBES, RECALL, RECALL_AT, WIDTHS, probes_like, widened
from vultus.gallery.search import ExactDoor
from vultus.gallery.templates import Templates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.gallery.copying import Progress
    from vultus.gallery.doors import Rule
    from vultus.gallery.ledger import Ledger
    from vultus.gallery.templates import Changes
    from vultus.types import Candidate

URI = "VULTUS_MILVUS_URI"
_FEW_PEOPLE = 1_000  # are read from the record sooner than Milvus is asked
_CHUNK_PEOPLE = 10_000  # named in one condition
_SPARE_HITS = 8  # float32 sums differ in the last digits: who is at the edge here may be beyond it there


class MilvusDoor:
    """Compares with those whom Milvus proposes.

    Args:
        source: the gallery; templates in memory are copied for as long as the door is open.
        rule, background: as in `ExactDoor`.
        uri: a file `*.db` for Milvus Lite, or http(s)://host:port; without, the environment's VULTUS_MILVUS_URI.
        token: "user:password" or an API key; without, the environment's VULTUS_MILVUS_TOKEN.
        index: "FLAT" finds everybody, "HNSW" and "HNSW_SQ" are graphs, of 4 and 1 bytes per number; without, FLAT for a
            file and HNSW for a server.
        consistency: how fresh an answer of Milvus must be: "Session" sees whatever the gallery knew when the search
            began, as "Strong" does, which waits for a beat of Milvus's clock each time; "Bounded" and "Eventually" may
            miss the newest people for seconds.
        allow_plain: copy the templates of an encrypted gallery, although Milvus keeps them readable.
        progress: told when everybody has to be copied; see `Copier`.

    Raises:
        ConfigError: there is no address, index or level like this, or the gallery is encrypted and `allow_plain` is
            not set.
        MissingExtraError: pymilvus, or milvus-lite for a file, is not installed.
        StoreError: Milvus cannot be reached or refuses.
    """

    def __init__(
        self,
        source: Templates | Ledger,
        rule: Rule = "average",
        background: float = 0.0,
        *,
        uri: str = "",
        token: str = "",
        index: str = "",
        consistency: str = "Session",
        allow_plain: bool = False,
        progress: Progress | None = None,
    ) -> None:
        uri = uri or os.environ.get(URI, "")
        if not uri:
            raise ConfigError(
                f"the milvus door must know where Milvus is, a file *.db or http://host:port: {URI}, --milvus-uri or "
                "door_options={'uri': ...}"
            )
        self._held = isinstance(source, Templates)
        ledger = HeldLedger(source) if isinstance(source, Templates) else source
        if ledger.sealed and not allow_plain:
            raise ConfigError(
                "this gallery is encrypted, but Milvus keeps templates readable for everybody who can reach it or its "
                "files; if you accept that: --allow-plain or door_options={'allow_plain': True}"
            )
        self._ledger, self._rule, self._background = ledger, rule, background
        self._index = index or ("FLAT" if is_file(uri) else "HNSW")
        self._copier = Copier(ledger, rule, background, uri, token, self._index, consistency, progress)
        self._width = WIDTHS[0]
        self.recall: Recall | None = None
        try:
            self._follow()
        except BaseException:
            self._copier.close()
            raise

    def search(
        self, probes: NDArray[np.float32], top: int, within: NDArray[np.int64] | None = None
    ) -> list[list[Candidate]]:
        """The `top` most similar people of each probe, best first; see `Door.search`.

        Raises:
            InputError: top is below 1, or somebody in `within` is not there.
            ShapeError: the probes have another dimension than the gallery.
            StoreError: Milvus cannot be reached or refuses.
        """
        check_search(probes, top, within, self.n_people, self._dimension)
        with self._copier.gate.looking():
            return self._search(probes, top, within)

    def _search(
        self, probes: NDArray[np.float32], top: int, within: NDArray[np.int64] | None = None
    ) -> list[list[Candidate]]:
        number = self.n_people if within is None else len(within)
        if number == 0 or len(probes) == 0:
            return [[] for _ in probes]
        if within is not None and number <= _FEW_PEOPLE:
            return self._exact(self._roll.person_ids[within])[0].search(probes, top)
        near = self._propose(probes, min(top, number), within)
        door, known = self._exact(np.unique(np.concatenate(near)))
        found = []
        for probe, people in zip(probes, near, strict=True):
            enough = len(people) >= min(top, number)
            among = np.flatnonzero(np.isin(known, people))
            found += door.search(probe[None], top, among) if enough else self._scan(probe[None], top, within)
        return found

    def count(self, within: NDArray[np.int64] | None = None) -> int:
        """Templates that a probe is compared with; see `Door.count`."""
        if within is None:
            return self.n_templates
        return len(within) if self._rule == "average" else int(self._roll.n_faces[within].sum())

    def positions(self, person_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions, ascending, of those of these people who can be found; for `within`."""
        return np.flatnonzero(np.isin(self._roll.person_ids, person_ids))

    def update(self, changes: Changes) -> bool:
        """See `follow`: who has changed is read from the record."""
        return self.follow()

    def follow(self) -> bool:
        """Send who has changed; False for templates in memory, and under another contract.

        A copy of this object (`copy.copy`) may follow while others search with it: who is at which position stays.
        """
        if self._held or self._ledger.contract != self._copier.contract:
            return False
        self._follow()
        return True

    def close(self) -> None:
        """Let go of Milvus; a copy of templates in memory is deleted. A second time does nothing."""
        if self._held:
            self._copier.clear()
        self._copier.close()

    def _follow(self) -> None:
        with self._copier.gate.changing():
            self._take()

    def _take(self) -> None:
        """Bring the copy up to date, and know who is in it."""
        roll = self._copier.follow()
        self._roll, self._dimension = roll, self._ledger.dimension
        self.n_people = len(roll.person_ids)
        self.n_templates = self.n_people if self._rule == "average" else int(roll.n_faces.sum())
        if self._index == "FLAT" or self.n_people == 0:
            return
        measured = self._copier.measured
        if measured:
            self._width = measured["width"]
            self.recall = Recall(measured["share"], RECALL_AT, measured["n_probes"], RECALL)
        else:
            self.recall = self._widen()
            self._copier.keep({"width": self._width, "share": self.recall.share, "n_probes": self.recall.n_probes})

    def _propose(
        self, probes: NDArray[np.float32], top: int, within: NDArray[np.int64] | None
    ) -> list[NDArray[np.int64]]:
        """Numbers of the people whom Milvus finds most similar to each probe, ascending, `top` of them or more."""
        probes = self._copier.lift(probes)
        near = [set[int]() for _ in probes]
        for cut in self._cuts(within):
            each = -(-self.n_templates // self.n_people)
            limit = min(top * each + _SPARE_HITS, MOST_HITS)
            first = self._ask(probes, limit, cut)
            for at, found in enumerate(first):
                # The same people again and again, with many templates each: ask for the others.
                people = set(found.tolist())
                while len(people) < min(top, cut.n_people):
                    more = self._ask(probes[at : at + 1], limit, cut, people)[0].tolist()
                    if not more:
                        break
                    people.update(more)
                near[at] |= people
        return [np.array(sorted(people), dtype=np.int64) for people in near]

    def _ask(
        self, probes: NDArray[np.float32], limit: int, cut: _Cut, without: set[int] | None = None
    ) -> list[NDArray[np.int64]]:
        conditions = [cut.condition] if cut.condition else []
        if without:
            conditions.append(f"person not in {listed(sorted(without))}")
        if self._copier.mirror is None:
            raise StoreError("the milvus door is closed; open the gallery again")
        return self._copier.mirror.search(probes, limit, cut.parts, " and ".join(conditions), self._width)

    def _cuts(self, within: NDArray[np.int64] | None) -> list[_Cut]:
        """How to ask Milvus for some people: by parts where these are whole, or else in handfuls by number."""
        roll = self._roll
        if within is None:
            return [_Cut(roll.parts, "", self.n_people)]
        at = np.unique(roll.part_of[within])
        parts = tuple(roll.parts[part] for part in at)
        others = np.setdiff1d(np.flatnonzero(np.isin(roll.part_of, at)), within, assume_unique=True)
        if len(others) <= _CHUNK_PEOPLE:
            but = f"person not in {listed(roll.person_ids[others].tolist())}" if len(others) else ""
            return [_Cut(parts, but, len(within))]
        return [
            _Cut(parts, f"person in {listed(some.tolist())}", len(some))
            for some in steps(roll.person_ids[within], _CHUNK_PEOPLE)
        ]

    def _exact(self, person_ids: NDArray[np.int64]) -> tuple[ExactDoor, NDArray[np.int64]]:
        """The exact door over some people as the record has them now, and their numbers."""
        found = self._ledger.read(person_ids)
        return ExactDoor(found, self._rule, self._background), found.person_ids

    def _scan(
        self, probes: NDArray[np.float32], top: int, within: NDArray[np.int64] | None = None
    ) -> list[list[Candidate]]:
        """The exact answer, from the record alone, a few people at a time."""
        ids = self._roll.person_ids if within is None else self._roll.person_ids[within]
        best: list[list[Candidate]] = [[] for _ in probes]
        for some in steps(ids):
            for at, found in enumerate(self._exact(some)[0].search(probes, top)):
                best[at] = sorted(best[at] + found, key=lambda one: -one.similarity)[:top]
        return best

    def _widen(self) -> Recall:
        """Let the graph look at more and more rows until enough of the exact answer is found; how much it is."""
        some = np.random.default_rng(0).choice(self._roll.person_ids, min(self.n_people, 2 * N_PROBES), replace=False)
        probes = probes_like(self._ledger.read(np.sort(some)).vectors)

        def look(width: int) -> list[list[Candidate]]:
            self._width = width
            return self._search(probes, RECALL_AT)

        self._width, recall = widened(self._scan(probes, RECALL_AT), look)
        return recall


@dataclass(frozen=True, slots=True)
class _Cut:
    """People to search among: all of some parts who meet a condition, "" for none."""

    parts: tuple[str, ...]
    condition: str
    n_people: int
