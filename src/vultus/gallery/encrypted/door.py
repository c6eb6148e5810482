"""The encrypted door: templates are encrypted when the gallery is opened, compared encrypted, and only scores are read.

It answers like the exact door up to the rounding of templates and probes to whole numbers: with 8 bits a similarity is
off by some thousandths. The key is in the same process, so this door protects against nobody who can read its memory;
it shows that decisions stay the same. Scorer and owner apart: `server` and docs/encrypted.md.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.gallery.doors import check_search
from vultus.gallery.encrypted.block import read_scores
from vultus.gallery.encrypted.keyfile import load_private
from vultus.gallery.encrypted.layout import PRECISION, Layout
from vultus.gallery.encrypted.register import Register
from vultus.gallery.encrypted.scheme import BITS, generate
from vultus.gallery.encrypted.score import Scorer
from vultus.gallery.search import average
from vultus.types import Candidate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.gallery.doors import Recall, Rule
    from vultus.gallery.encrypted.scheme import PrivateKey
    from vultus.gallery.templates import Changes, Templates


@dataclass(frozen=True, slots=True)
class _Person:
    """What is known of a person besides the encrypted templates."""

    name: str
    offsets: NDArray[np.float32]
    face_ids: NDArray[np.int64] | None


class EncryptedDoor:
    """Compares encrypted templates; see above.

    Args:
        templates, rule, background: as in `ExactDoor`.
        key: a private key or its file; without, a new one that nobody sees.
        scheme, bits, nonces: of a new key, see `scheme.generate`.
        precision: bits of a whole number.

    Raises:
        ConfigError: there is no such scheme, size or precision.
        StoreError, InputError: the key file cannot be used.
    """

    def __init__(
        self,
        templates: Templates,
        rule: Rule = "average",
        background: float = 0.0,
        *,
        key: PrivateKey | str | Path | None = None,
        scheme: str = "paillier",
        bits: int = BITS,
        nonces: str = "short",
        precision: int = PRECISION,
    ) -> None:
        whole: tuple[tuple[str, object], ...] = (("bits", bits), ("precision", precision))
        for name, value in whole:
            if not isinstance(value, int) or isinstance(value, bool):
                raise InputError(f"{name} of the encrypted door must be a whole number, but is {value!r}")
        if key is None:
            key = generate(scheme, bits, nonces=nonces)
        self._key = load_private(Path(key)) if isinstance(key, str | Path) else key
        self._rule, self._background = rule, background
        self._dimension = templates.vectors.shape[1]
        public = self._key.public
        layout = Layout.fit(max(self._dimension, 1), public.plain_bits, precision)
        self._register, self._scorer = Register(self._key, layout), Scorer(public, layout)
        self._people: dict[int, _Person] = {}
        self._lock = threading.Lock()
        self.recall: Recall | None = None
        if len(templates.names):
            self._take([], templates)
        self._arrange()

    def search(
        self, probes: NDArray[np.float32], top: int, within: NDArray[np.int64] | None = None
    ) -> list[list[Candidate]]:
        """The `top` most similar people of each probe, best first; see `Door.search`."""
        check_search(probes, top, within, self.n_people, self._dimension)
        if self.n_people == 0 or len(probes) == 0 or (within is not None and len(within) == 0):
            return [[] for _ in probes]
        found = self._register.layout.quantise(probes)
        with self._lock:
            return [
                self._ranked(self._similarities(values, scale, within), top, within)
                for values, scale in zip(found.values, found.scales.tolist(), strict=True)
            ]

    def count(self, within: NDArray[np.int64] | None = None) -> int:
        """Templates that a probe is compared with; see `Door.count`."""
        return self.n_templates if within is None else int(np.sum(np.diff(self._ends)[within]))

    def positions(self, person_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of people; see `Door.positions`."""
        return np.flatnonzero(np.isin(self._person_ids, person_ids, assume_unique=True))

    def update(self, changes: Changes) -> bool:
        """Exchange the templates of people who have changed, in their slots; see `Door.update`."""
        people = changes.people
        if self.n_people == 0 or (len(people.names) and people.vectors.shape[1] != self._dimension):
            return False
        with self._lock:
            self._take([*changes.gone.tolist(), *people.person_ids.tolist()], people)
            self._arrange()
        return True

    def _take(self, remove: list[int], templates: Templates) -> None:
        """Take people out and put these in."""
        starts = templates.starts
        ids = templates.person_ids.tolist()
        if self._rule == "average":
            rows, offsets = average(templates.vectors, starts, self._background)
            starts, face_ids = np.arange(len(ids)), None
        else:
            rows, face_ids = templates.vectors, templates.face_ids
            offsets = np.zeros(len(rows), dtype=np.float32)
        ends = [*starts[1:].tolist(), len(rows)]
        own = [slice(first, last) for first, last in zip(starts.tolist(), ends, strict=False)]
        insert = {person: rows[part] for person, part in zip(ids, own, strict=True)}
        for at in self._register.change(remove, insert):
            self._scorer.put(at, self._register.blocks[at])
        for person in remove:
            self._people.pop(person, None)
        for at, (person, part) in enumerate(zip(ids, own, strict=True)):
            faces = None if face_ids is None else face_ids[part]
            self._people[person] = _Person(templates.names[at], offsets[part], faces)

    def _arrange(self) -> None:
        """Everything by rows, people in the order of their numbers."""
        order = sorted(self._people)
        places = [place for person in order for place in self._register.places[person]]
        self._names = [self._people[person].name for person in order]
        self._person_ids = np.array(order, dtype=np.int64)
        self._ends = np.cumsum([0, *(len(self._register.places[person]) for person in order)])
        self._slots = np.array([place.slot for place in places], dtype=np.int64)
        self._scales = np.array([place.scale for place in places])
        self._offsets = np.concatenate([np.zeros(0), *(self._people[person].offsets for person in order)])
        faces = [own.face_ids for person in order if (own := self._people[person]).face_ids is not None]
        self._face_ids = np.concatenate(faces) if faces else None
        self.n_people, self.n_templates = len(order), len(places)

    def _similarities(
        self, probe: NDArray[np.int32], scale: float, within: NDArray[np.int64] | None
    ) -> NDArray[np.float64]:
        """Of every row; -inf for those whose blocks were not asked."""
        size = self._register.layout.slots
        blocks = np.arange(len(self._scorer))
        if within is not None:
            asked = np.zeros(self.n_people, dtype=bool)
            asked[within] = True
            blocks = np.unique(self._slots[np.repeat(asked, np.diff(self._ends))] // size)
        answers = self._scorer.score(probe, only=blocks.tolist())
        values = np.full(len(self._scorer) * size, -np.inf)
        held = read_scores(self._key, self._register.layout, answers).reshape(len(blocks), size)
        values.reshape(-1, size)[blocks] = held
        found: NDArray[np.float64] = np.minimum(values[self._slots] / (self._scales * scale) + self._offsets, 1.0)
        return found

    def _ranked(self, similarities: NDArray[np.float64], top: int, within: NDArray[np.int64] | None) -> list[Candidate]:
        by_person = np.maximum.reduceat(similarities, self._ends[:-1])
        people = np.arange(self.n_people) if within is None else within
        best = people[np.lexsort((people, -by_person[people]))[:top]]
        found = []
        for person in best.tolist():
            face_id = None
            if self._face_ids is not None:
                first = int(self._ends[person])
                face_id = int(self._face_ids[first + np.argmax(similarities[first : self._ends[person + 1]])])
            found.append(Candidate(self._names[person], float(by_person[person]), face_id))
        return found
