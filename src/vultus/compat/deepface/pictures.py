"""What DeepFace takes for a picture, and the faces in it as DeepFace tells of them."""

from __future__ import annotations

import base64
import binascii
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.compat.once import once
from vultus.errors import InputError, NoFaceError, ShapeError
from vultus.inference.engine import FaceEngine
from vultus.inference.image import name_of, read
from vultus.types import Box

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from vultus.inference.detect import Image
    from vultus.inference.engine import Task
    from vultus.types import Face

MODEL = "Dlib"
EMBEDDING: tuple[Task, ...] = ("identity",)
LOOKS: tuple[Task, ...] = ("expression",)


@once
def engine() -> FaceEngine:
    """The default pack, loaded at the first call.

    Raises:
        WeightsError: a model file is missing or damaged.
    """
    return FaceEngine()


def warn_of_others(model_name: str, detector_backend: str) -> None:
    """Say once that another network or detector was named than the ones that run."""
    if model_name != MODEL:
        warnings.warn(
            f"vultus.compat.deepface embeds with its own pack ({MODEL} in DeepFace's words), not with {model_name}; "
            "distances and thresholds are that pack's",
            UserWarning,
            stacklevel=3,
        )
    if detector_backend == "skip":
        raise InputError("detector_backend='skip' would embed whole pictures; a face has to be found")


def picture(source: object) -> Image:
    """Read what DeepFace takes: a path, BGR uint8 (H, W, 3), an open file, or base64 text ("data:image/...").

    Returns:
        RGB, uint8, (H, W, 3).

    Raises:
        InputError: it is a web address, or none of these.
        ImageError: it cannot be read.
    """
    if isinstance(source, np.ndarray):
        if source.dtype != np.uint8 or source.ndim != 3 or source.shape[2] != 3:
            raise ShapeError("the picture", "BGR uint8 (H, W, 3)", f"{source.dtype} {source.shape}")
        return read(np.ascontiguousarray(source[..., ::-1]))
    if isinstance(source, Path):
        return read(source)
    if isinstance(source, str):
        return _text(source)
    if hasattr(source, "read"):
        content = source.read()
        if isinstance(content, bytes):
            return read(content)
    raise InputError(
        f"a picture must be a path, an array, a binary file or base64 text, but is {type(source).__name__}"
    )


def _text(source: str) -> Image:
    if source.startswith(("http://", "https://")):
        raise InputError("web addresses are not fetched; download the picture, then give its path")
    if source.startswith("data:image/"):
        try:
            return read(base64.b64decode(source.partition(",")[2], validate=True))
        except binascii.Error as error:
            raise InputError("the base64 text of the picture is damaged") from error
    return read(source)


def faces(
    image: Image, source: object, *, enforce: bool, anti_spoofing: bool, tasks: Collection[Task] = EMBEDDING
) -> list[Face]:
    """Faces of a picture, largest first.

    Raises:
        NoFaceError: there is none, and `enforce`.
        InputError: anti_spoofing is wanted and the pack has no model for it.
    """
    if anti_spoofing and engine().pack.liveness is None:
        raise InputError(
            f"anti_spoofing needs a pack with a liveness model, and {engine().pack.name} has none; see docs/packs.md"
        )
    found = sorted(engine().find(image, tasks=tasks), key=lambda face: -face.box.area)
    if enforce and not found:
        raise NoFaceError(named(source))
    return found


def named(source: object) -> str:
    """What to call a picture in messages: its path, or a word for arrays, files and base64 text."""
    if isinstance(source, str) and source.startswith("data:image/"):
        return "<base64 text>"
    return "<file>" if hasattr(source, "read") else name_of(source)


def area(face: Face) -> dict[str, Any]:
    """x, y, w, h in px and the eyes, left being the subject's."""
    left, top, right, bottom = np.round(face.box.xyxy).astype(int).tolist()
    eyes = [tuple(point) for point in np.round(face.landmarks[:2]).astype(int).tolist()]
    return {"x": max(left, 0), "y": max(top, 0), "w": right - max(left, 0), "h": bottom - max(top, 0),
            "left_eye": eyes[1], "right_eye": eyes[0]}  # fmt: skip


def whole(image: Image) -> dict[str, Any]:
    """The area DeepFace gives where no face was found."""
    return {"x": 0, "y": 0, "w": image.shape[1], "h": image.shape[0], "left_eye": None, "right_eye": None}


def cut(image: Image, face: Face, *, align: bool, expand_percentage: int) -> Image:
    """The face alone, turned so that its eyes are level if `align`."""
    import cv2

    box, right_eye, left_eye = face.box, face.landmarks[0], face.landmarks[1]
    if align:
        angle = np.degrees(np.arctan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0]))
        turn = cv2.getRotationMatrix2D(box.centre, float(angle), 1.0)
        image = np.asarray(cv2.warpAffine(image, turn, (image.shape[1], image.shape[0])), np.uint8)
    grow = np.array([-box.width, -box.height, box.width, box.height]) * expand_percentage / 200
    left, top, right, bottom = np.round(Box((box.xyxy + grow).astype(np.float32)).xyxy).astype(int)
    crop: NDArray[np.uint8] = image[max(top, 0) : max(bottom, 1), max(left, 0) : max(right, 1)]
    return crop
