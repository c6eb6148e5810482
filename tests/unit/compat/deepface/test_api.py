"""DeepFace's functions as its users call them."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unit.inference.portraits import empty, portrait, turned
from vultus.compat.deepface import DeepFace, pictures
from vultus.errors import InputError, MissingExtraError, NoFaceError, UnknownNameError
from vultus.inference.image import read, write
from vultus.inference.record import VideoWriter
from vultus.inference.video import frames


@pytest.fixture(scope="module")
def people(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("people")
    write(folder / "eileen.png", portrait())
    return folder


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Path:
    """Another person: Grace Hopper, in the public domain, comes with matplotlib."""
    from vultus.cli.material import bundled

    (grace,) = (scene.image for scene in bundled().scenes if scene.title == "a stranger")
    return write(tmp_path_factory.mktemp("other") / "grace.png", read(grace))


def test_two_pictures_of_one_person_and_of_two(people: Path, other: Path) -> None:
    same = DeepFace.verify(str(people / "eileen.png"), turned(portrait(), 4)[..., ::-1], model_name="Dlib")
    assert same["verified"] is True
    assert same["distance"] <= same["threshold"]
    assert same["confidence"] >= 51
    assert same["facial_areas"]["img1"]["w"] > 0
    assert same["similarity_metric"] == "cosine"
    apart = DeepFace.verify(str(people / "eileen.png"), str(other))
    assert apart["verified"] is False
    assert apart["confidence"] <= 49
    for metric in ("euclidean", "euclidean_l2", "angular"):
        assert DeepFace.verify(str(people / "eileen.png"), str(other), distance_metric=metric)["verified"] is False


def test_embeddings_are_compared_as_pictures_are(people: Path) -> None:
    (row,) = DeepFace.represent(str(people / "eileen.png"))
    result = DeepFace.verify(row["embedding"], str(people / "eileen.png"), threshold=0)
    assert result["distance"] == pytest.approx(0, abs=1e-6)
    assert result["threshold"] == 0
    assert result["facial_areas"]["img1"] is None


def test_no_face_is_an_error_or_never_a_match(people: Path) -> None:
    wall = empty()[..., ::-1]
    with pytest.raises(NoFaceError):
        DeepFace.verify(wall, str(people / "eileen.png"))
    result = DeepFace.verify(wall, wall, enforce_detection=False)
    assert result["verified"] is False
    assert math.isnan(result["distance"])
    assert DeepFace.represent(wall, enforce_detection=False) == []
    (row,) = DeepFace.extract_faces(wall, enforce_detection=False)
    assert row["confidence"] == 0
    assert row["face"].shape == wall.shape


def test_attacks_are_refused(people: Path, monkeypatch) -> None:
    refused = [replace(face, embedding=None) for face in pictures.engine().find(portrait())]
    monkeypatch.setattr("vultus.compat.deepface.pictures.faces", lambda *args, **options: refused)
    path = str(people / "eileen.png")
    for call in (lambda: DeepFace.verify(path, path), lambda: DeepFace.represent(path)):
        with pytest.raises(NoFaceError, match="was refused: presentation_attack"):
            call()


def test_embeddings_and_their_scalings(people: Path) -> None:
    path = str(people / "eileen.png")
    (row,) = DeepFace.represent(path, return_face=True)
    assert np.linalg.norm(row["embedding"]) == pytest.approx(1, abs=1e-5)
    assert 0 < row["face_confidence"] <= 1
    assert row["face"].max() <= 1
    (scaled,) = DeepFace.represent(path, minmax_normalize=True)
    assert (min(scaled["embedding"]), max(scaled["embedding"])) == (0, 1)
    assert [len(rows) for rows in DeepFace.represent([path, path], max_faces=1)] == [1, 1]


@pytest.mark.parametrize(("colour", "axes"), [("rgb", 3), ("bgr", 3), ("gray", 2)])
def test_faces_are_cut_out(people: Path, colour, axes) -> None:
    (row,) = DeepFace.extract_faces(str(people / "eileen.png"), color_face=colour, normalize_face=False)
    assert row["face"].ndim == axes
    assert row["face"].dtype == np.uint8
    assert set(row["facial_area"]) == {"x", "y", "w", "h", "left_eye", "right_eye"}
    (row,) = DeepFace.extract_faces([portrait()[..., ::-1]], grayscale=True)[0]
    assert row["face"].ndim == 2


def test_a_folder_is_searched(people: Path, other: Path) -> None:
    (rows,) = DeepFace.find(str(people / "eileen.png"), str(people), return_type="dict")
    assert [row["identity"] for row in rows] == [f"{people}/eileen.png"]
    assert rows[0]["distance"] == pytest.approx(0, abs=1e-5)
    assert {"hash", "target_x", "source_w", "threshold", "confidence"} <= set(rows[0])
    assert DeepFace.find(str(other), str(people), return_type="dict") == [[]]
    (nearest,) = DeepFace.find(str(other), str(people), similarity_search=True, k=1, return_type="dict")
    assert len(nearest) == 1


def test_answers_are_data_frames_where_pandas_is(people: Path, monkeypatch) -> None:
    pandas = pytest.importorskip("pandas")
    (frame,) = DeepFace.find(str(people / "eileen.png"), people)
    assert isinstance(frame, pandas.DataFrame)
    assert frame.iloc[0]["identity"].endswith("eileen.png")
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    assert isinstance(DeepFace.find(str(people / "eileen.png"), people)[0], list)
    with pytest.raises(MissingExtraError, match=r'pandas is not installed; run: pip install "vultus\[compat\]"'):
        DeepFace.find(str(people / "eileen.png"), people, return_type="pandas")
    with pytest.raises(InputError, match="return_type must be 'pandas' or 'dict', but is 'csv'"):
        DeepFace.find(str(people / "eileen.png"), people, return_type="csv")


def test_a_film_is_named_and_written(people: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "in.avi", tmp_path / "out.avi"
    with VideoWriter(source, fps=25) as writer:
        for _ in range(3):
            writer.write(portrait())
    DeepFace.stream(str(people), source=str(source), frame_threshold=2, output_path=str(target))
    assert len(list(frames(target))) == 3
    with pytest.raises(InputError, match="stream needs output_path"):
        DeepFace.stream(str(people), source=str(source))


def test_expressions_only(people: Path) -> None:
    path = str(people / "eileen.png")
    with pytest.raises(InputError, match="age, gender and race are not offered"):
        DeepFace.analyze(path)
    with pytest.raises(UnknownNameError, match=r"unknown action 'mood'.*Known: emotion, age, gender, race"):
        DeepFace.analyze(path, actions=("mood",))
    for rows in (DeepFace.analyze(path, actions="emotion"), DeepFace.analyze([path], actions=["emotion"])[0]):
        assert rows[0]["dominant_emotion"] == "happy", "she smiles"
        assert sum(rows[0]["emotion"].values()) == pytest.approx(100, abs=0.1)


def test_colours_that_are_none(people: Path) -> None:
    with pytest.raises(InputError, match="color_face must be one of rgb, bgr, gray, but is 'hsv'"):
        DeepFace.extract_faces(str(people / "eileen.png"), color_face="hsv")
