"""How usable a face is: measures, a score from 0 to 1, and reason codes for what is wrong.

The face is turned upright and scaled to a chip of fixed size by its five landmarks, so that every measure means the
same for a near and a far face and for each detector. What the codes stand for, and what they cannot see:

- too_small: the shorter side of the box, in pixels.
- cut_by_border: part of the face, as the landmarks place it, lies outside the picture.
- blurred: fine detail compared with coarse, in four directions, of which the poorest counts. Blur by focus, motion or
  enlargement and strong compression lower it; noise raises it.
- too_dark, too_bright, low_contrast: percentiles of the grey values, not their mean, so that skin tone weighs little:
  a dark face in good light has highlights.
- extreme_pose: turn of an average head that explains the landmarks best. People's noses and mouths differ by several
  degrees, and detectors draw profiles too frontal: good for refusing, not for measuring.
- occluded: eyes or a mouth without structure where the rest of the face has some (masks, sunglasses, a smooth hand, an
  object before one half). It does not see patterned cloth, hair or clear glasses, takes eyes in deep shadow for hidden
  ones, and does not look at faces turned by more than 35 degrees or too blurred to tell.

The score is the product of one factor for each code: 0.5 at the limit of the gate, 1 from a comfortable value on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import cv2
import numpy as np

from vultus.errors import ConfigError, ShapeError
from vultus.types import Quality

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture: TypeAlias = NDArray[np.uint8]
    Points: TypeAlias = NDArray[np.float64]

REASONS = (
    "too_small",
    "cut_by_border",
    "blurred",
    "too_dark",
    "too_bright",
    "low_contrast",
    "extreme_pose",
    "occluded",
)
CHIP = 96
# An average adult head in millimetres: x to the subject's left (right in the picture), y down, z towards the camera.
_HEAD_MM = np.array([[-31.5, -36, 0], [31.5, -36, 0], [0, 0, 27], [-27, 29.5, 2], [27, 29.5, 2]], np.float64)
_HEAD_INVERSE = np.linalg.pinv(_HEAD_MM - _HEAD_MM.mean(axis=0)).T
_TEMPLATE = _HEAD_MM[:, :2] * (CHIP / 126) + (CHIP * 0.5, CHIP * 0.55)
_TEMPLATE_CENTRE = _TEMPLATE.mean(axis=0).tolist()
_TEMPLATE_CENTRED = _TEMPLATE - _TEMPLATE_CENTRE
_CORNERS = np.array([[0, 0], [CHIP, 0], [CHIP, CHIP], [0, CHIP]], np.float64)
# Inside of the face in the chip: cheek to cheek, brows to chin.
_INNER = (slice(10, 88), slice(14, 82))
# Points spread evenly over the face, from forehead to chin, to see how much of it lies in the picture.
_SPREAD = np.stack(np.meshgrid(np.linspace(8, 88, 9), np.linspace(4, 96, 9)), axis=-1).reshape(-1, 2)
# Parts of the half-size chip: rows and columns.
_EYES = ((slice(10, 18), slice(7, 18)), (slice(10, 18), slice(30, 41)))
_PUPILS = ((slice(12, 18), slice(10, 16)), (slice(12, 18), slice(32, 38)))
_MOUTH = (slice(32, 41), slice(15, 33))
_HALF_INNER = (slice(5, 44), slice(7, 41))
_PROFILE_DEG = 35.0
# What 99 of 100 faces that are not hidden keep (LFW, FairFace, ORL, celebrities).
_LEAST_MOUTH, _LEAST_EYE, _LEAST_PUPIL = 0.30, 0.28, 0.22
# Fine over coarse detail down, across and along both diagonals: what heavy blur leaves, and what a usual photo adds.
_BLUR_FLOOR, _BLUR_SPAN = (0.030, 0.030, 0.065, 0.065), (0.044, 0.032, 0.060, 0.060)


@dataclass(frozen=True, slots=True)
class QualityGate:
    """Limits a face must keep; a face at a limit passes.

    Attributes:
        min_face_px: shorter side of the box, pixels.
        min_inside: share of the face that lies in the picture, 0 to 1.
        min_sharpness: 0 (no detail) to 1 (as sharp as a usual photo at the size a recogniser works on).
        min_highlight: 90th percentile of the grey values, 0 to 255.
        max_shadow: 10th percentile of the grey values, 0 to 255.
        max_clipped: share of pixels burnt out to white, 0 to 1.
        min_contrast: 95th minus 5th percentile of the grey values.
        max_yaw_deg: turn to a side.
        max_pitch_deg: nod up or down.
        min_visibility: 1 where no part lacks structure, towards 0 where one does.
    """

    min_face_px: float = 40.0
    min_inside: float = 0.85
    min_sharpness: float = 0.25
    min_highlight: float = 40.0
    max_shadow: float = 170.0
    max_clipped: float = 0.4
    min_contrast: float = 28.0
    max_yaw_deg: float = 50.0
    max_pitch_deg: float = 35.0
    min_visibility: float = 1.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
                raise ConfigError(f"quality gate: {field.name} must be a number of at least 0, but is {value!r}")


DEFAULT_GATE = QualityGate()


def assess(
    image: Picture, box: NDArray[Any], landmarks: NDArray[Any], score: float, gate: QualityGate = DEFAULT_GATE
) -> Quality:
    """Judge one face.

    Args:
        image: RGB, uint8, (H, W, 3), upright.
        box: left, top, right, bottom in pixels, (4,).
        landmarks: the subject's right eye, left eye, nose tip, right and left mouth corner in pixels, (5, 2).
        score: the detector's, 0 to 1.
        gate: the limits.

    Returns:
        Score, reason codes (worst first) and measures.

    Raises:
        ShapeError: box or landmarks have the wrong shape or are not finite.
    """
    corners, points = np.asarray(box, np.float64), np.asarray(landmarks, np.float64)
    if corners.shape != (4,):
        raise ShapeError("box", "(4,)", str(corners.shape))
    if points.shape != (5, 2):
        raise ShapeError("landmarks", "(5, 2)", str(points.shape))
    if not (np.isfinite(corners).all() and np.isfinite(points).all()):
        raise ShapeError("box and landmarks", "finite", "not finite")
    left, top, right, bottom = corners.tolist()
    to_chip = _similarity(points)
    measures = {"face_px": min(right - left, bottom - top), "inside": _inside(to_chip, image.shape)}
    chip = _chip(image, to_chip)
    measures.update(_light(chip))
    measures.update(_pose_deg(points))
    measures["sharpness"] = sharpness(chip)
    seen = measures["sharpness"] >= gate.min_sharpness and abs(measures["yaw_deg"]) <= _PROFILE_DEG
    measures["visibility"] = _visibility(chip) if seen else 1.0
    factors = _factors(measures, gate)
    reasons = sorted((code for code in REASONS if factors[code] < 0.5), key=lambda code: factors[code])
    total = math.prod(factors.values()) * (0.5 + 0.5 * min(max(score, 0.0), 1.0))
    return Quality(score=total, reasons=tuple(reasons), measures=measures)


def sharpness(chip: Picture) -> float:
    """Detail of a chip, 0 to 1.

    Energy of differences between near pixels over that between far ones, in the direction where it is least; and the
    former over the variance, which goes on falling where blur is so heavy that the ratio no longer does.

    Args:
        chip: grey, uint8, (96, 96), a face.
    """
    inner = chip[_INNER]
    near = [_difference_energy(inner, *step) for step in ((1, 0), (0, 1), (1, 1), (1, -1))]
    far = [_difference_energy(inner, *step) for step in ((6, 0), (0, 6), (4, 4), (4, -4))]
    ratios = [
        (fine / (coarse + 4.0) - floor) / span
        for fine, coarse, floor, span in zip(near, far, _BLUR_FLOOR, _BLUR_SPAN, strict=True)
    ]
    heavy = ((near[0] + near[1]) / (2.0 * _deviation(inner) ** 2 + 8.0) - 0.006) / 0.016
    return min(max(min(*ratios, heavy), 0.0), 1.0)


def _difference_energy(values: NDArray[Any], down: int, across: int) -> float:
    """Mean square of the difference between pixels that lie a step apart."""
    rows, columns = values.shape[0] - down, values.shape[1] - abs(across)
    first = values[:rows, max(-across, 0) :][:, :columns]
    second = values[down:, max(across, 0) :][:, :columns]
    return float(cv2.norm(first, second, cv2.NORM_L2SQR)) / first.size


def _deviation(values: NDArray[Any]) -> float:
    return float(cv2.meanStdDev(values)[1].item())


class _Turn(NamedTuple):
    """Turn, scale and shift of the plane: x' = cos x - sin y + x0, y' = sin x + cos y + y0."""

    cos: float
    sin: float
    x: float
    y: float

    @property
    def scale(self) -> float:
        return math.hypot(self.cos, self.sin)

    def inverse(self) -> _Turn:
        square = max(self.cos**2 + self.sin**2, 1e-12)
        cos, sin = self.cos / square, -self.sin / square
        return _Turn(cos, sin, -cos * self.x + sin * self.y, -sin * self.x - cos * self.y)

    def of(self, points: Points) -> Points:
        """Move points (N, 2)."""
        turn = np.array(((self.cos, self.sin), (-self.sin, self.cos)))
        return np.asarray(points @ turn + (self.x, self.y), np.float64)


def _similarity(points: Points) -> _Turn:
    """What brings the landmarks nearest to the template (least squares)."""
    centre = points.mean(axis=0)
    moved = points - centre
    inner = moved.T @ _TEMPLATE_CENTRED
    spread = max(float(np.vdot(moved, moved)), 1e-6)
    cos, sin = float(inner[0, 0] + inner[1, 1]) / spread, float(inner[0, 1] - inner[1, 0]) / spread
    x, y = centre.tolist()
    return _Turn(cos, sin, _TEMPLATE_CENTRE[0] - cos * x + sin * y, _TEMPLATE_CENTRE[1] - sin * x - cos * y)


def _inside(to_chip: _Turn, shape: tuple[int, ...]) -> float:
    """Share of the face that lies in the picture."""
    places = to_chip.inverse().of(_SPREAD)
    within = (places >= 0) & (places <= (shape[1], shape[0]))
    return float(np.count_nonzero(within[:, 0] & within[:, 1])) / len(_SPREAD)


def _chip(image: Picture, to_chip: _Turn) -> Picture:
    """The face upright and grey, (CHIP, CHIP); only the part of the picture around it is touched."""
    corners = to_chip.inverse().of(_CORNERS)
    (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    left, top = (_clamp(value - 2, 0, side - 1) for value, side in ((left, image.shape[1]), (top, image.shape[0])))
    right, bottom = _clamp(right + 3, left + 1, image.shape[1]), _clamp(bottom + 3, top + 1, image.shape[0])
    # A large face is thinned out first: reading each of its pixels would take longer than all the rest.
    stride = _clamp(0.5 / to_chip.scale, 1, max(image.shape)) if to_chip.scale > 0 else 1
    grey = cv2.cvtColor(np.ascontiguousarray(image[top:bottom:stride, left:right:stride]), cv2.COLOR_RGB2GRAY)
    shrink = _clamp(1.0 / max(to_chip.scale * stride, 1e-6) + 0.5, 1, min(grey.shape))
    if shrink > 1:
        rows, columns = (side // shrink * shrink for side in grey.shape)
        size = (columns // shrink, rows // shrink)
        grey = cv2.resize(grey[:rows, :columns], size, interpolation=cv2.INTER_AREA)
    # Pixel centres lie half a pixel from the corner, in the chip and in the part.
    step = float(stride * shrink)
    x, y = left + stride * 0.5 * shrink - 0.5 * (stride - 1), top + stride * 0.5 * shrink - 0.5 * (stride - 1)
    cos, sin = to_chip.cos, to_chip.sin
    warp = np.array(
        (
            (cos * step, -sin * step, cos * x - sin * y + to_chip.x - 0.5),
            (sin * step, cos * step, sin * x + cos * y + to_chip.y - 0.5),
        )
    )
    flags, border = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(grey, warp, (CHIP, CHIP), flags=flags, borderMode=border), np.uint8)


def _clamp(value: float, low: int, high: int) -> int:
    """The whole number below a value, kept between two limits."""
    return int(min(max(value, low), high))


def _light(chip: Picture) -> dict[str, float]:
    """Percentiles of the grey values inside the face."""
    counts = np.bincount(chip[_INNER].ravel(), minlength=256)
    share = np.cumsum(counts) / counts.sum()
    p5, p10, p90, p95 = np.searchsorted(share, (0.05, 0.10, 0.90, 0.95)).tolist()
    return {
        "highlight": float(p90),
        "shadow": float(p10),
        "clipped": float(counts[250:].sum() / counts.sum()),
        "contrast": float(p95 - p5),
    }


def _pose_deg(points: Points) -> dict[str, float]:
    """Pitch (+ down), then yaw (+ to the subject's left), then roll (+ clockwise in the picture) of the head.

    Scaled orthographic projection of the average head, solved linearly and brought to the nearest rotation.
    """
    (a, b, c), (d, e, f) = ((points - points.mean(axis=0)).T @ _HEAD_INVERSE).tolist()
    # The nearest rotation is (A A^T)^(-1/2) A; of two rows the root has a closed form.
    first, cross, second = a * a + b * b + c * c, a * d + b * e + c * f, d * d + e * e + f * f
    root = math.sqrt(max(first * second - cross * cross, 0.0))
    norm = max(math.sqrt(first + second + 2.0 * root) * root, 1e-12)
    weight, mixed, other = (second + root) / norm, -cross / norm, (first + root) / norm
    across = (weight * a + mixed * d, weight * c + mixed * f)
    down = (mixed * a + other * d, mixed * c + other * f)
    roll = math.atan2(down[0], across[0])
    cos, sin = math.cos(roll), math.sin(roll)
    pitch = math.asin(min(max(cos * down[1] - sin * across[1], -1.0), 1.0))
    yaw = math.atan2(cos * across[1] + sin * down[1], math.hypot(across[0], down[0]) * math.cos(pitch))
    return {"yaw_deg": math.degrees(yaw), "pitch_deg": math.degrees(pitch), "roll_deg": math.degrees(roll)}


def _visibility(chip: Picture) -> float:
    """1 where mouth and eyes have structure; below 1 by how far the emptiest part falls short of the least seen."""
    half = cv2.resize(chip, (CHIP // 2, CHIP // 2), interpolation=cv2.INTER_AREA)
    right, left, mouth = (
        math.sqrt(_difference_energy(half[rows, columns], 2, 0)) for rows, columns in (*_EYES, _MOUTH)
    )
    pupils = max(_deviation(half[part]) for part in _PUPILS)
    best_eye, contrast = max(right, left) + 2.0, _deviation(half[_HALF_INNER]) + 3.0
    return min(
        1.0,
        mouth / best_eye / _LEAST_MOUTH,
        min(right, left) / best_eye / _LEAST_EYE,
        pupils / contrast / _LEAST_PUPIL,
    )


def _factors(measures: dict[str, float], gate: QualityGate) -> dict[str, float]:
    """One factor for each code: 1 when comfortable, 0.5 at the limit."""
    shadow, clipped = measures["shadow"], measures["clipped"]
    bright = min(_at_most(shadow, gate.max_shadow, 140.0), _at_most(clipped, gate.max_clipped, 0.1))
    yaw = _at_most(abs(measures["yaw_deg"]), gate.max_yaw_deg, 20.0)
    pitch = _at_most(abs(measures["pitch_deg"]), gate.max_pitch_deg, 15.0)
    return {
        "too_small": _at_least(measures["face_px"], gate.min_face_px, 100.0),
        "cut_by_border": _at_least(measures["inside"], gate.min_inside, 1.0),
        "blurred": _at_least(measures["sharpness"], gate.min_sharpness, 0.7),
        "too_dark": _at_least(measures["highlight"], gate.min_highlight, 90.0),
        "too_bright": bright,
        "low_contrast": _at_least(measures["contrast"], gate.min_contrast, 60.0),
        "extreme_pose": min(yaw, pitch),
        "occluded": 1.0 if measures["visibility"] >= gate.min_visibility else 0.5 * measures["visibility"],
    }


def _at_least(value: float, limit: float, comfortable: float) -> float:
    """0 at nothing, 0.5 at the limit, 1 from the comfortable value on."""
    if value < limit:
        return max(0.5 * value / limit, 0.0)
    return 1.0 if value >= comfortable else 0.5 + 0.5 * (value - limit) / (comfortable - limit)


def _at_most(value: float, limit: float, comfortable: float) -> float:
    """1 up to the comfortable value, 0.5 at the limit, 0 where it is passed by half again."""
    if value > limit:
        return max(0.5 - (value - limit) / max(limit, 1e-9), 0.0)
    return 1.0 if value <= comfortable else 1.0 - 0.5 * (value - comfortable) / (limit - comfortable)
