"""Known faces: enrol people, and ask who is in a picture.

    with Gallery.open("people.vultus") as gallery:
        gallery.enroll("Ada", ["ada1.jpg", "ada2.jpg"])
        for found in gallery.identify("party.jpg"):
            print(found.name or "unknown", found.decision.similarity)

Every answer says by which threshold it was reached; unknown people come back as unknown.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from vultus.errors import ConfigError, ContractError, InputError, NameClashError, StoreError, UnknownNameError
from vultus.gallery.doors import check_door, check_rule, open_door
from vultus.gallery.enrol import Terms, examine, settle, several
from vultus.gallery.recognition import compare, recognise
from vultus.gallery.record import EnrolledFace, Enrolment, NewFace, Rejected, metadata_text, normal_name
from vultus.gallery.search import average, background_of
from vultus.gallery.store import Store
from vultus.gallery.transfer import export_gallery, import_gallery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Any, Self

    from vultus.gallery.doors import Door, Recall, Rule
    from vultus.gallery.enrol import Engine, Finding, Which
    from vultus.gallery.record import FaceRecord, Person
    from vultus.gallery.transfer import OnClash
    from vultus.inference.image import Source
    from vultus.types import Decision, Face, Identification, Track

DEFAULT_RULE: Rule = "average"
_COMMIT_EVERY = 32


class Gallery:
    """People and their faces; made by `Gallery.open`. One gallery may be used by many threads."""

    def __init__(self, store: Store, engine: Engine | None, *, door: str, templates: Rule) -> None:
        self._store = store
        self._engine = engine
        self._door_name, self._rule = door, templates
        self._door: tuple[int, float, Door] | None = None
        # Taken before the store's lock, never inside a transaction.
        self._lock = threading.RLock()

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        engine: Engine | None = None,
        create: bool = True,
        read_only: bool = False,
        door: str = "exact",
        templates: Rule = DEFAULT_RULE,
    ) -> Self:
        """Open a gallery file.

        Args:
            path: the file; SQLite, by convention `*.vultus`.
            engine: finds and embeds faces; without one, an engine of the gallery's own pack is built when needed.
            create: make the file if there is none.
            read_only: never write; other processes may.
            door: how to search: "exact", or "graph" for large galleries (needs the extra `vultus[graph]`).
            templates: compare with the "average" of a person's templates, or with the "best" of them.

        Raises:
            StoreError: the file is no gallery, is not there, or cannot be opened.
            ContractError: it was made by another pack than the engine's.
            UnknownNameError: there is no such door.
            MissingExtraError: the package that the door needs is not installed.
            ConfigError: `templates` is neither.
        """
        check_rule(templates)
        check_door(door)
        store = Store(Path(path), create=create, read_only=read_only)
        try:
            gallery = cls(store, None, door=door, templates=templates)
            if engine is not None:
                gallery._engine = gallery._fitting(engine)
        except BaseException:
            store.close()
            raise
        return gallery

    @property
    def path(self) -> Path:
        """The file."""
        return self._store.path

    @property
    def contract(self) -> str:
        """Contract of the templates; empty before the first enrolment."""
        return self._store.contract()

    @property
    def engine(self) -> Engine:
        """The engine given, or one of the gallery's own pack, built on first use.

        Raises:
            ContractError: the pack has changed since the gallery was made.
            StoreError: the pack is none of Vultus's own.
        """
        with self._lock:
            if self._engine is None:
                from vultus.inference.engine import FaceEngine

                pack = self._store.contract().rpartition(":")[0]
                try:
                    self._engine = self._fitting(FaceEngine(pack) if pack else FaceEngine())
                except UnknownNameError as error:
                    words = f"the gallery {self.path} was made with a pack of your own, {pack}"
                    raise StoreError(f"{words}; open it with engine=FaceEngine(folder of its manifest)") from error
            return self._engine

    def enroll(
        self,
        name: str,
        images: Source | Sequence[Source],
        *,
        metadata: Mapping[str, Any] | None = None,
        override_quality: bool = False,
        on_clash: Literal["add", "error", "replace"] = "add",
        face: Which = "single",
    ) -> Enrolment:
        """Add pictures of one person; all accepted ones are on the disk when this returns.

        A picture whose bytes are enrolled for this person already is accepted again at no cost.

        Args:
            name: the person.
            images: one picture or several.
            metadata: JSON values to keep with the person; joins what is there.
            override_quality: take faces the quality gate refuses.
            on_clash: what to do if the person is known: "add" faces, "error", or "replace" all faces by the new ones
                (only if one at least is accepted).
            face: "single" refuses a picture of several faces, "largest" takes the largest.

        Raises:
            InputError: name, metadata or images cannot be used.
            NameClashError: the person is known and `on_clash` is "error".
            StoreError: the gallery cannot be written; nothing was kept.
            ContractError: the engine's pack is not the gallery's.
        """
        name = normal_name(name)
        metadata_text(metadata or {})
        if on_clash not in ("add", "error", "replace"):
            raise ConfigError(f"on_clash must be 'add', 'error' or 'replace', but is '{on_clash}'")
        sources = several(images)
        if not sources:
            raise InputError(f"no picture of '{name}' was given")
        if on_clash == "error" and name in self._store.names():
            raise NameClashError(name, "; add to it or replace it: on_clash='add' or 'replace'")
        terms, engine = Terms(face, override_quality), self.engine
        findings = examine(self._store, engine, [(name, source) for source in sources], terms)
        options = terms.key(engine)
        with self._store.writing() as writer:
            if on_clash == "error" and writer.has(name):
                raise NameClashError(name, "; add to it or replace it: on_clash='add' or 'replace'")
            outcome = [settle(writer, engine.contract, finding, options) for finding in findings]
            accepted = tuple(one for one in outcome if isinstance(one, EnrolledFace))
            if accepted:
                person_id = writer.person(name, metadata)
                if on_clash == "replace":
                    writer.keep_only(person_id, [one.face_id for one in accepted])
        if on_clash == "replace":
            self._store.forget()
        return Enrolment(name, accepted, tuple(one for one in outcome if isinstance(one, Rejected)))

    def enroll_many(
        self,
        items: Iterable[tuple[str, Source]],
        *,
        progress: Callable[[int], None] | None = None,
        override_quality: bool = False,
        face: Which = "single",
        batch: int = 16,
    ) -> Iterator[Enrolment]:
        """Enrol any number of pictures; each answer that comes out is on the disk already.

        Stopped at any moment, also by force, a second run over the same items computes nothing twice: pictures
        enrolled or refused before are recognised by their bytes.

        Args:
            items: name and picture, of any length; never held as a whole.
            progress: called with the number of pictures done.
            override_quality, face: as in `enroll`.
            batch: pictures that go through the networks together.

        Yields:
            One `Enrolment` per picture, in order, with exactly one accepted or rejected entry.

        Raises:
            InputError: a name cannot be used.
            StoreError: the gallery cannot be written; what was yielded before stays.
        """
        terms, engine = Terms(face, override_quality, batch), self.engine
        options = terms.key(engine)
        stream = iter(items)
        done = 0
        while chunk := [(normal_name(name), source) for name, source in islice(stream, max(_COMMIT_EVERY, batch))]:
            findings = examine(self._store, engine, chunk, terms)
            for finding, one in zip(findings, self._commit(findings, engine.contract, options), strict=True):
                done += 1
                if progress is not None:
                    progress(done)
                if isinstance(one, EnrolledFace):
                    yield Enrolment(finding.name, accepted=(one,))
                else:
                    yield Enrolment(finding.name, rejected=(one,))

    def identify(self, image: Source, fpir: float = 0.01, top: int = 5) -> list[Identification]:
        """Who is in a picture: one answer per face found, in the engine's order; none found, an empty list.

        Nobody is found twice in one picture.

        Args:
            image: path, bytes, or RGB uint8 (H, W, 3).
            fpir: false positive identification rate: how often an unknown person may be taken for a known one.
            top: candidates to give per face.

        Raises:
            ImageError: the picture cannot be read.
            UnsupportedTargetError: the calibration cannot support this rate with so many people.
        """
        return self.identify_faces(self.engine.find(image), fpir, top)

    def identify_faces(
        self, faces: Sequence[Face], fpir: float = 0.01, top: int = 5, *, same_picture: bool = True
    ) -> list[Identification]:
        """Who these faces are.

        Args:
            faces: from `engine.find`.
            fpir, top: as in `identify`.
            same_picture: nobody may be two of them; False for faces of different pictures.

        Raises:
            ContractError: an embedding is of another contract than the gallery.
            UnsupportedTargetError: as in `identify`.
            InputError: a rate or count is out of range.
        """
        calibration = self.engine.calibration
        door = self._searcher(background_of(calibration))
        return recognise(
            faces, door, calibration, self._store.contract(), fpir=fpir, top=top, same_picture=same_picture
        )

    def identify_track(self, track: Track, fpir: float = 0.01, top: int = 5) -> Track:
        """The track with the answer who it is, by the vote of its best faces; without an embedding, as it was."""
        if track.embedding is None or not track.faces:
            return track
        voted = replace(track.faces[0], embedding=track.embedding)
        return replace(track, identification=self.identify_faces([voted], fpir, top)[0])

    def verify(self, name: str, image: Source, fmr: float = 1e-3) -> Decision:
        """Is the most prominent face of a picture this person?

        Args:
            name: an enrolled person.
            image: path, bytes, or RGB uint8 (H, W, 3).
            fmr: false match rate the threshold stands for.

        Raises:
            UnknownNameError: there is nobody of that name.
            UnsupportedTargetError: the calibration cannot support this rate.
            ContractError: the engine's pack is not the gallery's.
        """
        rows = np.stack([template for _, template in self._store.faces(normal_name(name))])
        engine = self.engine
        calibration = engine.calibration
        offsets = np.zeros(len(rows), dtype=np.float32)
        if self._rule == "average":
            rows, offsets = average(rows, np.zeros(1, dtype=np.int64), background_of(calibration))
        return compare(engine.find(image), rows, offsets, calibration, self._store.contract(), fmr)

    def people(self) -> list[Person]:
        """Everybody, by name."""
        return self._store.people()

    def person(self, name: str) -> Person:
        """One person.

        Raises:
            UnknownNameError: there is nobody of that name.
        """
        return self._store.person(normal_name(name))

    def faces(self, name: str) -> list[FaceRecord]:
        """A person's enrolled faces, oldest first.

        Raises:
            UnknownNameError: there is nobody of that name.
        """
        return [record for record, _ in self._store.faces(normal_name(name))]

    def remove(self, name: str) -> int:
        """Delete a person with all templates; how many it were. The bytes are overwritten.

        Raises:
            UnknownNameError: there is nobody of that name.
        """
        with self._store.writing() as writer:
            removed = writer.remove(normal_name(name))
        self._store.forget()
        return removed

    def rename(self, old: str, new: str) -> None:
        """Give a person another name.

        Raises:
            UnknownNameError: there is nobody of the old name.
            NameClashError: somebody has the new one.
            InputError: the new name cannot be used.
        """
        new = normal_name(new)
        with self._store.writing() as writer:
            writer.rename(normal_name(old), new)
        self._store.forget()

    def export(self, path: str | Path) -> int:
        """Write everything to one JSON file that only the owner may read; how many faces it were.

        Raises:
            StoreError: the file cannot be written; an older one there stays whole.
        """
        return export_gallery(self._store, Path(path))

    def import_(self, path: str | Path, *, on_clash: OnClash = "error") -> int:
        """Take in an exported gallery, all of it or nothing; how many faces were new.

        Args:
            path: what `export` wrote.
            on_clash: for a person known here: "error", "add" the faces, "skip" the person, or "replace" ours.

        Raises:
            InputError: the file is no export, or damaged.
            ContractError: it holds templates of another contract.
            NameClashError: a person is known and `on_clash` is "error".
        """
        contract = self._engine.contract if self._engine is not None else ""
        return import_gallery(self._store, Path(path), on_clash=on_clash, contract=contract)

    def check(self) -> list[str]:
        """What is wrong with the file or the door, one sentence each; empty when all is well."""
        problems = self._store.check()
        recall = None if problems else self.recall()
        return problems if recall is None else recall.shortfall()

    def recall(self) -> Recall | None:
        """How much of the exact answer the door finds, measured when it was built; None where every answer is exact."""
        exact = self._door_name == "exact" or not self.contract
        return None if exact else self._searcher(background_of(self.engine.calibration)).recall

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._store.close()

    def __len__(self) -> int:
        return self._store.counts()[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _commit(self, findings: Sequence[Finding], contract: str, options: str) -> list[EnrolledFace | Rejected]:
        """Store a chunk in one transaction; a chunk with nothing new costs none."""
        if not any(isinstance(finding.result, NewFace) or finding.remember for finding in findings):
            return [finding.result for finding in findings if not isinstance(finding.result, NewFace)]
        with self._store.writing() as writer:
            return [settle(writer, contract, finding, options) for finding in findings]

    def _fitting(self, engine: Engine) -> Engine:
        if (contract := self._store.contract()) not in ("", engine.contract):
            raise ContractError(contract, engine.contract)
        return engine

    def _searcher(self, background: float) -> Door:
        """The door over the committed state, rebuilt when anybody has changed it."""
        with self._lock:
            if self._door is None or self._door[:2] != (self._store.revision(), background):
                templates = self._store.templates()
                door = open_door(self._door_name, templates, self._rule, background)
                self._door = templates.revision, background, door
            return self._door[2]
