"""The seven functions of `face_recognition.api`: the same arguments, the same shapes back.

Boxes are (top, right, bottom, left) in px, encodings float64 (128,), compared by Euclidean distance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from vultus.compat.face_recognition.models import models
from vultus.errors import InputError, ShapeError
from vultus.inference.image import read

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vultus.inference.detect import Float, Image

Location: TypeAlias = tuple[int, int, int, int]

_GREY = np.array([19595, 38470, 7471], np.uint32)  # ITU-R 601 in 65536ths, as Pillow has them


def load_image_file(file: str | Path | IO[bytes], mode: Literal["RGB", "L"] = "RGB") -> Image:
    """Read a picture.

    Args:
        file: path, or a file opened for bytes.
        mode: "RGB", or "L" for grey.

    Returns:
        uint8, (H, W, 3) or (H, W), upright by its EXIF orientation.

    Raises:
        ImageError: it cannot be read.
        InputError: there is no such mode.
    """
    if mode not in ("RGB", "L"):
        raise InputError(f"mode must be 'RGB' or 'L', but is {mode!r}")
    image = read(file if isinstance(file, str | Path) else file.read())
    return image if mode == "RGB" else ((image @ _GREY + 32768) >> 16).astype(np.uint8)


def face_locations(
    img: NDArray[Any], number_of_times_to_upsample: int = 1, model: Literal["hog", "cnn"] = "hog"
) -> list[Location]:
    """Where the faces of a picture are.

    Args:
        img: uint8, (H, W, 3) RGB or (H, W) grey.
        number_of_times_to_upsample: how often the picture is doubled first: 0 finds faces from 80 px on, 1 from 40.
        model: "cnn" is dlib's CNN detector; "hog" is MTCNN, drawn as dlib's squares.

    Raises:
        ShapeError: img is no picture.
        InputError: there is no such model, or it is upsampled less than 0 times.
    """
    image = _picture(img)
    return _to_css(_boxes([image], number_of_times_to_upsample, model)[0], image)


def batch_face_locations(
    images: Iterable[NDArray[Any]], number_of_times_to_upsample: int = 1, batch_size: int = 128
) -> list[list[Location]]:
    """`face_locations` by dlib's CNN detector, of many pictures; batch_size is accepted and not needed."""
    pictures = [_picture(img) for img in images]
    found = _boxes(pictures, number_of_times_to_upsample, "cnn")
    return [_to_css(boxes, image) for boxes, image in zip(found, pictures, strict=True)]


def face_landmarks(
    face_image: NDArray[Any],
    face_locations: Sequence[Location] | None = None,
    model: Literal["large", "small"] = "large",
) -> list[dict[str, list[tuple[int, int]]]]:
    """Points of each face: "nose_tip", "left_eye" and "right_eye" (two corners each; left as one sees it).

    Args:
        face_image: uint8, (H, W, 3) RGB or (H, W) grey.
        face_locations: boxes to look at; None finds the faces first.
        model: only "small". The weights of "large", 68 points, were trained on data that forbid commercial use, and
            Vultus never loads them.

    Raises:
        InputError: the model is "large", or there is none such; or a box is empty.
        ShapeError: face_image is no picture.
    """
    if model == "large":
        raise InputError(
            "the 68-point landmark model is not offered: its training data forbid commercial use; ask for 5 points "
            'with face_landmarks(image, model="small")'
        )
    if model != "small":
        raise InputError(f"the landmark model must be 'small', but is {model!r}")
    points = [[(int(x), int(y)) for x, y in np.round(face)] for face in _landmarks(face_image, face_locations)[1]]
    return [{"nose_tip": [five[4]], "left_eye": five[2:4], "right_eye": five[0:2]} for five in points]


def face_encodings(
    face_image: NDArray[Any],
    known_face_locations: Sequence[Location] | None = None,
    num_jitters: int = 1,
    model: Literal["small", "large"] = "small",
) -> list[NDArray[np.float64]]:
    """The 128 numbers of each face, of the network and in the space of `face_recognition`.

    Args:
        face_image: uint8, (H, W, 3) RGB or (H, W) grey.
        known_face_locations: boxes to encode; None finds the faces first.
        num_jitters: mean over so many slightly changed copies.
        model: both work with five landmarks.

    Raises:
        InputError: there is no such model, or a box is empty.
        ShapeError: face_image is no picture.
    """
    if model not in ("small", "large"):
        raise InputError(f"the landmark model must be 'small' or 'large', but is {model!r}")
    image, points = _landmarks(face_image, known_face_locations)
    return list(models().encode(image, points, num_jitters))


def face_distance(
    face_encodings: Sequence[NDArray[np.float64]] | NDArray[np.float64], face_to_compare: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Euclidean distance of each encoding from one: float64, (N,); the lower, the more alike."""
    if len(face_encodings) == 0:
        return np.empty(0)
    distances: NDArray[np.float64] = np.linalg.norm(np.asarray(face_encodings) - face_to_compare, axis=1)
    return distances


def compare_faces(
    known_face_encodings: Sequence[NDArray[np.float64]] | NDArray[np.float64],
    face_encoding_to_check: NDArray[np.float64],
    tolerance: float = 0.6,
) -> list[bool]:
    """Whether each encoding is within a distance of one. 0.6 promises no false match rate: see docs/migrating.md."""
    return [bool(near) for near in face_distance(known_face_encodings, face_encoding_to_check) <= tolerance]


class Rect:
    """A box as dlib's rectangles are asked: `rect.top()`; a detection of its CNN has it as `.rect`."""

    def __init__(self, left: int, top: int, right: int, bottom: int) -> None:
        self._sides = left, top, right, bottom

    @property
    def rect(self) -> Rect:
        return self

    def left(self) -> int:
        return self._sides[0]

    def top(self) -> int:
        return self._sides[1]

    def right(self) -> int:
        return self._sides[2]

    def bottom(self) -> int:
        return self._sides[3]


def _raw_face_locations(img: NDArray[Any], number_of_times_to_upsample: int = 1, model: str = "hog") -> list[Rect]:
    """Boxes not cut at the picture's border; not part of the public names, but programs use it."""
    return _rects(_boxes([_picture(img)], number_of_times_to_upsample, model)[0])


def _raw_face_locations_batched(
    images: Iterable[NDArray[Any]], number_of_times_to_upsample: int = 1, batch_size: int = 128
) -> list[list[Rect]]:
    pictures = [_picture(img) for img in images]
    return [_rects(boxes) for boxes in _boxes(pictures, number_of_times_to_upsample, "cnn")]


def _rects(boxes: Float) -> list[Rect]:
    return [Rect(*box) for box in np.round(boxes).astype(int).tolist()]


def _picture(img: object) -> Image:
    if not isinstance(img, np.ndarray) or img.dtype != np.uint8 or img.ndim not in (2, 3):
        kind = f"{img.dtype} {img.shape}" if isinstance(img, np.ndarray) else type(img).__name__
        raise ShapeError("the picture", "uint8 (H, W, 3) or (H, W)", kind)
    return read(np.repeat(img[..., None], 3, axis=2) if img.ndim == 2 else img)


def _boxes(images: list[Image], upsample: int, model: str) -> list[Float]:
    if model not in ("hog", "cnn"):
        raise InputError(f"model must be 'hog' or 'cnn', but is {model!r}")
    if upsample < 0:
        raise InputError(f"number_of_times_to_upsample must be 0 or more, but is {upsample}")
    if model == "cnn":
        return models().windows(images, upsample)
    return [models().squares(image, upsample) for image in images]


def _landmarks(face_image: NDArray[Any], locations: Sequence[Location] | None) -> tuple[Image, NDArray[np.float64]]:
    image = _picture(face_image)
    if locations is None:
        return image, models().landmarks(image, _boxes([image], 1, "hog")[0])
    boxes = np.array([(left, top, right, bottom) for top, right, bottom, left in locations], np.float32).reshape(-1, 4)
    if (boxes[:, 2:] <= boxes[:, :2]).any():
        raise InputError("a face location must be (top, right, bottom, left) with top < bottom and left < right")
    return image, models().landmarks(image, boxes)


def _to_css(boxes: Float, image: Image) -> list[Location]:
    height, width = image.shape[:2]
    left, top, right, bottom = np.round(boxes).astype(int).reshape(-1, 4).T
    return list(zip(np.maximum(top, 0).tolist(), np.minimum(right, width).tolist(),
                    np.minimum(bottom, height).tolist(), np.maximum(left, 0).tolist(), strict=True))  # fmt: skip
