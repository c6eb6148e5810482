"""The shapes of requests and answers about jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from vultus.errors import VultusError
from vultus.service.jobs.store import Kind, State
from vultus.service.schema import (
    Answer,
    CandidateShape,
    CollectionId,
    DecisionShape,
    Fields,
    IdentifiedFaceShape,
    ItemProblem,
    Page,
    Rate,
    Tag,
)

if TYPE_CHECKING:
    from vultus.gallery.collection import Gallery
    from vultus.service.jobs.store import Job, Outcome

_Path = Annotated[str, Field(min_length=1, max_length=1000)]


class SourceFields(Fields):
    """What a job reads from the server's own disk: one of both, below the folder for jobs."""

    folder: _Path | None = None
    video: _Path | None = None

    @model_validator(mode="after")
    def one_of_both(self) -> SourceFields:
        """Exactly one."""
        if (self.folder is None) == (self.video is None):
            raise PydanticCustomError("one_source", "give a folder or a video")
        return self


class JobOptions(Fields):
    """How a job works; what a kind of job has no use for is passed over."""

    name: str | None = Field(default=None, min_length=1, max_length=200, description="enrol everything as this person")
    tags: list[Tag] = Field(default_factory=list, max_length=100)
    keep_days: float | None = Field(default=None, gt=0, lt=1e6)
    face: Literal["single", "largest"] = "single"
    override_quality: bool = False
    fpir: Rate | None = None
    top: int | None = Field(default=None, ge=1, le=100)
    fps: float = Field(default=2.0, ge=0.1, le=60, description="of a video: looks for faces per second")
    start_s: float = Field(default=0.0, ge=0, lt=1e7)
    end_s: float | None = Field(default=None, gt=0, lt=1e7)

    @model_validator(mode="after")
    def in_order(self) -> JobOptions:
        """The end is behind the start."""
        if self.end_s is not None and self.end_s <= self.start_s:
            raise PydanticCustomError("in_order", "end_s must be after start_s")
        return self


class JobFields(Fields):
    """A job to be done."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "kind": "enrol", "collection_id": "default", "source": {"folder": "people"}, "options": {"tags": ["staff"]},
    }})  # fmt: skip
    kind: Kind
    collection_id: CollectionId = "default"
    source: SourceFields | None = Field(None, description="left out where a file is sent")
    options: JobOptions = JobOptions()


class JobError(BaseModel):
    """An item that came to nothing."""

    item: str
    code: str
    message: str


class JobShape(BaseModel):
    """A job as it stands."""

    job_id: str
    kind: Kind
    collection_id: str
    source: str = Field(description="for people")
    state: State
    unit: Literal["pictures", "frames"] = Field(description="what done and total count")
    done: int
    total: int | None
    errors: list[JobError] = Field(description="the first hundred")
    n_errors: int
    result: dict[str, int] | None = Field(description="what came of it; null before it ends")
    message: str = Field(description="why it failed")
    rate_per_s: float | None
    eta_s: float | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    by: str = Field(description="id of the key")


class JobAnswer(Answer, JobShape):
    """One job."""


class JobPage(Page):
    """Jobs, the newest first."""

    items: list[JobShape]


class JobItem(BaseModel):
    """What became of a picture or a track; which fields there are follows from the kind of job."""

    item: str
    error: ItemProblem | None
    person: str | None = Field(None, description="enrol: who it was to be")
    person_id: int | None = None
    face_id: int | None = None
    quality: float | None = None
    repeated: bool | int | None = Field(None, description="enrolled, or kept, before")
    faces: list[IdentifiedFaceShape] | None = Field(None, description="identify: everybody in the picture")
    face_ids: list[int] | None = Field(None, description="unknown: the faces that were kept")
    known: list[str] | None = Field(None, description="unknown: people who were recognised")
    refused: int | None = None
    track: int | None = None
    start_s: float | None = None
    end_s: float | None = None
    n_frames: int | None = None
    name: str | None = None
    decision: DecisionShape | None = None
    candidates: list[CandidateShape] | None = None
    box: list[float] | None = None


class JobItemPage(Page):
    """Items that are through, in the order of the job."""

    items: list[JobItem]


def job(found: Job, errors: list[dict[str, str]], rate_per_s: float | None) -> dict[str, Any]:
    """A job as JSON values."""
    left = None if found.total is None else max(found.total - found.done, 0)
    eta = round(left / rate_per_s, 1) if found.active and left is not None and rate_per_s else None
    video = "video" in (*found.source, found.source.get("upload"))
    shown = found.source.get("filename") or found.source.get("folder") or found.source.get("video") or ""
    return {
        "job_id": found.job_id, "kind": found.kind, "collection_id": found.collection_id, "source": shown,
        "state": found.state, "unit": "frames" if video else "pictures", "done": found.done, "total": found.total,
        "errors": errors, "n_errors": found.n_errors, "result": None if found.active else dict(found.counts),
        "message": found.message, "rate_per_s": None if rate_per_s is None else round(rate_per_s, 3), "eta_s": eta,
        "created_at": found.created_at, "started_at": found.started_at, "finished_at": found.finished_at,
        "by": found.caller,
    }  # fmt: skip


def item(found: Outcome, gallery: Gallery) -> dict[str, Any]:
    """An item as JSON values, with the names that people have now; whoever was removed has none."""
    body = dict(found.body)
    error = {"code": found.code, "message": found.message} if found.code else None
    if "faces" in body:
        body["faces"] = [named(face, gallery) for face in body["faces"]]
    elif "decision" in body:
        body = named(body, gallery)
    if "known" in body:
        names = (name_of(gallery, number) for number in body["known"])
        body["known"] = [name for name in names if name is not None]
    return {"item": found.path, "error": error, **body}


def unnamed(body: dict[str, Any]) -> dict[str, Any]:
    """What `shapes.who` gives, without names: they are not kept where removing a person would not reach."""
    candidates = [{**one, "name": ""} for one in body["candidates"]]
    return {**body, "name": None, "candidates": candidates}


def named(body: dict[str, Any], gallery: Gallery) -> dict[str, Any]:
    """The names again; candidates who were removed are left out."""
    candidates = [{**one, "name": name_of(gallery, one["person_id"])} for one in body["candidates"]]
    return {
        **body, "name": name_of(gallery, body["person_id"]),
        "candidates": [one for one in candidates if one["name"] is not None],
    }  # fmt: skip


def name_of(gallery: Gallery, person_id: int | None) -> str | None:
    """What a person is called now; None for nobody, or somebody who was removed."""
    if person_id is None:
        return None
    try:
        return gallery.named(person_id)
    except VultusError:
        return None
