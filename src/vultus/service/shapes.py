"""Results of the engine and the gallery as JSON values; the command line writes the same words, see docs/json.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.gallery.collection import Gallery
    from vultus.gallery.photo import Photo
    from vultus.gallery.record import FaceRecord, Person
    from vultus.service.decode import Upload
    from vultus.service.envelope import ServiceError
    from vultus.types import Decision, Face, Identification


def face(found: Face, index: int, photo: Photo | None, *, embedding: bool = False) -> dict[str, Any]:
    """A face; box and landmarks in pixels of the upright picture, the box also as shares of its sides."""
    from vultus.inference.document import face as plain

    height, width = photo.shape[:2] if photo is not None else (1, 1)
    sides = (width, height, width, height)
    shares = [round(float(edge) / side, 5) for edge, side in zip(found.box.xyxy, sides, strict=True)]
    return {"index": index, "box_normalized": shares, **plain(found, embedding=embedding)}


def picture(upload: Upload, photo: Photo, faces: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A picture with its faces."""
    return {
        "index": upload.index, "filename": upload.filename, "width": int(photo.shape[1]),
        "height": int(photo.shape[0]), "faces": list(faces),
    }  # fmt: skip


def unread(upload: Upload, error: ServiceError) -> dict[str, Any]:
    """One of several pictures that could not be read."""
    return {
        "index": upload.index, "filename": upload.filename, "error": {"code": error.code, "message": error.message},
    }  # fmt: skip


def decision(made: Decision) -> dict[str, Any]:
    """A decision with everything it rests on."""
    from vultus.inference.document import decision as plain

    return plain(made)


def who(answer: Identification, gallery: Gallery) -> dict[str, Any]:
    """Who a face is: name, number, decision and candidates."""
    known = gallery.known_all([candidate.name for candidate in answer.candidates])
    candidates = [
        {
            "person_id": known[candidate.name].person_id, "name": candidate.name,
            "similarity": round(candidate.similarity, 6), "face_id": known[candidate.name].portrait,
        }
        for candidate in answer.candidates if candidate.name in known  # somebody may have been removed meanwhile
    ]  # fmt: skip
    first = candidates[0] if candidates and answer.name == candidates[0]["name"] else None
    return {
        "name": first["name"] if first else None, "person_id": first["person_id"] if first else None,
        "decision": decision(answer.decision), "candidates": candidates,
    }  # fmt: skip


def person(found: Person, portrait: int | None) -> dict[str, Any]:
    """Somebody in a collection."""
    return {
        "person_id": found.person_id, "name": found.name, "n_faces": found.n_faces, "portrait_face_id": portrait,
        "metadata": dict(found.metadata), "tags": list(found.tags), "consent": dict(found.consent),
        "keep_until": found.keep_until, "created_at": found.created_at, "updated_at": found.updated_at,
    }  # fmt: skip


def face_record(found: FaceRecord, *, has_image: bool) -> dict[str, Any]:
    """An enrolled face."""
    return {
        "face_id": found.face_id, "source": found.source, "picture_sha256": found.picture,
        "box": [round(edge, 2) for edge in found.box_xyxy_px], "quality": round(found.quality, 5),
        "reasons": list(found.reasons), "enrolled_at": found.enrolled_at, "has_image": has_image,
    }  # fmt: skip
