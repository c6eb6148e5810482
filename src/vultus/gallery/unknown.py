"""Unknown people: their faces are kept, grouped, and named when the user knows who they are.

    with Gallery.open("people.vultus") as gallery:
        for kept in gallery.unknown.add(["party.jpg", "picnic.jpg"]):
            print(kept.source, kept.face_ids)
        gallery.unknown.group()
        for group in gallery.unknown.groups(at_least=2):
            print(group.group_id, group.n_faces, group.sources)
        gallery.unknown.name(group.group_id, "Ada")

What the user says outlives every grouping: names, which groups are one person, which faces are not.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError, StoreError, VultusError
from vultus.gallery.cluster import cluster, follow, keep_numbers
from vultus.gallery.enrol import digest_of, label_of, new_face, several, with_crop
from vultus.gallery.record import Kept, Named, face_record, normal_name
from vultus.gallery.retention import MAX_DAYS
from vultus.gallery.store import FACE_COLUMNS
from vultus.gallery.unnamed import Unnamed
from vultus.gallery.writer import person_id_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from vultus.gallery.asking import Asking
    from vultus.gallery.record import FaceRecord, NewFace
    from vultus.gallery.store import Store
    from vultus.gallery.unnamed import Group, State
    from vultus.gallery.writer import Writer
    from vultus.inference.image import Source
    from vultus.types import Identification

_COMMIT_EVERY = 32
_TRIES = 3
_ALWAYS_ANEW = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What was seen in a picture, before it is stored; see `Kept`."""

    source: Source
    faces: tuple[NewFace, ...] = ()
    known: tuple[str, ...] = ()
    refused: int = 0
    error: str = ""


class Unknown:
    """The faces of a gallery that nobody has named; `gallery.unknown`.

    Args:
        store: the file.
        desk: knows who is known already, and has the engine.
        crops: keep a cut-out of each face.
    """

    def __init__(self, store: Store, desk: Asking, *, crops: bool = False) -> None:
        self._store, self._desk, self._crops = store, desk, crops

    def add(
        self, images: Source | Iterable[Source], *, fpir: float = 0.01, override_quality: bool = False, batch: int = 16
    ) -> Iterator[Kept]:
        """Keep the faces of these pictures that are of nobody known; `group` then finds out who is with whom.

        What has come out is on the disk. A face that is kept or enrolled already is not kept twice.

        Args:
            images: one picture or several; an iterator is never held as a whole.
            fpir: false positive identification rate, as in `identify`.
            override_quality: keep faces that the quality gate refuses.
            batch: pictures that go through the networks together.

        Yields:
            One answer per picture, in order.

        Raises:
            UnsupportedTargetError: the calibration cannot support this rate with so many people.
            StoreError: the gallery cannot be written; what was yielded before stays.
        """
        engine = self._desk.engine
        stream = images if isinstance(images, Iterator) else iter(several(images))  # type: ignore[arg-type]
        while chunk := list(islice(stream, max(_COMMIT_EVERY, batch))):
            answers = list(engine.find_each(chunk, embed=True, batch=batch))
            read = [faces for _, faces in answers if not isinstance(faces, VultusError)]
            who = iter(self._desk.identify_pictures(read, fpir, top=1))
            looked = [
                _Seen(source, error=str(answer))
                if isinstance(answer, VultusError)
                else self._look(source, next(who), override_quality)
                for source, answer in answers
            ]
            with self._writing() as (writer, unnamed, _):
                found = [_keep(writer, unnamed, engine.contract, one) for one in looked]
            yield from found

    def group(
        self, fmr: float | None = None, *, anew: bool | None = None, progress: Callable[[int], None] | None = None
    ) -> int:
        """Find out which faces are one person; how many groups there are.

        Faces of one picture are never one person, and what the user has said stays true. A group keeps its number while
        most of its faces stay together.

        Args:
            fmr: false match rate of two faces that may be joined; None lets it follow the number of groups, see
                `cluster.follow`.
            anew: take all groups apart first, but for what the user has joined; False lets only new faces find their
                group, which is faster and leaves mistakes of earlier runs. None does so from 20,000 faces on.
            progress: called now and then with the number of faces compared.

        Raises:
            UnsupportedTargetError: the calibration cannot support this rate.
            StoreError: the gallery cannot be written, or others keep changing it.
        """
        calibration = self._desk.engine.calibration
        threshold = follow(calibration) if fmr is None else calibration.threshold(fmr)
        for _ in range(_TRIES):
            with self._reading() as (unnamed, _):
                state, fresh = unnamed.state(), unnamed.next_group()
            # Minutes for many faces: others may write meanwhile.
            small = len(state.face_ids) < _ALWAYS_ANEW
            groups = _grouped(state, threshold, fresh, anew=small if anew is None else anew, progress=progress)
            with self._writing() as (_, unnamed, _):
                if unnamed.digest() == state.digest:
                    unnamed.regrouped(state, groups)
                    return len(np.unique(groups))
        raise StoreError(
            f"the unknown faces of {self._store.path} were changed by another program meanwhile; try again"
        )

    def groups(self, at_least: int = 1) -> list[Group]:
        """Groups with so many faces, the largest first; new faces are in none before `group`."""
        with self._reading() as (unnamed, _):
            return unnamed.groups(at_least)

    def suggest(self, fpir: float = 0.01) -> dict[int, str]:
        """Whom groups probably are: the person as whom more than half of their best faces are recognised now.

        Args:
            fpir: false positive identification rate of one face, as in `identify`.

        Raises:
            UnsupportedTargetError: the calibration cannot support this rate with so many people.
        """
        return self._desk.suggest_groups(fpir)

    def faces(self, group_id: int) -> list[FaceRecord]:
        """The faces of a group, the oldest first.

        Raises:
            UnknownNameError: there is no such group.
        """
        with self._reading() as (unnamed, connection):
            rows = connection.execute(
                f"{FACE_COLUMNS} FROM face WHERE face_id IN (SELECT value FROM json_each(?)) ORDER BY face_id",
                (json.dumps(unnamed.faces_of(group_id)),),
            ).fetchall()
        self._store.note("view", detail={"unknown_faces": len(rows)})
        return [face_record(row) for row in rows]

    def best(self, group_ids: Sequence[int], most: int) -> dict[int, list[int]]:
        """Numbers of so many faces of each group at most, the best first: a single look, whatever their number."""
        with self._reading() as (unnamed, _):
            found = unnamed.best_of(group_ids, most)
        self._store.note("view", detail={"unknown_faces": sum(map(len, found.values()))})
        return found

    def cut_outs(self, group_id: int, *, taken: bool = False) -> dict[int, bytes]:
        """The faces of a group as JPEG files, by number; without those whose cut-out was not kept.

        Args:
            group_id: of the group.
            taken: they leave the gallery as files: the log calls it an export, and else a look.

        Raises:
            UnknownNameError: there is no such group.
        """
        with self._reading() as (unnamed, _):
            found = unnamed.cut_outs(unnamed.faces_of(group_id))
        self._store.note("export" if taken else "view", detail={"unknown_faces": len(found)})
        return found

    def name(
        self, group_id: int, name: str, *, metadata: Mapping[str, Any] | None = None, collection: str = ""
    ) -> Named:
        """Enrol the faces of a group as those of a person, new or known.

        Args:
            group_id: from `groups`.
            name: the person.
            metadata, collection: as in `Gallery.enroll`.

        Raises:
            UnknownNameError: there is no such group.
            InputError: the name cannot be used, or no face of the group can be this person.
            NameClashError: the person is known in another collection.
        """
        name = normal_name(name)
        with self._writing() as (writer, unnamed, _):
            writer.action = "label"
            faces = unnamed.faces_of(group_id)
            person_id = writer.person(name, metadata, collection=collection)
            given = unnamed.fit(faces, person_id)
            if not given:
                raise InputError(
                    f"no face of group {group_id} can be '{name}': each was said not to be, or another face of its "
                    "picture is"
                )
            writer.give(given, person_id)
            unnamed.named(given, person_id)
        return Named(name, tuple(given), tuple(sorted({*faces} - {*given})))

    def reject(self, group_id: int, name: str, faces: Sequence[int] = ()) -> int:
        """Say that a group, or some of its faces, is not this person; how many faces it were.

        From then on whoever looks more like a rejected face than like the person is not taken for the person.

        Raises:
            UnknownNameError: there is no such group or person.
            InputError: a face is not in the group.
        """
        with self._writing() as (writer, unnamed, connection):
            person_id = person_id_of(connection, normal_name(name))
            chosen = _chosen(unnamed.faces_of(group_id), faces, group_id)
            unnamed.deny(chosen, person_id)
            writer.note("label", (person_id,), {"what": "not this person", "faces": len(chosen)})
        return len(chosen)

    def reject_picture(self, image: Source, name: str) -> int:
        """Say that the face of a picture that looks most like this person is somebody else; the face's number.

        Raises:
            UnknownNameError: there is nobody of that name.
            ImageError: the picture cannot be read.
            InputError: it has no face, or the face is enrolled as this person.
        """
        name = normal_name(name)
        rows = np.stack([template for _, template in self._store.faces(name)])
        engine, picture = self._desk.engine, digest_of(image)
        faces = [(face, face.embedding) for face in engine.find(image) if face.embedding is not None]
        if not faces:
            raise InputError(f"{label_of(image)} has no face that could be '{name}'")
        face, embedding = max(faces, key=lambda one: float(np.max(rows @ one[1].vector)))
        new = new_face(label_of(image), picture, face, embedding)
        with self._writing() as (writer, unnamed, connection):
            person_id = person_id_of(connection, name)
            standing = unnamed.standing(new)
            if standing is not None and standing[1] == person_id:
                raise InputError(f"this face is enrolled as '{name}'; remove '{name}', and enrol the right pictures")
            writer.bind(engine.contract, len(new.template))
            kept = with_crop(new, image) if self._crops and standing is None else new
            face_id = writer.add(None, kept) if standing is None else standing[0]
            unnamed.deny([face_id], person_id)
            writer.note("label", (person_id,), {"what": "not this person", "faces": 1})
        return face_id

    def join(self, group_ids: Sequence[int]) -> int:
        """Say that several groups are one person; the number they have from now on, that of the largest.

        Raises:
            InputError: there are less than two.
            UnknownNameError: one is not there.
        """
        if len(set(group_ids)) < 2:
            raise InputError(f"there must be at least two groups to join, but there are {len(set(group_ids))}")
        with self._writing() as (writer, unnamed, _):
            faces = {group_id: unnamed.faces_of(group_id) for group_id in sorted(set(group_ids))}
            largest = max(faces, key=lambda group_id: (len(faces[group_id]), -group_id))
            every = sorted(face for own in faces.values() for face in own)
            unnamed.join(every, largest)
            writer.note("label", (), {"what": "one person", "unknown_faces": len(every)})
        return largest

    def split(self, group_id: int, faces: Sequence[int]) -> int:
        """Say that some faces of a group are not the person that the others are; the number of their new group.

        The others are one person from then on. Those split off may be several: `group(anew=True)` finds out.

        Raises:
            UnknownNameError: there is no such group.
            InputError: a face is not in the group, or none would be left.
        """
        with self._writing() as (writer, unnamed, _):
            own = unnamed.faces_of(group_id)
            leaving = _chosen(own, faces, group_id)
            rest = sorted({*own} - {*leaving})
            if not rest:
                raise InputError(
                    f"all {len(own)} faces of group {group_id} would leave it; name those that do not belong"
                )
            writer.note("label", (), {"what": "not the others", "unknown_faces": len(leaving)})
            return unnamed.split(leaving, rest)

    def forget(self, group_ids: Sequence[int] = (), *, older_than_days: float | None = None) -> int:
        """Delete unknown faces, their templates and what was said of them; how many it were. The bytes are overwritten.

        Args:
            group_ids: groups that go.
            older_than_days: faces that go because they have been kept for longer; 0 for all.

        Raises:
            UnknownNameError: a group is not there.
            InputError: the days are negative or no number.
        """
        with self._writing() as (writer, unnamed, _):
            faces = {face for group_id in group_ids for face in unnamed.faces_of(group_id)}
            if older_than_days is not None:
                faces.update(unnamed.kept_before(_days_ago(older_than_days)))
            forgotten = unnamed.forget(sorted(faces))
            writer.note("delete", (), {"unknown_faces": forgotten})
        self._store.forget()
        return forgotten

    def _look(self, source: Source, who: Sequence[Identification], override_quality: bool) -> _Seen:
        """What of a picture is to be kept."""
        label, picture = label_of(source), digest_of(source)
        if not picture:
            return _Seen(source, error="the file changed while it was read; try again")
        faces, refused = [], 0
        for face in (one.face for one in who if one.name is None):
            if face.embedding is None or not (face.quality.ok or override_quality):
                refused += 1
                continue
            new = new_face(label, picture, face, face.embedding)
            faces.append(with_crop(new, source) if self._crops else new)
        return _Seen(source, tuple(faces), tuple(one.name for one in who if one.name is not None), refused)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[tuple[Unnamed, sqlite3.Connection]]:
        with self._store.reading() as connection:
            yield Unnamed(connection, self._store.vault), connection

    @contextlib.contextmanager
    def _writing(self) -> Iterator[tuple[Writer, Unnamed, sqlite3.Connection]]:
        with self._store.writing() as writer, self._reading() as (unnamed, connection):
            yield writer, unnamed, connection


def _keep(writer: Writer, unnamed: Unnamed, contract: str, seen: _Seen) -> Kept:
    """Store the faces that are not there yet; the caller commits."""
    face_ids, repeated = [], 0
    for face in seen.faces:
        if unnamed.standing(face) is not None:
            repeated += 1
            continue
        writer.bind(contract, len(face.template))
        face_ids.append(writer.add(None, face))
    return Kept(label_of(seen.source), tuple(face_ids), seen.known, repeated, seen.refused, seen.error)


def _grouped(
    state: State,
    threshold: float | Callable[[int], float],
    fresh: int,
    *,
    anew: bool,
    progress: Callable[[int], None] | None,
) -> NDArray[np.int64]:
    found = cluster(
        state.vectors, threshold=threshold, pictures=state.pictures, before=None if anew else state.groups,
        together=state.together, apart=state.apart, progress=progress,
    )  # fmt: skip
    return keep_numbers(state.groups, found, fresh)


def _chosen(own: Sequence[int], faces: Sequence[int], group_id: int) -> list[int]:
    strange = sorted({*faces} - {*own})
    if strange:
        raise InputError(f"face {strange[0]} is not in group {group_id}, which has {', '.join(map(str, own))}")
    return sorted({*faces}) or list(own)


def _days_ago(days: float) -> str:
    """That time as the store spells it; a second ahead for 0, so that nothing is spared."""
    if not 0 <= days <= MAX_DAYS:
        raise InputError(f"days must be a number from 0 to {MAX_DAYS:,}, but is {days:g}")
    return (datetime.now(UTC) - timedelta(days=days) + timedelta(seconds=not days)).strftime("%Y-%m-%dT%H:%M:%SZ")
