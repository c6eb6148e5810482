"""A film as flow of 18 regions of its face, and of the bridge of its nose.

The layout is that of the paper's code, whose regions hang on 68 landmarks; here they hang on five, which is what the
engine's detectors give. Within half a window the first frame is the reference; from window to window displacements are
added up. Only the largest part of the flow in a region counts, since skin moves and stubble does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from vultus.errors import InputError
from vultus.inference.engine import FaceEngine
from vultus.research.methods.micro_expression.boosting_vrme.films import REGIONS
from vultus.types import prominent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]
    Points = NDArray[np.float32]

SIDE = 320  # of the cut-out face, px
_UNIT = 0.25  # of the distance of the pupils: half the distance of the inner corners of the eyes
_ACROSS, _ABOVE, _BELOW = 4.5, 3.5, 5.5  # of the cut-out, in units from between the eyes
_RADIUS = 0.5  # of a region, in units
_LARGEST, _BRIDGE_LARGEST = 0.3, 0.7  # share of a region's flow that counts
_LOOK_EVERY = 15  # frames between two looks for the face
_FARNEBACK = {"pyr_scale": 0.5, "levels": 3, "winsize": 15, "iterations": 5, "poly_n": 7, "poly_sigma": 1.5, "flags": 0}


def film_flow(
    frames: Iterable[NDArray[np.uint8]], find: Callable[[NDArray[np.uint8]], Points | None], window: int,
    shortest: int = 0, tell: Callable[[], None] = lambda: None,
) -> NDArray[np.float32]:  # fmt: skip
    """Displacements of a film's regions since its first frame.

    Args:
        frames: RGB uint8, (H, W, 3), all of one size.
        find: landmarks of the face in a frame, (5, 2) px as in `types.Face`, or None.
        window: of the network; half of it is the longest way between a frame and its reference.
        shortest: frames that the film must have; as many as the window if it is 0.
        tell: called after each frame.

    Returns:
        float32, (T, 38): (x, y) px of a 320 px face for each region, then the bridge; zero until a face is found.

    Raises:
        InputError: there are too few frames, or nobody is seen in any that was looked at.
    """
    rows: list[NDArray[np.float32]] = []
    reference: Grey | None = None
    base = np.zeros((REGIONS + 1, 2), np.float32)
    points: Points | None = None
    for number, frame in enumerate(frames):
        if number % _LOOK_EVERY == 0:
            found = find(frame)
            points = points if found is None else found
        tell()
        if points is None:
            rows.append(base)
            continue
        grey, inside = _cut(frame, points)
        if reference is None:
            reference = grey
        moved = base + _regions(np.asarray(cv2.calcOpticalFlowFarneback(reference, grey, None, **_FARNEBACK)), inside)  # type: ignore[call-overload]
        rows.append(moved)
        if number % max(window // 2, 1) == 0:
            base, reference = moved, grey
    if len(rows) < (shortest or window):
        raise InputError(f"a film must have at least {shortest or window} frames, but has {len(rows)}")
    if points is None:
        raise InputError(f"no face is in the film: every {_LOOK_EVERY}th frame was looked at")
    return np.stack(rows).reshape(len(rows), -1).astype(np.float32)


def finder() -> Callable[[NDArray[np.uint8]], Points | None]:
    """Landmarks of the most prominent face, by the engine of the default pack."""
    engine = FaceEngine()

    def find(frame: NDArray[np.uint8]) -> Points | None:
        face = prominent(engine.find(frame, embed=False))
        return None if face is None else face.landmarks

    return find


def _cut(frame: NDArray[np.uint8], points: Points) -> tuple[Grey, Points]:
    """The face alone, grey, and its landmarks in it."""
    unit = _UNIT * float(np.linalg.norm(points[0] - points[1]))
    if not unit > 0:
        raise InputError("the eyes of the face lie on each other")
    middle = points[:2].mean(axis=0)
    corner = middle - np.array([_ACROSS, _ABOVE], np.float32) * unit
    scale = SIDE / (2 * _ACROSS * unit)
    matrix = np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]], np.float32)
    grey = cv2.cvtColor(np.asarray(cv2.warpAffine(frame, matrix, (SIDE, SIDE)), np.uint8), cv2.COLOR_RGB2GRAY)
    return np.asarray(grey, np.uint8), ((points - corner) * scale).astype(np.float32)


def places(points: Points) -> Points:
    """Middles of the 18 regions and of the bridge, from five landmarks of a cut-out face: (19, 2) px.

    The subject's right eye comes first in `points` and lies left in the picture; brows follow the paper's code, whose
    left is the picture's.
    """
    eyes, nose, mouth = points[:2], points[2], points[3:]
    unit = SIDE / (2 * _ACROSS)
    middle, lips = eyes.mean(axis=0), mouth.mean(axis=0)

    def brow(eye: Points) -> list[Points]:
        up = eye - np.array([0, 1.3 * unit], np.float32)
        return [up, *(up + np.array([step * unit, 0], np.float32) for step in (-0.9, 0.0, 0.9))]

    down = np.array([0, unit], np.float32)
    side = np.array([unit, 0], np.float32)
    around = [lips, mouth[0], mouth[1], lips - 0.5 * down, lips + 0.6 * down, (mouth[0] + lips) / 2]
    wings, lids = [nose - 0.8 * side, nose + 0.8 * side], [eyes[0] + 0.7 * down, eyes[1] + 0.7 * down]
    return np.array([*brow(eyes[0]), *brow(eyes[1]), *around, *wings, *lids, (middle + nose) / 2], np.float32)


def _regions(flow: NDArray[np.float32], points: Points) -> NDArray[np.float32]:
    """Flow of each region and of the bridge, (19, 2)."""
    radius = round(_RADIUS * SIDE / (2 * _ACROSS))
    found = np.zeros((REGIONS + 1, 2), np.float32)
    for number, (x, y) in enumerate(np.round(places(points)).astype(int).tolist()):
        patch = flow[max(y - radius, 0) : y + radius + 1, max(x - radius, 0) : x + radius + 1].reshape(-1, 2)
        if not len(patch):
            continue
        share = _BRIDGE_LARGEST if number == REGIONS else _LARGEST
        size = np.linalg.norm(patch, axis=1)
        found[number] = patch[size >= np.quantile(size, 1 - share)].mean(axis=0)
    return found
