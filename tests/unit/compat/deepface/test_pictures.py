"""What DeepFace's users hand over as a picture."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest

from unit.inference.portraits import FACE_XYXY, empty, portrait
from vultus.compat.deepface import pictures
from vultus.errors import ImageError, InputError, NoFaceError, ShapeError
from vultus.inference.image import write


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return write(tmp_path / "ada.png", portrait())


def test_every_way_gives_the_same_pixels(photo: Path) -> None:
    content = photo.read_bytes()
    text = "data:image/png;base64," + base64.b64encode(content).decode()
    for source in (photo, str(photo), portrait()[..., ::-1], io.BytesIO(content), text):
        np.testing.assert_array_equal(pictures.picture(source), portrait())


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ("https://example.org/a.jpg", InputError, "web addresses are not fetched"),
        ("data:image/png;base64,???", InputError, "the base64 text of the picture is damaged"),
        (7, InputError, "a picture must be a path, an array, a binary file or base64 text, but is int"),
        (np.zeros((4, 4), np.uint8), ShapeError, "BGR uint8"),
        ("nowhere.jpg", ImageError, "nowhere.jpg"),
    ],
)
def test_what_is_no_picture(source, error, words) -> None:
    with pytest.raises(error, match=words):
        pictures.picture(source)


def test_faces_are_found_or_the_lack_is_an_error() -> None:
    (face,) = pictures.faces(portrait(), "ada.jpg", enforce=True, anti_spoofing=False)
    assert face.embedding is not None
    assert pictures.faces(empty(), "wall.jpg", enforce=False, anti_spoofing=False) == []
    with pytest.raises(NoFaceError, match=r"no face found in wall\.jpg"):
        pictures.faces(empty(), "wall.jpg", enforce=True, anti_spoofing=False)
    with pytest.raises(InputError, match="anti_spoofing needs a pack with a liveness model, and dlib has none"):
        pictures.faces(portrait(), "ada.jpg", enforce=True, anti_spoofing=True)


def test_pictures_have_names_that_fit_a_line() -> None:
    assert pictures.named("data:image/png;base64," + "A" * 9999) == "<base64 text>"
    assert pictures.named(io.BytesIO(b"")) == "<file>"
    assert pictures.named("ada.jpg") == "ada.jpg"


def test_areas_and_crops() -> None:
    (face,) = pictures.faces(portrait(), "ada.jpg", enforce=True, anti_spoofing=False, tasks=())
    area = pictures.area(face)
    assert area["right_eye"][0] < area["left_eye"][0], "the subject's left is the viewer's right"
    assert area["x"] < (FACE_XYXY[0] + FACE_XYXY[2]) / 2 < area["x"] + area["w"]
    plain = pictures.cut(portrait(), face, align=False, expand_percentage=0)
    assert plain.shape[:2] == (area["h"], area["w"])
    wide = pictures.cut(portrait(), face, align=True, expand_percentage=50)
    assert wide.shape[1] == pytest.approx(1.5 * area["w"], abs=2)
    assert pictures.whole(empty(20, 30))["w"] == 30


def test_other_models_are_told_and_skipping_is_refused() -> None:
    with pytest.warns(UserWarning, match="not with VGG-Face"):
        pictures.warn_of_others("VGG-Face", "opencv")
    with pytest.raises(InputError, match="detector_backend='skip' would embed whole pictures"):
        pictures.warn_of_others("Dlib", "skip")
