"""What a gallery holds and answers with: people, their faces, and what became of an enrolment."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from numpy.typing import NDArray

MAX_NAME = 200
_STEP = 64  # names
MAX_TAG = 60
DEFAULT_COLLECTION = "default"
UNKNOWN_COLLECTION = "unknown"  # of faces that nobody has named

SEVERAL_FACES = "several_faces"
NOT_LIVE = "not_live"
UNREADABLE = "unreadable"
ENROLLED_AS_OTHER = "enrolled_as_other"
EMPTY_GALLERY = "empty_gallery"
ALREADY_IN_PICTURE = "person_already_in_picture"
NOT_EMBEDDED = "not_embedded"
DENIED = "said_to_be_somebody_else"

# Marks that turn or hide the writing direction: two names would look alike on a screen and be different people.
_DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the gallery knows.

    Attributes:
        name: unique in the gallery; Unicode, NFC.
        n_faces: enrolled faces.
        metadata: whatever was given at enrolment, as JSON values.
        created_at, updated_at: ISO 8601, UTC.
        person_id: never used again, even after removal; the audit log names people by it.
        collection: the part of the gallery the person belongs to.
        tags: words to filter by, ascending.
        consent: what the person has agreed to, as JSON values.
        keep_until: ISO 8601, UTC; None for no limit.
    """

    name: str
    n_faces: int
    metadata: Mapping[str, Any]
    created_at: str
    updated_at: str
    person_id: int = 0
    collection: str = DEFAULT_COLLECTION
    tags: tuple[str, ...] = ()
    consent: Mapping[str, Any] = field(default_factory=dict)
    keep_until: str | None = None


@dataclass(frozen=True, slots=True)
class FaceRecord:
    """One enrolled face, without its template.

    Attributes:
        face_id: never used again, even after removal.
        source: where the picture came from, for people to read.
        picture: sha256 of the picture's bytes, hexadecimal.
        box_xyxy_px: left, top, right, bottom.
        landmarks_px: the five points, (x, y) each.
        score: the detector's.
        quality: 0 to 1.
        reasons: quality codes that were overridden at enrolment.
        enrolled_at: ISO 8601, UTC.
    """

    face_id: int
    source: str
    picture: str
    box_xyxy_px: tuple[float, ...]
    landmarks_px: tuple[tuple[float, float], ...]
    score: float
    quality: float
    reasons: tuple[str, ...]
    enrolled_at: str


@dataclass(frozen=True, slots=True)
class NewFace:
    """A face about to be stored: a `FaceRecord` without a number, with its template.

    Attributes:
        template: float32, (D,), unit length.
        enrolled_at: ISO 8601, UTC; empty stands for now.
        crop: the face with its surroundings as JPEG; None where crops are not kept.
    """

    source: str
    picture: str
    box_xyxy_px: tuple[float, ...]
    landmarks_px: tuple[tuple[float, float], ...]
    score: float
    quality: float
    reasons: tuple[str, ...]
    template: NDArray[np.float32]
    enrolled_at: str = ""
    crop: bytes | None = None


@dataclass(frozen=True, slots=True)
class EnrolledFace:
    """A picture whose face is in the gallery now.

    Attributes:
        face_id: number of the face.
        source: the picture.
        quality: 0 to 1.
        repeated: it was there before, and nothing was computed or written for it.
    """

    face_id: int
    source: str
    quality: float
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """A picture that was not taken.

    Attributes:
        source: the picture.
        reasons: codes, worst first: those of `Quality`, `failure_to_acquire`, `several_faces`, `not_live`,
            `unreadable`, `enrolled_as_other`.
        message: one sentence for people, empty where the code says it all.
        repeated: it was refused before for the same reasons, and nothing was computed.
    """

    source: str
    reasons: tuple[str, ...]
    message: str = ""
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What became of pictures given for one person.

    Attributes:
        name: the person.
        accepted, rejected: pictures that were taken, and that were not, each in the order they were given.
        places: for each of `accepted` and then of `rejected`, which of the pictures given it is, from 0.
    """

    name: str
    accepted: tuple[EnrolledFace, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    places: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the faces of one picture.

    Attributes:
        source: the picture.
        face_ids: faces that are kept as unknown from now on.
        known: names of the people who were recognised.
        repeated: faces that were kept or enrolled before.
        refused: faces that the quality gate or the liveness check refused.
        error: why the picture could not be read; empty if it could.
    """

    source: str
    face_ids: tuple[int, ...] = ()
    known: tuple[str, ...] = ()
    repeated: int = 0
    refused: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """What became of a group that was given a name.

    Attributes:
        name: the person.
        face_ids: faces that are enrolled now.
        left: faces that stay unknown: said not to be this person, or another face of the same picture is.
    """

    name: str
    face_ids: tuple[int, ...]
    left: tuple[int, ...]


class Names(Sequence[str]):
    """Names, packed: a million of them in little more than their letters."""

    __slots__ = ("_lengths", "_starts", "text")

    def __init__(self, names: Iterable[str]) -> None:
        words = [name.encode("utf-8") for name in names]
        self._pack(b"".join(words), np.cumsum([0, *map(len, words)], dtype=np.int64))

    @classmethod
    def packed(cls, text: bytes, ends: NDArray[Any]) -> Self:
        """Names from the text of all of them, UTF-8, and 0 and where each ends in it, (names + 1,)."""
        made = cls.__new__(cls)
        made._pack(text, ends)
        return made

    def _pack(self, text: bytes, ends: NDArray[Any]) -> None:
        self.text = text
        lengths = np.diff(ends)
        # A byte each, and where every 64th one starts.
        self._lengths: NDArray[Any] = lengths.astype(np.min_scalar_type(int(lengths.max(initial=0))))
        self._starts: NDArray[Any] = ends[:-1:_STEP].astype(np.int64)

    @property
    def ends(self) -> NDArray[Any]:
        """0 and where each name ends in the text, (names + 1,); uint32 where that is enough."""
        kind = np.uint32 if len(self.text) < 2**32 else np.int64
        ends = np.zeros(len(self) + 1, dtype=kind)
        np.cumsum(self._lengths, out=ends[1:], dtype=kind)
        return ends

    def __len__(self) -> int:
        return len(self._lengths)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> list[str]: ...

    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        # numpy raises the IndexError that ends an iteration
        length, at = int(self._lengths[at]), at % len(self)
        first = at // _STEP
        start = int(self._starts[first]) + int(self._lengths[first * _STEP : at].sum(dtype=np.int64))
        return self.text[start : start + length].decode("utf-8")


def normal_name(name: str) -> str:
    """The one spelling under which a name is stored: NFC, without blanks at the ends.

    Raises:
        InputError: the name is no text, empty, too long, or has characters that cannot be seen.
    """
    if not isinstance(name, str):
        raise InputError(f"a person's name must be text, but is {type(name).__name__}")
    clean = unicodedata.normalize("NFC", name).strip()
    if not clean:
        raise InputError("a person's name must not be empty")
    if len(clean) > MAX_NAME:
        raise InputError(f"a person's name must have at most {MAX_NAME} characters, but this one has {len(clean)}")
    for letter in clean:
        if unicodedata.category(letter) in _REFUSED_CATEGORIES or letter in _DIRECTION_MARKS:
            raise InputError(
                f"a person's name must not hold control characters, but {clean!a} holds U+{ord(letter):04X}; rename it"
            )
    return clean


def check_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags without blanks at the ends.

    Raises:
        InputError: a tag is empty, too long, or of several lines.
    """
    clean = tuple(tag.strip() for tag in tags)
    for tag in clean:
        if not 0 < len(tag) <= MAX_TAG or not tag.isprintable():
            raise InputError(f"a tag must be 1 to {MAX_TAG} visible characters, but is {tag!a}")
    return clean


def metadata_text(metadata: Mapping[Any, Any]) -> str:
    """Metadata as canonical JSON.

    Raises:
        InputError: a key is no string, or a value is nothing JSON knows.
    """
    strange = [key for key in metadata if not isinstance(key, str)]
    if strange:
        raise InputError(f"metadata keys must be strings, but {strange[0]!r} is {type(strange[0]).__name__}")
    try:
        text = json.dumps(dict(metadata), ensure_ascii=False, sort_keys=True, allow_nan=False)
        text.encode("utf-8")
    except (TypeError, ValueError) as error:
        raise InputError(f"metadata must be JSON values (text, numbers, lists, true, null): {error}") from error
    return text


def person_record(row: Sequence[Any]) -> Person:
    """A person from what `PERSON_COLUMNS` selects."""
    name, n_faces, metadata, created_at, updated_at, person_id, collection, tags, consent, keep_until = row
    return Person(
        name, int(n_faces), json.loads(metadata), created_at, updated_at, person_id, collection,
        tuple(json.loads(tags)), json.loads(consent), keep_until,
    )  # fmt: skip


def face_record(row: Sequence[Any]) -> FaceRecord:
    """A face from what `FACE_COLUMNS` selects."""
    place = json.loads(row[3])
    points = tuple((float(x), float(y)) for x, y in place["landmarks"])
    reasons = tuple(json.loads(row[6]))
    return FaceRecord(row[0], row[1], row[2].hex(), tuple(place["box"]), points, row[4], row[5], reasons, row[7])
