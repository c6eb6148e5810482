"""Known faces: enrol people, and ask who is in a picture.

    with Gallery.open("people.vultus") as gallery:
        gallery.enroll("Ada", ["ada1.jpg", "ada2.jpg"])
        for found in gallery.identify("party.jpg"):
            print(found.name or "unknown", found.decision.similarity)

Every answer says by which threshold it was reached; unknown people come back as unknown. The verbs stand in three
files: enrolment here, questions in `asking.py`, care of the people in `people.py`.
"""

from __future__ import annotations

import contextlib
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vultus.errors import ConfigError, InputError, NameClashError, VultusError
from vultus.gallery.asking import Asking
from vultus.gallery.audit import Signature
from vultus.gallery.custody import Custody
from vultus.gallery.doors import check_door, check_rule
from vultus.gallery.enrol import Filing, Terms, examine, settle, several
from vultus.gallery.moving import Moving
from vultus.gallery.people import People
from vultus.gallery.record import EnrolledFace, Enrolment, NewFace, Rejected, check_tags, metadata_text, normal_name
from vultus.gallery.register import Register
from vultus.gallery.rights import Rights
from vultus.gallery.store import Store
from vultus.gallery.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Any, Self

    from vultus.gallery.doors import Rule
    from vultus.gallery.enrol import Engine, Finding, Which
    from vultus.gallery.keys import MasterKey
    from vultus.inference.image import Source

DEFAULT_RULE: Rule = "average"
_COMMIT_EVERY = 32


class Gallery(Asking, People, Register, Rights, Custody, Moving):
    """People and their faces; made by `Gallery.open`. One gallery may be used by many threads."""

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        engine: Engine | None = None,
        create: bool = True,
        read_only: bool = False,
        door: str = "auto",
        door_options: Mapping[str, Any] | None = None,
        templates: Rule = DEFAULT_RULE,
        vault: bool = True,
        key: MasterKey | Path | None = None,
        crops: bool | None = None,
        actor: str = "",
        purpose: str = "",
    ) -> Self:
        """Open a gallery file.

        Args:
            path: the file; SQLite, by convention `*.vultus`.
            engine: finds and embeds faces; without one, an engine of the gallery's own pack is built when needed.
            create: make the file if there is none.
            read_only: never write, so that searches are not in the audit log either; other processes may.
            door: how to search: a name in `doors.DOORS`; or "auto", the exact door, and from two million templates
                on the graph, where `vultus[graph]` is installed.
            door_options: what the door asks for besides, by name.
            templates: compare with the "average" of a person's templates, or with the "best" of them.
            vault: encrypt the templates and crops of a new gallery; one that is there stays as it is.
            key: the master key or its file; without, it is looked for (see `keys.py`), and made for a first gallery.
            crops: keep a small cut-out of each enrolled face, to move to other models later and to show people what
                is held; None keeps them where the gallery is encrypted.
            actor: who works with the gallery, for its audit log; without, the user of the operating system.
            purpose: what for, for the audit log. Name nobody here: the log outlives the removal of people.

        Raises:
            StoreError: the file is no gallery, is not there, or cannot be opened.
            LockedError: it is encrypted and its master key is not at hand.
            ContractError: it was made by another pack than the engine's.
            UnknownNameError: there is no such door.
            MissingExtraError: the package that the door needs is not installed.
            ConfigError: `templates` is neither.
        """
        check_rule(templates)
        check_door(door)
        store = Store(Path(path), create=create, read_only=read_only, vault=vault, key=key,
                      signature=Signature(actor, purpose))  # fmt: skip
        try:
            gallery = cls(store, None, door=door, templates=templates, options=door_options or {})
            gallery._crops = store.vault.on if crops is None else crops
            if engine is not None:
                gallery._engine = gallery._fitting(engine)
            # A copy elsewhere that cannot be reached now must not keep the gallery closed.
            with contextlib.suppress(VultusError):
                if store.must_forget():
                    store.forget()
        except BaseException:
            store.close()
            raise
        return gallery

    def enroll(
        self,
        name: str,
        images: Source | Sequence[Source],
        *,
        metadata: Mapping[str, Any] | None = None,
        collection: str = "",
        tags: Sequence[str] = (),
        keep_days: float | None = None,
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
            collection: part of the gallery for a new person; "default" if none is given.
            tags: words to filter by; join what is there.
            keep_days: `expire` removes the person so many days from now; None changes nothing.
            override_quality: take faces the quality gate refuses.
            on_clash: what to do if the person is known: "add" faces, "error", or "replace" all faces by the new ones
                (only if one at least is accepted).
            face: "single" refuses a picture of several faces, "largest" takes the largest.

        Raises:
            InputError: name, metadata or images cannot be used.
            NameClashError: the person is known and `on_clash` is "error", or is known in another collection.
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
        filing = Filing(collection, check_tags(tags), keep_days)
        terms, engine = Terms(face, override_quality, crops=self._crops), self.engine
        findings = examine(self._store, engine, [(name, source) for source in sources], terms)
        options = terms.key(engine)
        with self._store.writing() as writer:
            if on_clash == "error" and writer.has(name):
                raise NameClashError(name, "; add to it or replace it: on_clash='add' or 'replace'")
            outcome = [settle(writer, engine.contract, finding, options, filing) for finding in findings]
            accepted = tuple(one for one in outcome if isinstance(one, EnrolledFace))
            if accepted:
                person_id = filing.file(writer, name, metadata)
                if on_clash == "replace":
                    writer.keep_only(person_id, [one.face_id for one in accepted])
        if on_clash == "replace":
            self._store.forget()
        return _enrolment(name, outcome)

    def enroll_many(
        self,
        items: Iterable[tuple[str, Source]],
        *,
        progress: Callable[[int], None] | None = None,
        override_quality: bool = False,
        face: Which = "single",
        collection: str = "",
        tags: Sequence[str] = (),
        keep_days: float | None = None,
        batch: int = 16,
    ) -> Iterator[Enrolment]:
        """Enrol any number of pictures; each answer that comes out is on the disk already.

        Stopped at any moment, also by force, a second run over the same items computes nothing twice: pictures
        enrolled or refused before are recognised by their bytes.

        Args:
            items: name and picture, of any length; never held as a whole.
            progress: called with the number of pictures done.
            override_quality, face, collection, tags, keep_days: as in `enroll`.
            batch: pictures that go through the networks together.

        Yields:
            One `Enrolment` per picture, in order, with exactly one accepted or rejected entry.

        Raises:
            InputError: a name cannot be used.
            StoreError: the gallery cannot be written; what was yielded before stays.
        """
        filing = Filing(collection, check_tags(tags), keep_days)
        terms, engine = Terms(face, override_quality, batch, self._crops), self.engine
        options = terms.key(engine)
        stream = iter(items)
        done = 0
        while chunk := [(normal_name(name), source) for name, source in islice(stream, max(_COMMIT_EVERY, batch))]:
            findings = examine(self._store, engine, chunk, terms)
            for finding, one in zip(findings, self._commit(findings, engine.contract, options, filing), strict=True):
                done += 1
                if progress is not None:
                    progress(done)
                if isinstance(one, EnrolledFace):
                    yield Enrolment(finding.name, accepted=(one,))
                else:
                    yield Enrolment(finding.name, rejected=(one,))

    @property
    def unknown(self) -> Unknown:
        """The faces that nobody has named."""
        return Unknown(self._store, self, crops=self._crops)

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._close_door()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _commit(
        self, findings: Sequence[Finding], contract: str, options: str, filing: Filing
    ) -> list[EnrolledFace | Rejected]:
        """Store a chunk in one transaction; a chunk with nothing new costs none."""
        if not any(isinstance(finding.result, NewFace) or finding.remember for finding in findings):
            return [finding.result for finding in findings if not isinstance(finding.result, NewFace)]
        with self._store.writing() as writer:
            return [settle(writer, contract, finding, options, filing) for finding in findings]


def _enrolment(name: str, outcome: Sequence[EnrolledFace | Rejected]) -> Enrolment:
    """What became of pictures, sorted."""
    accepted = tuple(one for one in outcome if isinstance(one, EnrolledFace))
    rejected = tuple(one for one in outcome if isinstance(one, Rejected))
    places = sorted(range(len(outcome)), key=lambda at: isinstance(outcome[at], Rejected))
    return Enrolment(name, accepted, rejected, tuple(places))
