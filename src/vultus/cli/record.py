"""Results as JSON values; docs/json.md describes them, docs/schemas/ holds the schemas.

Within one schema version keys may be added, never removed or changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vultus.inference.document import decision, face, vector

if TYPE_CHECKING:
    from vultus.types import Decision, Face, Identification, Track

__all__ = ["decision", "face", "identification", "text_of", "text_of_quality", "track", "vector"]


def _answer(answer: Identification) -> dict[str, Any]:
    return {
        "name": answer.name,
        "decision": decision(answer.decision),
        "candidates": [
            {"name": candidate.name, "similarity": round(candidate.similarity, 6)} for candidate in answer.candidates
        ],
    }


def identification(answer: Identification) -> dict[str, Any]:
    """A face with who it is."""
    return {**face(answer.face), **_answer(answer)}


def track(followed: Track) -> dict[str, Any]:
    """A face followed through a video, with who it is when a gallery was given."""
    record: dict[str, Any] = {
        "track": followed.track_id,
        "start_s": round(followed.start_s, 3),
        "end_s": round(followed.end_s, 3),
        "n_frames": followed.n_frames,
        "best_face": face(followed.faces[0]) if followed.faces else None,
    }
    if followed.identification is not None:
        record |= _answer(followed.identification)
    return record


def text_of(made: Decision) -> tuple[str, str]:
    """Similarity and threshold for a table."""
    similarity = "-" if made.similarity is None else f"{made.similarity:.3f}"
    return similarity, "-" if made.threshold is None else f"{made.threshold:.3f}"


def text_of_quality(found: Face) -> str:
    """Quality for a table: the score, and what is wrong."""
    reasons = ", ".join(reason.replace("_", " ") for reason in found.quality.reasons)
    return f"{found.quality.score:.2f}{f'  {reasons}' if reasons else ''}"
