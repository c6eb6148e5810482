"""The values that travel through Vultus: frozen, validated, with documented shapes.

Boxes and points are in pixels of the upright picture, x to the right, y down, the corner of the first pixel at
(0, 0). Left and right are the subject's. Terms follow ISO/IEC 2382-37 and 19795-1.
"""

from __future__ import annotations

import copyreg
import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError, ShapeError, UnsupportedTargetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Float = NDArray[np.float32]

FAILURE_TO_ACQUIRE = "failure_to_acquire"


def _read_only(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(values)


def _to_pickle(view: MappingProxyType[Any, Any]) -> tuple[Any, tuple[dict[Any, Any]]]:
    return _read_only, (dict(view),)


# Results go between processes, and `dataclasses.asdict` copies them; Python alone can do neither with read-only views.
copyreg.pickle(MappingProxyType, _to_pickle)


def _frozen(array: Any, shape: tuple[int, ...], name: str) -> Float:
    """A read-only float32 copy of the right shape (-1 stands for any length)."""
    out = np.array(array, dtype=np.float32)
    fits = out.ndim == len(shape) and all(want in (-1, got) for want, got in zip(shape, out.shape, strict=True))
    if not fits:
        raise ShapeError(name, f"float32 {shape}".replace("-1", "D"), f"{out.dtype} {out.shape}")
    if not np.isfinite(out).all():
        raise ShapeError(name, "finite", "not finite")
    out.flags.writeable = False
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """An upright rectangle in pixels.

    Attributes:
        xyxy: left, top, right, bottom; float32, (4,).
    """

    xyxy: Float

    def __post_init__(self) -> None:
        object.__setattr__(self, "xyxy", _frozen(self.xyxy, (4,), "box"))

    @property
    def width(self) -> float:
        return float(self.xyxy[2] - self.xyxy[0])

    @property
    def height(self) -> float:
        return float(self.xyxy[3] - self.xyxy[1])

    @property
    def area(self) -> float:
        return max(self.width, 0.0) * max(self.height, 0.0)

    @property
    def centre(self) -> tuple[float, float]:
        return float(self.xyxy[0] + self.xyxy[2]) / 2, float(self.xyxy[1] + self.xyxy[3]) / 2

    def iou(self, other: Box) -> float:
        """Intersection over union with another box, 0 to 1."""
        width = min(self.xyxy[2], other.xyxy[2]) - max(self.xyxy[0], other.xyxy[0])
        height = min(self.xyxy[3], other.xyxy[3]) - max(self.xyxy[1], other.xyxy[1])
        if width <= 0 or height <= 0:
            return 0.0
        both = float(width * height)
        return both / (self.area + other.area - both)


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A face as a unit vector.

    Attributes:
        vector: float32, (D,), unit length.
        contract: digest of everything that shaped it; only embeddings of one contract may be compared.
    """

    vector: Float
    contract: str

    def __post_init__(self) -> None:
        vector = _frozen(self.vector, (-1,), "embedding")
        length = float(np.linalg.norm(vector))
        if abs(length - 1.0) > 1e-3:
            raise ShapeError("embedding", "of unit length", f"of length {length:.4f}")
        object.__setattr__(self, "vector", vector)

    def similarity(self, other: Embedding) -> float:
        """Cosine, -1 to 1.

        Raises:
            InputError: the other one has another contract.
        """
        if other.contract != self.contract:
            raise InputError(
                f"embeddings of contracts {self.contract} and {other.contract} cannot be compared; "
                "embed both pictures with one pack"
            )
        return float(self.vector @ other.vector)


@dataclass(frozen=True, slots=True)
class Quality:
    """How usable a face is.

    Attributes:
        score: 0 (useless) to 1 (fine).
        reasons: codes of what is wrong, worst first; empty when the gate is passed.
        measures: raw measures by name, with units in the names.
    """

    score: float
    reasons: tuple[str, ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "measures", MappingProxyType(dict(self.measures)))

    @property
    def ok(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Liveness:
    """Answer of a presentation attack detector.

    Attributes:
        live_score: 0 (attack) to 1 (bona fide).
        threshold: at or above it a face counts as bona fide.
        reason: "" when live, else the reason code.
        operating_point: what the threshold was chosen for, or that it was not measured.
    """

    live_score: float
    threshold: float
    reason: str = ""
    operating_point: str = ""

    @property
    def live(self) -> bool:
        return self.live_score >= self.threshold


@dataclass(frozen=True, slots=True)
class Expression:
    """What a face seems to show: how it looks, not what somebody feels.

    Attributes:
        scores: by word (angry, disgust, fear, happy, sad, surprise, neutral); 0 to 1, they sum to 1. They compare words
            for one face; none is a probability that the word is right.
    """

    scores: Mapping[str, float]

    def __post_init__(self) -> None:
        if not self.scores:
            raise InputError("an expression needs the score of one word at least, but there is none")
        object.__setattr__(self, "scores", MappingProxyType(dict(self.scores)))

    @property
    def label(self) -> str:
        """The word with the highest score."""
        return max(self.scores, key=lambda word: self.scores[word])


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face found in a picture.

    Attributes:
        box: where.
        landmarks: right eye, left eye, nose tip, right and left mouth corner (the subject's); float32, (5, 2) px.
        score: the detector's, 0 to 1.
        quality: usable or not, and why.
        embedding: None when not asked for, or when liveness refused the face.
        liveness: None when the pack has no presentation attack detector or it is off.
        expression: None when not asked for.
    """

    box: Box
    landmarks: Float
    score: float
    quality: Quality
    embedding: Embedding | None = None
    liveness: Liveness | None = None
    expression: Expression | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "landmarks", _frozen(self.landmarks, (5, 2), "landmarks"))


def prominent(faces: Sequence[Face]) -> Face | None:
    """The face a picture is about: the largest one, of equal ones the surer; None when there is none."""
    return max(faces, key=lambda face: (face.box.area, face.score), default=None)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to "is it this person?", never a bare float.

    Attributes:
        matched: the similarity reaches the threshold.
        similarity: raw cosine; None when there was nothing to compare.
        threshold: cosine at or above which faces match; None when no comparison was made.
        fmr_target: false match rate the threshold stands for (1:1), else None.
        calibration_id: the measurement the threshold comes from.
        fpir_target: false positive identification rate (1:N), else None.
        gallery_size: people searched (1:N), else None.
        reason: "" or why no comparison was made, e.g. "failure_to_acquire".
    """

    matched: bool
    similarity: float | None
    threshold: float | None
    fmr_target: float | None
    calibration_id: str
    fpir_target: float | None = None
    gallery_size: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person of the gallery who resembles the probe.

    Attributes:
        name: the person.
        similarity: cosine of the probe with the person's template.
        face_id: the enrolled face it came from, or None for an averaged template.
    """

    name: str
    similarity: float
    face_id: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Identification:
    """Who one face of a picture is.

    Attributes:
        face: the face.
        decision: matched or unknown, and by which threshold.
        candidates: best first; may hold people below the threshold, for review.
    """

    face: Face
    decision: Decision
    candidates: tuple[Candidate, ...] = ()

    @property
    def name(self) -> str | None:
        """The person, or None for an unknown one."""
        return self.candidates[0].name if self.decision.matched else None


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One face followed through a video.

    Attributes:
        track_id: counts from 1 within the video.
        start_s, end_s: first and last sight, seconds from the start.
        n_frames: frames in which it was seen.
        faces: its best faces by quality, best first.
        embedding: quality-weighted vote of those faces, None when none could be embedded.
        identification: who it is, when a gallery was given.
    """

    track_id: int
    start_s: float
    end_s: float
    n_frames: int
    faces: tuple[Face, ...]
    embedding: Embedding | None = None
    identification: Identification | None = None


@dataclass(frozen=True, slots=True)
class CalibrationPoint:
    """One operating point: `fmr` false match rate at `threshold`, whose 95 % interval is `low` to `high`."""

    fmr: float
    threshold: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Thresholds and the measurement they come from.

    Attributes:
        calibration_id: name with a digest of the content.
        dataset: what was measured on, in words.
        n_impostor, n_subjects: impostor comparisons and people in them.
        points: operating points, from the largest FMR to the smallest.
    """

    calibration_id: str
    dataset: str
    n_impostor: int
    n_subjects: int
    points: tuple[CalibrationPoint, ...]

    @property
    def smallest_fmr(self) -> float:
        """Smallest false match rate these data support: three per number of comparisons, or the last point."""
        return max(3.0 / self.n_impostor, self.points[-1].fmr)

    def threshold(self, fmr: float) -> float:
        """Cosine threshold for a false match rate, log-linear between measured points.

        Raises:
            UnsupportedTargetError: the data cannot support so small (or so large) a rate.
        """
        if not self.smallest_fmr * (1 - 1e-9) <= fmr <= self.points[0].fmr:
            why = f"{self.dataset} has {self.n_impostor:,} impostor comparisons of {self.n_subjects:,} people"
            if fmr > self.points[0].fmr:
                why = f"it is above the largest calibrated rate {self.points[0].fmr:g}"
            raise UnsupportedTargetError("FMR", fmr, self.smallest_fmr, why)
        rates = [math.log10(point.fmr) for point in reversed(self.points)]
        return float(np.interp(math.log10(fmr), rates, [point.threshold for point in reversed(self.points)]))

    def threshold_for_fpir(self, fpir: float, gallery_size: int) -> float:
        """Cosine threshold for a false positive identification rate over `gallery_size` people.

        One search makes `gallery_size` comparisons, so FPIR = 1 - (1 - FMR)^N (ISO/IEC 19795-1, independent errors).

        Raises:
            UnsupportedTargetError: the false match rate this needs is not supported by the data, or is no rate.
        """
        size = max(gallery_size, 1)
        if not 0 < fpir < 1:
            smallest = -math.expm1(size * math.log1p(-self.smallest_fmr))
            raise UnsupportedTargetError("FPIR", fpir, smallest, "it must lie between 0 and 1")
        fmr = -math.expm1(math.log1p(-fpir) / size)
        if fmr < self.smallest_fmr:
            smallest = -math.expm1(size * math.log1p(-self.smallest_fmr))
            why = f"with {size:,} people it needs FMR {fmr:.2g}, and {self.dataset} supports {self.smallest_fmr:.2g}"
            raise UnsupportedTargetError("FPIR", fpir, smallest, why)
        return self.threshold(min(fmr, self.points[0].fmr))
