"""The functions of `face_recognition` as its users call them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

import vultus.compat.face_recognition as face_recognition
from unit.inference.portraits import FACE_XYXY, empty, portrait
from vultus.compat.face_recognition import api
from vultus.errors import ImageError, InputError, ShapeError
from vultus.inference.image import write


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return write(tmp_path / "ada.png", portrait())


def test_a_picture_is_read_from_a_path_and_from_a_file(photo: Path) -> None:
    for source in (str(photo), photo, io.BytesIO(photo.read_bytes())):
        np.testing.assert_array_equal(face_recognition.load_image_file(source), portrait())


def test_grey_is_pillow_s(photo: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    grey = face_recognition.load_image_file(photo, mode="L")
    np.testing.assert_array_equal(grey, np.array(image.open(photo).convert("L")))


def test_no_picture_and_no_such_mode_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"nothing")
    with pytest.raises(ImageError):
        face_recognition.load_image_file(tmp_path / "x.jpg")
    with pytest.raises(InputError, match=r"mode must be 'RGB' or 'L', but is 'P'"):
        face_recognition.load_image_file(tmp_path / "x.jpg", mode="P")  # type: ignore[arg-type]


@pytest.mark.parametrize("model", ["hog", "cnn"])
def test_a_face_is_a_css_box_around_it(model) -> None:
    ((top, right, bottom, left),) = face_recognition.face_locations(portrait(), model=model)
    x1, y1, x2, y2 = FACE_XYXY
    assert left < (x1 + x2) / 2 < right
    assert top < (y1 + y2) / 2 < bottom
    assert all(isinstance(side, int) for side in (top, right, bottom, left))


def test_boxes_end_at_the_border() -> None:
    cut = np.ascontiguousarray(portrait()[:, 205:])
    for top, right, bottom, left in face_recognition.face_locations(cut):
        assert left >= 0
        assert top >= 0
        assert right <= cut.shape[1]
        assert bottom <= cut.shape[0]


def test_grey_pictures_are_looked_at_too() -> None:
    assert len(face_recognition.face_locations(portrait().mean(axis=2).astype(np.uint8))) == 1


def test_many_pictures_keep_their_order() -> None:
    first, second = face_recognition.batch_face_locations([portrait(), empty()], batch_size=2)
    assert len(first) == 1
    assert second == []


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"model": "haar"}, InputError, r"model must be 'hog' or 'cnn', but is 'haar'"),
        ({"number_of_times_to_upsample": -1}, InputError, r"number_of_times_to_upsample must be 0 or more, but is -1"),
        ({"img": "ada.jpg"}, ShapeError, r"the picture must be uint8 \(H, W, 3\) or \(H, W\), but is str"),
        ({"img": np.zeros((4, 4, 3))}, ShapeError, r"but is float64 \(4, 4, 3\)"),
    ],
)
def test_what_cannot_be_looked_at(change, error, words) -> None:
    with pytest.raises(error, match=words):
        face_recognition.face_locations(**{"img": portrait(), **change})


def test_five_points_with_the_small_model() -> None:
    (face,) = face_recognition.face_landmarks(portrait(), model="small")
    assert {name: len(points) for name, points in face.items()} == {"nose_tip": 1, "left_eye": 2, "right_eye": 2}
    assert face["left_eye"][0][0] < face["nose_tip"][0][0] < face["right_eye"][0][0], "left as one sees it"


def test_sixty_eight_points_are_refused_with_the_way_out() -> None:
    with pytest.raises(InputError, match=r"the 68-point landmark model is not offered: .* ask for 5 points"):
        face_recognition.face_landmarks(portrait())
    with pytest.raises(InputError, match="the landmark model must be 'small', but is 'huge'"):
        face_recognition.face_landmarks(portrait(), model="huge")  # type: ignore[arg-type]


def test_encodings_of_found_and_of_given_faces() -> None:
    (found,) = face_recognition.face_encodings(portrait())
    assert found.shape == (128,)
    assert found.dtype == np.float64
    (given,) = face_recognition.face_encodings(portrait(), face_recognition.face_locations(portrait()), model="large")
    assert np.linalg.norm(found - given) < 0.05
    assert face_recognition.face_encodings(empty()) == []
    assert face_recognition.face_encodings(portrait(), []) == []


def test_encodings_of_nonsense_are_refused() -> None:
    with pytest.raises(InputError, match="the landmark model must be 'small' or 'large', but is 'huge'"):
        face_recognition.face_encodings(portrait(), model="huge")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"must be \(top, right, bottom, left\) with top < bottom and left < right"):
        face_recognition.face_encodings(portrait(), [(10, 5, 5, 10)])


def test_distances_by_hand() -> None:
    known = [np.array([0.0, 0.0]), np.array([3.0, 4.0])]
    np.testing.assert_allclose(face_recognition.face_distance(known, np.zeros(2)), [0, 5])
    assert face_recognition.compare_faces(known, np.zeros(2)) == [True, False]
    assert face_recognition.compare_faces(known, np.zeros(2), tolerance=5) == [True, True]


@pytest.mark.parametrize("nobody", [[], np.array([])])
def test_nobody_is_near_nobody(nobody) -> None:
    assert face_recognition.face_distance(nobody, np.zeros(128)).shape == (0,)
    assert face_recognition.compare_faces(nobody, np.zeros(128)) == []


def test_raw_boxes_are_asked_as_dlib_s() -> None:
    ((raw,), (css,)) = api._raw_face_locations(portrait()), face_recognition.face_locations(portrait())
    assert (raw.top(), raw.right(), raw.bottom(), raw.left()) == css
    ((batched,),) = api._raw_face_locations_batched([portrait()])
    assert batched.rect.bottom() > batched.rect.top()
