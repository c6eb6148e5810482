"""The people of one collection: enrolled, found, changed, removed; and those whom nobody has named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from vultus.service.client.transport import Picture, Transport, form
from vultus.service.schema import (
    CollectionAnswer,
    DeletedAnswer,
    EnrolAnswer,
    FaceRecordPage,
    FaceRecordShape,
    IdentifyAnswer,
    PersonAnswer,
    PersonPage,
    PersonShape,
    SearchAnswer,
    VerifyAnswer,
)
from vultus.service.strangers import (
    ForgottenAnswer,
    GroupAnswer,
    GroupFacesAnswer,
    GroupPage,
    GroupsAnswer,
    GroupShape,
    KeepAnswer,
    NamedAnswer,
    RejectedAnswer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class CollectionClient:
    """One collection of a service; made by `Client.collection`.

    Args:
        transport: to the service.
        collection_id: of the collection.
    """

    def __init__(self, transport: Transport, collection_id: str) -> None:
        self._transport = transport
        self.collection_id = collection_id
        self._path = f"/v1/collections/{quote(collection_id, safe='')}"

    def show(self) -> CollectionAnswer:
        """How many people and faces it holds."""
        return self._transport.ask(CollectionAnswer, "GET", self._path)

    def people(self, words: str = "", *, tag: str = "") -> Iterator[PersonShape]:
        """People by name."""
        return self._transport.pages(PersonPage, f"{self._path}/persons", q=words, tag=tag)

    def person(self, person_id: int) -> PersonAnswer:
        """One person."""
        return self._transport.ask(PersonAnswer, "GET", self._person(person_id))

    def enrol(
        self, name: str, images: Picture | Sequence[Picture], *, metadata: Mapping[str, Any] | None = None,
        tags: Sequence[str] = (), keep_days: float | None = None, face: Literal["single", "largest"] = "single",
        override_quality: bool = False, on_clash: Literal["add", "error", "replace"] = "error",
    ) -> EnrolAnswer:  # fmt: skip
        """Enrol somebody; pictures that cannot be taken are in `rejected` with their reasons."""
        fields = {
            "name": name, "metadata": None if metadata is None else dict(metadata), "tags": list(tags) or None,
            "keep_days": keep_days, "face": face, "override_quality": override_quality, "on_clash": on_clash,
        }  # fmt: skip
        return self._transport.ask(EnrolAnswer, "POST", f"{self._path}/persons", **form({"images": images}, fields))

    def add_faces(
        self, person_id: int, images: Picture | Sequence[Picture], *, face: Literal["single", "largest"] = "single",
        override_quality: bool = False,
    ) -> EnrolAnswer:  # fmt: skip
        """Add faces to somebody."""
        fields = {"face": face, "override_quality": override_quality}
        return self._transport.ask(
            EnrolAnswer, "POST", f"{self._person(person_id)}/faces", **form({"images": images}, fields)
        )

    def change(self, person_id: int, **fields: Any) -> PersonAnswer:
        """Change name, tags, keep_days, keep_until, consent or metadata; what is not given stays."""
        return self._transport.ask(PersonAnswer, "PATCH", self._person(person_id), json=fields)

    def remove(self, person_id: int) -> DeletedAnswer:
        """Remove somebody with all templates and cut-outs."""
        return self._transport.ask(DeletedAnswer, "DELETE", self._person(person_id))

    def faces(self, person_id: int) -> Iterator[FaceRecordShape]:
        """Faces of somebody, oldest first."""
        return self._transport.pages(FaceRecordPage, f"{self._person(person_id)}/faces")

    def image(self, person_id: int, face_id: int) -> bytes:
        """The cut-out that was kept of a face, JPEG."""
        return self._transport.send("GET", f"{self._person(person_id)}/faces/{face_id:d}/image").content

    def remove_face(self, person_id: int, face_id: int) -> DeletedAnswer:
        """Remove one face of somebody."""
        return self._transport.ask(DeletedAnswer, "DELETE", f"{self._person(person_id)}/faces/{face_id:d}")

    def verify(self, person_id: int, image: Picture, *, fmr: float | None = None) -> VerifyAnswer:
        """Whether a picture shows this person."""
        return self._transport.ask(
            VerifyAnswer, "POST", f"{self._person(person_id)}/verify", **form({"image": image}, {"fmr": fmr})
        )

    def identify(
        self, images: Picture | Sequence[Picture], *, fpir: float | None = None, top: int | None = None,
        tags: Sequence[str] = (), max_faces: int | None = None,
    ) -> IdentifyAnswer:  # fmt: skip
        """Who everybody in these pictures is."""
        fields = {"fpir": fpir, "top": top, "tags": list(tags) or None, "max_faces": max_faces}
        return self._transport.ask(IdentifyAnswer, "POST", f"{self._path}/identify", **form({"images": images}, fields))

    def search(
        self, image: Picture | None = None, *, embedding: Sequence[float] = (), contract: str = "",
        fpir: float | None = None, top: int | None = None, tags: Sequence[str] = (),
    ) -> SearchAnswer:  # fmt: skip
        """Who the most prominent face of a picture is, or the face of an embedding."""
        fields = {"fpir": fpir, "top": top, "tags": list(tags) or None}
        if image is not None:
            return self._transport.ask(SearchAnswer, "POST", f"{self._path}/search", **form({"image": image}, fields))
        given = {name: value for name, value in fields.items() if value is not None}
        body = {**given, "embedding": list(embedding), "contract": contract}
        return self._transport.ask(SearchAnswer, "POST", f"{self._path}/search", json=body)

    def keep_unknown(
        self, images: Picture | Sequence[Picture], *, fpir: float | None = None, override_quality: bool = False
    ) -> KeepAnswer:
        """Keep the faces of nobody known."""
        fields = {"fpir": fpir, "override_quality": override_quality}
        return self._transport.ask(KeepAnswer, "POST", f"{self._path}/unknown", **form({"images": images}, fields))

    def group_unknown(self, *, fmr: float | None = None, anew: bool | None = None) -> GroupsAnswer:
        """Find out which unknown faces are one person."""
        body = {"fmr": fmr, "anew": anew}
        return self._transport.ask(GroupsAnswer, "POST", f"{self._path}/unknown/group", json=body)

    def unknown(self, at_least: int = 1, *, suggest: bool = False) -> Iterator[GroupShape]:
        """Groups of unknown faces, the largest first."""
        return self._transport.pages(
            GroupPage, f"{self._path}/unknown", at_least=at_least, suggest="true" if suggest else None
        )

    def unknown_faces(self, group_id: int) -> GroupFacesAnswer:
        """The faces of a group."""
        return self._transport.ask(GroupFacesAnswer, "GET", self._group(group_id))

    def unknown_image(self, group_id: int, face_id: int) -> bytes:
        """The cut-out that was kept of an unknown face, JPEG."""
        return self._transport.send("GET", f"{self._group(group_id)}/faces/{face_id:d}/image").content

    def name_unknown(self, group_id: int, name: str, *, metadata: Mapping[str, Any] | None = None) -> NamedAnswer:
        """Enrol a group as somebody, new or known."""
        body = {"name": name, "metadata": None if metadata is None else dict(metadata)}
        return self._transport.ask(NamedAnswer, "POST", f"{self._group(group_id)}/name", json=body)

    def reject_unknown(self, group_id: int, person_id: int, face_ids: Sequence[int] = ()) -> RejectedAnswer:
        """Say that a group, or some of its faces, is not this person."""
        body = {"person_id": person_id, "face_ids": list(face_ids)}
        return self._transport.ask(RejectedAnswer, "POST", f"{self._group(group_id)}/reject", json=body)

    def join_unknown(self, group_ids: Sequence[int]) -> GroupAnswer:
        """Say that several groups are one person."""
        body = {"group_ids": list(group_ids)}
        return self._transport.ask(GroupAnswer, "POST", f"{self._path}/unknown/join", json=body)

    def split_unknown(self, group_id: int, face_ids: Sequence[int]) -> GroupAnswer:
        """Say that some faces of a group are somebody else."""
        return self._transport.ask(
            GroupAnswer, "POST", f"{self._group(group_id)}/split", json={"face_ids": list(face_ids)}
        )

    def forget_unknown(self, group_id: int | None = None, *, older_than_days: float = 0.0) -> ForgottenAnswer:
        """Forget a group, or all unknown faces that were kept for longer."""
        if group_id is not None:
            return self._transport.ask(ForgottenAnswer, "DELETE", self._group(group_id))
        params = {"older_than_days": older_than_days}
        return self._transport.ask(ForgottenAnswer, "DELETE", f"{self._path}/unknown", params=params)

    def _person(self, person_id: int) -> str:
        return f"{self._path}/persons/{person_id:d}"

    def _group(self, group_id: int) -> str:
        return f"{self._path}/unknown/{group_id:d}"
