"""The shapes of requests and answers, for OpenAPI and for the typed client; docs/json.md explains the words.

Answers are built as plain JSON values (`shapes.py`) and held against these models by the tests.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from vultus.service.about import CalibrationShape, DefaultsShape, LimitsShape, MeShape, PackShape, Role

Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="A number as the service gave it.")]
Rate = Annotated[float, Field(gt=0, lt=1)]
Tag = Annotated[str, Field(min_length=1, max_length=60)]
CollectionId = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,59}$")]


class Fields(BaseModel):
    """What a caller sends; unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """What every answer has."""

    request_id: str = Field(description="also in the header X-Request-Id; the log knows the request by it")


class TimedAnswer(Answer):
    """An answer that the engine worked for."""

    processing_ms: float


class Problem(BaseModel):
    """What an error says."""

    code: str
    message: str
    details: dict[str, Any]


class ErrorAnswer(Answer):
    """The one envelope of all errors."""

    model_config = ConfigDict(json_schema_extra={"example": {"request_id": "8f14e45fceea167a", "error": {
        "code": "not_found", "message": "there is no person '17' here", "details": {}}}})  # fmt: skip
    error: Problem


class Page(Answer):
    """One page of a list."""

    next_cursor: str | None = Field(description="give it as `cursor` for the next page; null on the last one")
    total: int | None = Field(description="items on all pages, where that is cheap to say")


class QualityShape(BaseModel):
    """How usable a face is; no reasons when the gate is passed."""

    score: float
    reasons: list[str]
    measures: dict[str, float]


class LivenessShape(BaseModel):
    """Whether a face is live."""

    live: bool
    live_score: float
    threshold: float
    reason: str
    operating_point: str


class FaceShape(BaseModel):
    """A face; box and landmarks in pixels of the upright picture."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "index": 0, "box": [177.3, 64.9, 270.8, 190.2], "box_normalized": [0.3546, 0.1731, 0.5416, 0.5072],
        "landmarks": [[199.1, 113.0], [244.6, 111.7], [222.0, 138.5], [205.3, 160.8], [240.7, 159.9]],
        "score": 0.99992, "quality": {"score": 0.91, "reasons": [], "measures": {"size_px": 93.5}},
    }})  # fmt: skip
    index: int
    box: list[float] = Field(min_length=4, max_length=4)
    box_normalized: list[float] = Field(min_length=4, max_length=4)
    landmarks: list[list[float]]
    score: float
    quality: QualityShape
    liveness: LivenessShape | None = None


class EmbeddedFaceShape(FaceShape):
    """A face with its embedding; null where liveness refused it."""

    embedding: list[float] | None


class DecisionShape(BaseModel):
    """A decision with everything it rests on; the similarity is the raw cosine, no probability."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "matched": True, "similarity": 0.712345, "threshold": 0.55, "fmr_target": None, "fpir_target": 0.01,
        "gallery_size": 24, "calibration_id": "dlib-lfw_view2-1a2b3c4d", "reason": "",
    }})  # fmt: skip
    matched: bool
    similarity: float | None
    threshold: float | None
    fmr_target: float | None
    fpir_target: float | None
    gallery_size: int | None
    calibration_id: str
    reason: str


class CandidateShape(BaseModel):
    """Somebody who resembles the face, perhaps below the threshold."""

    person_id: int
    name: str
    similarity: float
    face_id: int | None = Field(description="the person's portrait, to be shown beside")


class IdentifiedFaceShape(FaceShape):
    """A face with who it is; name and number are null for somebody unknown."""

    name: str | None
    person_id: int | None
    decision: DecisionShape
    candidates: list[CandidateShape]


class ItemProblem(BaseModel):
    """Why one of several pictures could not be read."""

    code: str
    message: str


class PictureShape(BaseModel):
    """A picture with its faces; or with an error, and nothing else, where it cannot be read."""

    index: int
    filename: str
    width: int | None = None
    height: int | None = None
    faces: list[FaceShape] | None = None
    error: ItemProblem | None = None


class EmbeddedPictureShape(PictureShape):
    """A picture with embeddings."""

    faces: list[EmbeddedFaceShape] | None = None  # type: ignore[assignment]


class IdentifiedPictureShape(PictureShape):
    """A picture with names."""

    faces: list[IdentifiedFaceShape] | None = None  # type: ignore[assignment]


class DetectAnswer(TimedAnswer):
    """Faces of pictures."""

    pictures: list[PictureShape]


class EmbedAnswer(TimedAnswer):
    """Embeddings of faces; only those of one contract may be compared."""

    contract: str
    dimension: int | None
    pictures: list[EmbeddedPictureShape]


class Compared(BaseModel):
    """One side of a comparison."""

    picture: PictureShape
    face: int | None = Field(description="index of the face that was compared, the most prominent; null without any")


class CompareAnswer(TimedAnswer):
    """Whether two pictures show one person."""

    decision: DecisionShape
    a: Compared
    b: Compared


class IdentifyAnswer(TimedAnswer):
    """Who is in pictures; nobody twice in one picture."""

    people: int = Field(description="people searched among")
    pictures: list[IdentifiedPictureShape]


class SearchAnswer(TimedAnswer):
    """Who one face is."""

    face: FaceShape | None
    decision: DecisionShape
    candidates: list[CandidateShape]
    name: str | None
    person_id: int | None


class PersonShape(BaseModel):
    """Somebody in a collection."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "person_id": 7, "name": "Ada", "n_faces": 3, "portrait_face_id": 12, "metadata": {"team": "engines"},
        "tags": ["staff"], "consent": {"basis": "contract"}, "keep_until": None,
        "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z",
    }})  # fmt: skip
    person_id: int
    name: str
    n_faces: int
    portrait_face_id: int | None
    metadata: dict[str, Any]
    tags: list[str]
    consent: dict[str, Any]
    keep_until: str | None
    created_at: str
    updated_at: str


class PersonAnswer(Answer, PersonShape):
    """One person."""


class PersonPage(Page):
    """People by name."""

    items: list[PersonShape]


class AcceptedShape(BaseModel):
    """A picture whose face is enrolled now."""

    index: int
    filename: str
    face_id: int
    quality: float
    repeated: bool = Field(description="it was there before, and nothing was computed")


class RejectedShape(BaseModel):
    """A picture that was not taken, and why."""

    index: int
    filename: str
    reasons: list[str]
    message: str
    repeated: bool


class EnrolAnswer(TimedAnswer):
    """What became of each picture."""

    person: PersonShape | None = Field(description="null where nothing was accepted and nobody was made")
    accepted: list[AcceptedShape]
    rejected: list[RejectedShape]


class FaceRecordShape(BaseModel):
    """An enrolled face."""

    face_id: int
    source: str
    picture_sha256: str
    box: list[float]
    quality: float
    reasons: list[str]
    enrolled_at: str
    has_image: bool


class FaceRecordAnswer(Answer, FaceRecordShape):
    """One enrolled face."""


class FaceRecordPage(Page):
    """Faces of somebody, oldest first."""

    items: list[FaceRecordShape]


class NamedShape(BaseModel):
    """A person in short."""

    person_id: int
    name: str


class VerifyAnswer(TimedAnswer):
    """Whether a picture shows a certain person."""

    decision: DecisionShape
    person: NamedShape
    picture: PictureShape


class DeletedAnswer(Answer):
    """Something is gone; the numbers say what went with it."""

    deleted: bool
    people: int | None = None
    faces: int | None = None


class CollectionShape(BaseModel):
    """A collection: a gallery of its own."""

    collection_id: str
    description: str
    people: int
    faces: int
    unknown_faces: int
    contract: str = Field(description="of its embeddings; empty before the first enrolment")
    vault: bool = Field(description="whether templates and cut-outs are encrypted")
    created_at: str


class CollectionAnswer(Answer, CollectionShape):
    """One collection."""


class CollectionPage(Page):
    """Collections by id."""

    items: list[CollectionShape]


class KeyShape(BaseModel):
    """A key, without its secret."""

    key_id: str
    name: str
    roles: list[Role]
    collections: list[str]
    rate_per_s: float | None
    created_at: str
    last_used_at: str | None
    revoked_at: str | None


class KeyAnswer(Answer, KeyShape):
    """One key."""


class NewKeyAnswer(KeyAnswer):
    """A new key; its text is shown here and never again."""

    secret: str


class KeyPage(Page):
    """Keys, oldest first."""

    items: list[KeyShape]


class HealthAnswer(BaseModel):
    """Whether the service takes requests."""

    status: Literal["ok", "draining"]
    ready: bool
    version: str


class PackList(Answer):
    """All packs."""

    items: list[PackShape]


class SystemAnswer(Answer):
    """What this service is, and who is asking."""

    version: str
    pack: str
    contract: str
    device: str
    provider: str
    liveness: bool
    threads: int
    calibration: CalibrationShape | None
    defaults: DefaultsShape
    limits: LimitsShape
    features: dict[str, bool]
    me: MeShape
    uptime_s: float
    started_at: str
