"""Pictures of a job, a few at a time: read, decoded, looked at, and written down before the next ones are begun."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vultus.errors import InputError, StoreError, VultusError
from vultus.gallery.photo import Photo
from vultus.gallery.record import UNREADABLE, normal_name
from vultus.service import shapes
from vultus.service.decode import Upload
from vultus.service.envelope import ServiceError, of
from vultus.service.jobs.shapes import JobOptions, unnamed
from vultus.service.jobs.store import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vultus.gallery.collection import Gallery
    from vultus.inference.image import Source
    from vultus.service.jobs.pace import Pace
    from vultus.service.jobs.sources import Pictures
    from vultus.service.jobs.store import Job, JobStore

TOGETHER = 8  # pictures that are written down together
_MOST_PIXELS = 60_000_000  # of them

Taken = tuple[str, Photo | ServiceError]


@dataclass(frozen=True, slots=True)
class Bench:
    """What a job works with.

    Attributes:
        job: as it was when it began.
        options: of it.
        store: the journal.
        gallery: of the job's collection.
        read: decodes a picture; blocks.
        halt: called between pictures; raises where the job is to stop.
        pace: how many pictures of the job may be in the engine at once, so that requests find it free.
        fpir, top: of the service, where the job does not say.
    """

    job: Job
    options: JobOptions
    store: JobStore
    gallery: Gallery
    read: Callable[[Upload], Photo]
    halt: Callable[[], None]
    pace: Pace
    fpir: float
    top: int

    @property
    def rate(self) -> float:
        """The accepted false positive identification rate."""
        return self.options.fpir or self.fpir


def go_through(bench: Bench, source: Pictures) -> None:
    """Work on every picture that the journal knows no outcome of.

    Raises:
        VultusError, ServiceError: the collection cannot be used; what was written down stays.
    """
    job, store = bench.job, bench.store
    if not job.planned:
        store.plan(job.job_id, _halting(bench, source))
    with ThreadPoolExecutor(1, thread_name_prefix="vultus-job-read") as reader:
        items = store.waiting(job.job_id, TOGETHER)
        ahead = reader.submit(_load, bench, source, items)
        while items:
            bench.halt()
            taken = ahead.result()
            items = store.waiting(job.job_id, TOGETHER, after=items[len(taken) - 1][0])
            ahead = reader.submit(_load, bench, source, items)
            store.record(job.job_id, work_on(bench, source, taken))
            bench.pace.note(sum(isinstance(photo, Photo) for _, photo in taken))


def work_on(bench: Bench, source: Pictures, taken: Sequence[Taken]) -> list[Outcome]:
    """What becomes of some pictures."""
    good = [(path, photo) for path, photo in taken if isinstance(photo, Photo)]
    bad = [_failed(path, error) for path, error in taken if isinstance(error, ServiceError)]
    match bench.job.kind:
        case "enrol":
            return bad + enrol(bench, [(path, _person(bench, source, path), photo) for path, photo in good])
        case "identify":
            return bad + identify(bench, good)
        case _:
            return bad + keep(bench, good)


def enrol(bench: Bench, good: Sequence[tuple[str, str, Photo]]) -> list[Outcome]:
    """Enrol pictures: path, name and pixels of each. What is enrolled already costs nothing."""
    outcomes, items = [], []
    for path, name, photo in good:
        try:
            items.append((path, normal_name(name), photo))
        except InputError as error:
            message = str(error) if name else "it lies in no folder that is named after a person"
            outcomes.append(Outcome(path, {"person": None}, "no_name", message, {"rejected": 1}))
    options = bench.options
    found = bench.gallery.enroll_many(
        [(name, photo) for _, name, photo in items], override_quality=options.override_quality, face=options.face,
        tags=options.tags, keep_days=options.keep_days, batch=bench.pace.batch,
    )  # fmt: skip
    for (path, name, _), one in zip(items, found, strict=True):
        if one.accepted:
            (face,) = one.accepted
            known = bench.gallery.known(name)
            body = {
                "person": name, "person_id": known.person_id if known else None, "face_id": face.face_id,
                "quality": round(face.quality, 5), "repeated": face.repeated,
            }  # fmt: skip
            outcomes.append(Outcome(path, body, counts={"repeated" if face.repeated else "enrolled": 1}))
        else:
            (refused,) = one.rejected
            broken = UNREADABLE in refused.reasons
            code = "unreadable_picture" if broken else next(iter(refused.reasons), "rejected")
            message = refused.message or ", ".join(refused.reasons)
            counts = {"unreadable" if broken else "rejected": 1}
            outcomes.append(Outcome(path, {"person": name}, code, message, counts))
    return outcomes


def identify(bench: Bench, good: Sequence[tuple[str, Photo]]) -> list[Outcome]:
    """Who everybody in some pictures is."""
    outcomes: list[Outcome] = []
    looked = []
    photos: list[Source] = [photo for _, photo in good]
    found = bench.gallery.engine.find_each(photos, batch=bench.pace.batch)
    for (path, photo), (_, faces) in zip(good, found, strict=True):
        if isinstance(faces, VultusError):
            outcomes.append(_failed(path, of(faces)))
        else:
            looked.append((path, photo, faces))
    answers = bench.gallery.identify_pictures(
        [faces for *_, faces in looked], bench.rate, bench.options.top or bench.top
    )
    for (path, photo, _), answer in zip(looked, answers, strict=True):
        rows: list[dict[str, Any]] = [
            {**shapes.face(one.face, index, photo), **unnamed(shapes.who(one, bench.gallery))}
            for index, one in enumerate(answer)
        ]
        known = sum(row["person_id"] is not None for row in rows)
        counts = {"pictures": 1, "faces": len(rows), "known": known, "unknown": len(rows) - known}
        outcomes.append(Outcome(path, {"faces": rows}, counts=counts))
    return outcomes


def keep(bench: Bench, good: Sequence[tuple[str, Photo]]) -> list[Outcome]:
    """Keep the faces of nobody known. One that is kept already is not kept twice."""
    outcomes = []
    found = bench.gallery.unknown.add(
        iter([photo for _, photo in good]), fpir=bench.rate, override_quality=bench.options.override_quality,
        batch=bench.pace.batch,
    )  # fmt: skip
    for (path, _), one in zip(good, found, strict=True):
        if one.error:
            outcomes.append(Outcome(path, {}, "unreadable_picture", one.error, {"unreadable": 1}))
            continue
        known = [person.person_id for name in one.known if (person := bench.gallery.known(name))]
        body = {"face_ids": list(one.face_ids), "known": known, "repeated": one.repeated, "refused": one.refused}
        counts = {"kept": len(one.face_ids), "known": len(known), "repeated": one.repeated, "refused": one.refused}
        outcomes.append(Outcome(path, body, counts=counts))
    return outcomes


def sum_up(bench: Bench) -> dict[str, int]:
    """What is to be done once all is through: unknown faces find their groups."""
    if bench.job.kind != "unknown":
        return {}
    try:
        return {"groups": bench.gallery.unknown.group()}
    except StoreError:  # others keep changing them: grouping is for another time
        return {}


def _load(bench: Bench, source: Pictures, items: Sequence[tuple[int, str]]) -> list[Taken]:
    """The next pictures, as many as memory should hold at once; one at least."""
    taken: list[Taken] = []
    pixels = 0
    for number, path in items:
        try:
            photo = bench.read(Upload(number, path, source.read(path)))
        except ServiceError as error:
            if error.code not in ("unreadable_picture", "too_large"):
                raise
            taken.append((path, error))
            continue
        taken.append((path, photo))
        pixels += photo.shape[0] * photo.shape[1]
        if pixels > _MOST_PIXELS:
            break
    return taken


def _halting(bench: Bench, source: Pictures) -> Any:
    for count, path in enumerate(source.paths()):
        if count % 1000 == 0:
            bench.halt()
        yield path


def _person(bench: Bench, source: Pictures, path: str) -> str:
    return bench.options.name or source.person(path)


def _failed(path: str, error: ServiceError) -> Outcome:
    return Outcome(path, {}, error.code, error.message, {"unreadable": 1})
