"""The shapes of requests and answers about unknown people."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from vultus.service.schema import (
    Answer,
    FaceRecordShape,
    Fields,
    ItemProblem,
    NamedShape,
    Page,
    PersonShape,
    Rate,
    TimedAnswer,
)

FaceIds = Annotated[list[int], Field(max_length=10_000)]


class KeepFields(Fields):
    """How faces are kept."""

    fpir: Rate | None = None
    override_quality: bool = False


class GroupFields(Fields):
    """How faces are grouped."""

    fmr: Rate | None = None
    anew: bool | None = Field(None, description="take groups apart first; null decides by their number")


class NameFields(Fields):
    """Who a group is."""

    name: str = Field(min_length=1, max_length=200)
    metadata: dict[str, Any] | None = None


class RejectFields(Fields):
    """Who a group is not."""

    person_id: int
    face_ids: FaceIds = Field(default_factory=list, description="only these; empty for all")


class JoinFields(Fields):
    """Groups that are one person."""

    group_ids: Annotated[list[int], Field(min_length=2, max_length=1000)]


class SplitFields(Fields):
    """Faces that are somebody else."""

    face_ids: Annotated[list[int], Field(min_length=1, max_length=10_000)]


class GroupShape(BaseModel):
    """Faces that are probably one person."""

    group_id: int
    n_faces: int
    face_ids: list[int] = Field(description="the best ones, eight at most")
    sources: list[str]
    first_at: str
    last_at: str
    probably: NamedShape | None


class GroupPage(Page):
    """Groups of unknown faces."""

    items: list[GroupShape]


class KeptShape(BaseModel):
    """What was kept of a picture."""

    index: int
    filename: str
    face_ids: list[int]
    known: list[str] = Field(description="people in it who are known")
    repeated: int = Field(description="faces that are kept or enrolled already")
    refused: int = Field(description="faces that the quality gate refuses")
    error: ItemProblem | None


class KeepAnswer(TimedAnswer):
    """What was kept of each picture."""

    pictures: list[KeptShape]


class GroupsAnswer(Answer):
    """How many groups there are."""

    groups: int


class GroupAnswer(Answer):
    """The number a group has now."""

    group_id: int


class GroupFacesAnswer(Answer):
    """The faces of a group."""

    group_id: int
    faces: list[FaceRecordShape]


class NamedAnswer(Answer):
    """Who a group is now."""

    person: PersonShape | None
    face_ids: list[int] = Field(description="faces that are this person's now")
    left: list[int] = Field(description="faces that cannot be, and stay unknown")


class RejectedAnswer(Answer):
    """How many faces are not that person."""

    faces: int


class ForgottenAnswer(Answer):
    """How many faces were deleted."""

    forgotten: int
