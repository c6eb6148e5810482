"""Results as JSON values; docs/json.md describes them, docs/schemas/ holds the schemas.

Within one schema version keys may be added, never removed or changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vultus.types import Decision, Embedding, Face, Identification, Track


def _numbers(values: Any, digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]


def vector(embedding: Embedding) -> list[float]:
    """The shortest decimals that give back the same float32."""
    return [float(str(value)) for value in embedding.vector]


def face(found: Face, *, embedding: bool = False) -> dict[str, Any]:
    """A face: box, landmarks, score, quality, and the embedding when asked for (null when it could not be made)."""
    record: dict[str, Any] = {
        "box": _numbers(found.box.xyxy, 2),
        "landmarks": [_numbers(point, 2) for point in found.landmarks],
        "score": round(found.score, 5),
        "quality": {
            "score": round(found.quality.score, 5),
            "reasons": list(found.quality.reasons),
            "measures": {name: round(float(value), 4) for name, value in found.quality.measures.items()},
        },
    }
    if found.liveness is not None:
        record["liveness"] = {
            "live": found.liveness.live,
            "live_score": round(found.liveness.live_score, 5),
            "threshold": found.liveness.threshold,
            "reason": found.liveness.reason,
            "operating_point": found.liveness.operating_point,
        }
    if embedding:
        record["embedding"] = None if found.embedding is None else vector(found.embedding)
    return record


def decision(made: Decision) -> dict[str, Any]:
    """A decision with everything it rests on."""
    return {
        "matched": made.matched,
        "similarity": None if made.similarity is None else round(made.similarity, 6),
        "threshold": None if made.threshold is None else round(made.threshold, 6),
        "fmr_target": made.fmr_target,
        "fpir_target": made.fpir_target,
        "gallery_size": made.gallery_size,
        "calibration_id": made.calibration_id,
        "reason": made.reason,
    }


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
