"""Faces and decisions as JSON values, for the command line and for the service; docs/json.md describes them.

Within one schema version keys may be added, never removed or changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vultus.types import Decision, Embedding, Face


def _numbers(values: Any, digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]


def vector(embedding: Embedding) -> list[float]:
    """The shortest decimals that give back the same float32."""
    return [float(str(value)) for value in embedding.vector]


def face(found: Face, *, embedding: bool = False) -> dict[str, Any]:
    """A face: box, landmarks, score, quality, and liveness and expression where there are any.

    The embedding is there when asked for; null when it could not be made.
    """
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
    if found.expression is not None:
        scores = {word: round(score, 5) for word, score in found.expression.scores.items()}
        record["expression"] = {"label": found.expression.label, "scores": scores}
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
