"""From pictures to stored faces: what was seen before, which face is meant, and why a picture is not taken."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from vultus.errors import ConfigError, InputError, VultusError
from vultus.gallery.crop import cut
from vultus.gallery.photo import Photo
from vultus.gallery.record import (
    ENROLLED_AS_OTHER,
    NOT_EMBEDDED,
    NOT_LIVE,
    SEVERAL_FACES,
    UNREADABLE,
    EnrolledFace,
    NewFace,
    Rejected,
)
from vultus.gallery.retention import after
from vultus.gallery.writer import now
from vultus.types import FAILURE_TO_ACQUIRE, Box, prominent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vultus.gallery.store import Store
    from vultus.gallery.writer import Writer
    from vultus.inference.image import Source
    from vultus.types import Calibration, Embedding, Face

Which = Literal["single", "largest"]
_BYTES = bytes | bytearray | memoryview
_CHUNK = 1 << 20
_RIVAL_SIDE = 0.4  # of the largest face's height: a smaller one stands in the background


class Engine(Protocol):
    """What a gallery asks of an engine; `FaceEngine` has it."""

    @property
    def contract(self) -> str:
        """Digest of everything that shapes an embedding."""

    @property
    def calibration(self) -> Calibration:
        """Thresholds of the engine's pack."""

    def find(self, image: Source) -> list[Face]:
        """All faces of a picture, with embeddings."""

    def find_each(
        self, sources: Iterable[Source], *, embed: bool = True, batch: int = 16
    ) -> Iterator[tuple[Source, list[Face] | VultusError]]:
        """The faces of many pictures, in order; a picture that cannot be read gives its error."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which terms pictures are taken.

    Attributes:
        face: which face of a picture is meant: "single" refuses a picture of several, "largest" takes the largest.
        override_quality: take faces the quality gate refuses.
        batch: pictures that go through the networks together.
        crops: keep a cut-out of each face that is taken.
    """

    face: Which = "single"
    override_quality: bool = False
    batch: int = 16
    crops: bool = False

    def __post_init__(self) -> None:
        if self.face not in ("single", "largest"):
            raise ConfigError(f"face must be 'single' or 'largest', but is '{self.face}'")

    def key(self, engine: Engine) -> str:
        """What a refusal depends on besides the picture; under other terms the picture is looked at again."""
        gate = getattr(engine, "gate", None)
        words = f"vultus {_version()}; face={self.face}; override={self.override_quality:d}; gate={gate!r}"
        return hashlib.sha256(words.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Filing:
    """Where people go whose faces are taken.

    Attributes:
        collection: part of the gallery for new people; empty for the default one.
        tags: joined to those they have.
        keep_days: they stay for so many days from now on; None changes nothing.
    """

    collection: str = ""
    tags: tuple[str, ...] = ()
    keep_days: float | None = None

    def file(self, writer: Writer, name: str, metadata: Mapping[str, Any] | None = None) -> int:
        """Number of a person, made if new and filed."""
        person_id = writer.person(name, metadata, collection=self.collection)
        if self.tags or self.keep_days is not None:
            until = None if self.keep_days is None else after(self.keep_days, now())
            writer.file(person_id, self.tags, until)
        return person_id


PLAIN_FILING = Filing()


@dataclass(frozen=True, slots=True)
class Finding:
    """One picture given for one person, before it is stored.

    Attributes:
        name: the person.
        label: the picture, for people.
        picture: sha256 of its bytes, empty if it cannot be read.
        result: what came of it; a `NewFace` still has to be stored.
        remember: its refusal follows from the picture alone and is worth keeping.
    """

    name: str
    label: str
    picture: str
    result: NewFace | EnrolledFace | Rejected
    remember: bool = False


def examine(store: Store, engine: Engine, items: Sequence[tuple[str, Source]], terms: Terms) -> list[Finding]:
    """Look at pictures, in order; those known from an earlier enrolment cost no inference."""
    options = terms.key(engine)
    findings: list[Finding | None] = []
    open_sources: list[Source] = []
    waiting: list[tuple[int, Finding]] = []
    for name, source in items:
        label, picture = label_of(source), digest_of(source)
        known = _recall(store, name, label, picture, options) if picture else None
        findings.append(known)
        if known is None:
            waiting.append((len(findings) - 1, Finding(name, label, picture, Rejected(label, (UNREADABLE,)))))
            open_sources.append(source)
    answers = engine.find_each(open_sources, embed=True, batch=terms.batch) if open_sources else iter(())
    for (at, finding), (source, answer) in zip(waiting, answers, strict=True):
        judged = _judge(finding, answer, terms)
        if terms.crops and isinstance(judged.result, NewFace):
            judged = replace(judged, result=with_crop(judged.result, source))
        findings[at] = judged
    return [finding for finding in findings if finding is not None]


def settle(
    writer: Writer, contract: str, finding: Finding, options: str, filing: Filing = PLAIN_FILING
) -> EnrolledFace | Rejected:
    """Store what was found, unless another process did so meanwhile; the caller commits."""
    result = finding.result
    if isinstance(result, NewFace):
        own, other = writer.standing(finding.name, result)
        if own is not None:
            return EnrolledFace(own, finding.label, result.quality, repeated=True)
        if other is not None:
            message = f"the same face of the same picture is enrolled as '{other}'; remove or rename one of the two"
            return Rejected(finding.label, (ENROLLED_AS_OTHER,), message)
        writer.bind(contract, len(result.template))
        face_id = writer.add(filing.file(writer, finding.name), result)
        return EnrolledFace(face_id, finding.label, result.quality)
    if isinstance(result, Rejected) and finding.remember:
        writer.refuse(finding.name, finding.picture, options, result.reasons)
    return result


def several(images: Source | Sequence[Source]) -> list[Source]:
    """One picture or several, as a list.

    Raises:
        InputError: it is neither.
    """
    if isinstance(images, str | Path | _BYTES | np.ndarray):
        return [images]
    if not isinstance(images, Iterable):
        raise InputError(f"images must be one picture or a list of them, but is {type(images).__name__}")
    return list(images)


def label_of(source: Source) -> str:
    """A picture's name for people, fit for the store: bytes no text encoding knows become question marks."""
    if isinstance(source, (str, Path)):
        return os.fsencode(source).decode("utf-8", "replace")
    if isinstance(source, Photo) and source.label:
        return source.label
    return "<array>" if isinstance(source, np.ndarray) else f"<{type(source).__name__}>"


def digest_of(source: Source) -> str:
    """sha256 of a picture's bytes, hexadecimal; empty if the file cannot be read, or it is no picture at all."""
    if isinstance(source, Photo) and source.picture:
        return source.picture
    digest = hashlib.sha256()
    if isinstance(source, _BYTES):
        digest.update(source)
    elif isinstance(source, np.ndarray):
        digest.update(f"{source.dtype} {source.shape} ".encode())
        digest.update(np.ascontiguousarray(source).tobytes())
    else:
        try:
            with Path(source).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
        except (OSError, ValueError, TypeError):
            return ""
    return digest.hexdigest()


def new_face(label: str, picture: str, face: Face, embedding: Embedding) -> NewFace:
    """A face as it is stored, of the picture with this name for people and this sha256."""
    points = tuple((float(x), float(y)) for x, y in face.landmarks)
    return NewFace(
        source=label,
        picture=picture,
        box_xyxy_px=tuple(float(edge) for edge in face.box.xyxy),
        landmarks_px=points,
        score=float(face.score),
        quality=float(face.quality.score),
        reasons=face.quality.reasons,
        template=embedding.vector,
    )


def with_crop(face: NewFace, source: Source) -> NewFace:
    """The same with a cut-out of the face; without one where the picture cannot be read again."""
    try:
        return replace(face, crop=cut(source, Box(np.array(face.box_xyxy_px, dtype=np.float32))))
    except InputError:
        return face


def _recall(store: Store, name: str, label: str, picture: str, options: str) -> Finding | None:
    face, reasons = store.known(name, picture, options)
    if face is not None:
        return Finding(name, label, picture, EnrolledFace(face.face_id, label, face.quality, repeated=True))
    if reasons:
        return Finding(name, label, picture, Rejected(label, reasons, "refused by an earlier run", repeated=True))
    return None


def _rivals(main: Face, faces: Sequence[Face]) -> int:
    """Faces that could be meant instead of the largest: not specks in the background, nor faces nobody could use."""
    return sum(
        face is not main and face.quality.ok and face.box.height >= _RIVAL_SIDE * main.box.height for face in faces
    )


def _judge(finding: Finding, answer: list[Face] | VultusError, terms: Terms) -> Finding:
    if isinstance(answer, VultusError):
        return replace(finding, result=Rejected(finding.label, (UNREADABLE,), str(answer)))
    if not finding.picture:
        message = "the file changed while it was read; try again"
        return replace(finding, result=Rejected(finding.label, (UNREADABLE,), message))
    face = prominent(answer)
    if face is None:
        return replace(finding, result=Rejected(finding.label, (FAILURE_TO_ACQUIRE,), "no face found"), remember=True)
    rivals = _rivals(face, answer)
    if rivals and terms.face == "single":
        message = f"{1 + rivals} faces; give a picture of this person alone, or take the largest: face='largest'"
        return replace(finding, result=Rejected(finding.label, (SEVERAL_FACES,), message), remember=True)
    embedding = face.embedding
    if embedding is None:
        reason = (face.liveness.reason or NOT_LIVE) if face.liveness is not None else NOT_EMBEDDED
        return replace(finding, result=Rejected(finding.label, (reason,)), remember=True)
    if not face.quality.ok and not terms.override_quality:
        return replace(finding, result=Rejected(finding.label, face.quality.reasons), remember=True)
    return replace(finding, result=new_face(finding.label, finding.picture, face, embedding))


@cache
def _version() -> str:
    try:
        return version("vultus")
    except PackageNotFoundError:
        return "from source"
