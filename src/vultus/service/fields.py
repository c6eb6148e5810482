"""What callers send, beside pictures; see `schema.py` for what they get."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from vultus.service.about import Role
from vultus.service.schema import CollectionId, Fields, Rate, Tag


class DetectFields(Fields):
    """Options of detect and embeddings."""

    max_faces: int | None = Field(None, ge=1, le=10_000, description="keep the largest ones only")


class CompareFields(Fields):
    """Options of compare and verify."""

    fmr: Rate | None = Field(None, description="false match rate to accept, e.g. 0.001 = 1 stranger in 1,000")


class IdentifyFields(Fields):
    """Options of identify."""

    fpir: Rate | None = Field(None, description="false positive identification rate: 0.01 = 1 stranger in 100 is named")
    top: int | None = Field(None, ge=1, le=100, description="candidates per face")
    tags: list[Tag] = Field(default=[], max_length=20, description="look among people with all of these tags only")
    max_faces: int | None = Field(None, ge=1, le=10_000)


class SearchFields(Fields):
    """Options of search; with an embedding no picture is needed."""

    fpir: Rate | None = None
    top: int | None = Field(None, ge=1, le=100)
    tags: list[Tag] = Field(default=[], max_length=20)
    embedding: list[float] | None = Field(None, min_length=8, max_length=8192)
    contract: str | None = Field(None, max_length=200, description="of the embedding, as /v1/embeddings gave it")


class FacesFields(Fields):
    """Options of adding faces to somebody."""

    face: Literal["single", "largest"] = Field(
        "single", description="'single' refuses a picture of several faces, 'largest' takes the largest"
    )
    override_quality: bool = Field(False, description="take faces that the quality gate refuses")


class EnrolFields(FacesFields):
    """Options of enrolment."""

    name: str = Field(min_length=1, max_length=200)
    metadata: dict[str, Any] | None = None
    tags: list[Tag] = Field(default=[], max_length=100)
    keep_days: float | None = Field(None, ge=0, le=36525, description="after so many days the person is due to go")
    on_clash: Literal["add", "error", "replace"] = Field(
        "error", description="if the name is known; 'error' takes the very same pictures again, as repeated"
    )


class ConsentFields(Fields):
    """On what grounds somebody is enrolled."""

    basis: str = Field("", max_length=200)
    given_at: str = Field("", max_length=40)
    until: str = Field("", max_length=40)
    withdrawn_at: str = Field("", max_length=40)
    note: str = Field("", max_length=500)


class PersonFields(Fields):
    """What can be changed about a person; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=200)
    tags: list[Tag] | None = Field(None, max_length=100)
    keep_days: float | None = Field(None, ge=0, le=36525)
    keep_until: str | None = Field(None, max_length=40)
    consent: ConsentFields | None = None
    metadata: dict[str, Any] | None = None


class CollectionFields(Fields):
    """A new collection."""

    collection_id: CollectionId
    description: str = Field("", max_length=500)


class DescriptionFields(Fields):
    """Another description."""

    description: str = Field(max_length=500)


class ConfirmFields(Fields):
    """The id once more, so that nothing is deleted by a slip."""

    confirm: str = Field(max_length=60)


class KeyFields(Fields):
    """A new key."""

    name: str = Field(min_length=1, max_length=80)
    roles: list[Role] = Field(min_length=1, max_length=5)
    collections: list[Annotated[str, Field(max_length=60)]] = Field(default=["*"], min_length=1, max_length=200)
    rate_per_s: float | None = Field(None, gt=0, lt=1e6)
