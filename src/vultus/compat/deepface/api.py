"""`verify`, `find`, `represent`, `extract_faces`, `analyze` and `stream` of DeepFace: its arguments, its answers.

Arguments that name a model, detector or normalisation are accepted and do not change what runs: the default pack.
docs/migrating.md lists what differs, on purpose.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.compat.deepface import pictures
from vultus.compat.deepface.distance import FMR, confidence, distance, limit, of_similarity
from vultus.compat.deepface.folder import people_of
from vultus.errors import InputError, MissingExtraError, NoFaceError, UnknownNameError
from vultus.inference import video
from vultus.inference.annotate import draw
from vultus.inference.record import VideoWriter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.compat.deepface.distance import Metric
    from vultus.gallery.collection import Gallery
    from vultus.inference.detect import Image
    from vultus.types import Face

_ACTIONS = ("emotion", "age", "gender", "race")
_COLOURS = ("rgb", "bgr", "gray")


def verify(
    img1_path: Any,
    img2_path: Any,
    model_name: str = pictures.MODEL,
    detector_backend: str = "mtcnn",
    distance_metric: Metric = "cosine",
    enforce_detection: bool = True,
    align: bool = True,
    expand_percentage: int = 0,
    normalization: str = "base",
    silent: bool = False,
    threshold: float | None = None,
    anti_spoofing: bool = False,
) -> dict[str, Any]:
    """Whether two pictures show the same person: the largest face of each is compared.

    Args:
        img1_path, img2_path: a picture each (see `pictures.picture`), or an embedding as a list of numbers.
        distance_metric: "cosine", "euclidean", "euclidean_l2", "angular", or a function of two vectors.
        enforce_detection: a picture without a face is an error; else the pair is not verified.
        threshold: None takes the calibrated one of a false match rate of 1e-3.

    Raises:
        NoFaceError: a picture shows no face.
        InputError: a picture, metric or threshold cannot be used.
    """
    started = time.perf_counter()
    pictures.warn_of_others(model_name, detector_backend)
    bound = limit(distance_metric, threshold, pictures.engine().calibration.threshold(FMR))
    (a, area_a), (b, area_b) = (_vector(source, enforce_detection, anti_spoofing) for source in (img1_path, img2_path))
    apart = float("nan") if a is None or b is None else distance(a, b, distance_metric)
    return {
        "verified": bool(apart <= bound),
        "distance": apart,
        "threshold": bound,
        "confidence": confidence(apart, bound),
        "model": pictures.MODEL,
        "detector_backend": pictures.engine().pack.detector.kind,
        "similarity_metric": distance_metric if isinstance(distance_metric, str) else "custom",
        "facial_areas": {"img1": area_a, "img2": area_b},
        "time": round(time.perf_counter() - started, 2),
    }


def represent(
    img_path: Any,
    model_name: str = pictures.MODEL,
    enforce_detection: bool = True,
    detector_backend: str = "mtcnn",
    align: bool = True,
    expand_percentage: int = 0,
    normalization: str = "base",
    anti_spoofing: bool = False,
    max_faces: int | None = None,
    l2_normalize: bool = False,
    minmax_normalize: bool = False,
    return_face: bool = False,
) -> list[Any]:
    """Embeddings of the faces of a picture, largest first; of a list of pictures, a list of lists.

    They have unit length already. A picture without a face gives an empty list where `enforce_detection` is off.

    Raises:
        NoFaceError: a picture shows no face.
        InputError: a picture cannot be used.
    """
    pictures.warn_of_others(model_name, detector_backend)
    if isinstance(img_path, list | tuple):
        return [
            represent(one, model_name, enforce_detection, detector_backend, align, expand_percentage, normalization,
                      anti_spoofing, max_faces, l2_normalize, minmax_normalize, return_face)
            for one in img_path
        ]  # fmt: skip
    image = pictures.picture(img_path)
    rows = []
    for face in pictures.faces(image, img_path, enforce=enforce_detection, anti_spoofing=anti_spoofing)[:max_faces]:
        if face.embedding is None:
            raise NoFaceError(pictures.named(img_path), "presentation_attack")
        vector = face.embedding.vector.astype(np.float64)
        if minmax_normalize:
            vector = (vector - vector.min()) / (vector.max() - vector.min())
        row = {"embedding": vector.tolist(), "facial_area": pictures.area(face), "face_confidence": face.score}
        if return_face:
            row["face"] = pictures.cut(image, face, align=align, expand_percentage=expand_percentage) / 255
        rows.append(row)
    return rows


def extract_faces(
    img_path: Any,
    detector_backend: str = "mtcnn",
    enforce_detection: bool = True,
    align: bool = True,
    expand_percentage: int = 0,
    grayscale: bool = False,
    color_face: str = "rgb",
    normalize_face: bool = True,
    anti_spoofing: bool = False,
) -> list[Any]:
    """The faces of a picture as pictures of their own, largest first; of a list of pictures, a list of lists.

    Args:
        color_face: "rgb", "bgr" or "gray".
        normalize_face: float64 of 0 to 1 instead of uint8.

    Raises:
        NoFaceError: a picture shows no face; with `enforce_detection` off, the whole picture is given, confidence 0.
        InputError: a picture cannot be used, or there is no such colour.
    """
    if color_face not in _COLOURS:
        raise InputError(f"color_face must be one of {', '.join(_COLOURS)}, but is {color_face!r}")
    if isinstance(img_path, list | tuple):
        return [
            extract_faces(one, detector_backend, enforce_detection, align, expand_percentage, grayscale, color_face,
                          normalize_face, anti_spoofing)
            for one in img_path
        ]  # fmt: skip
    colour = "gray" if grayscale else color_face
    image = pictures.picture(img_path)
    found = pictures.faces(image, img_path, enforce=enforce_detection, anti_spoofing=anti_spoofing, tasks=())
    if not found:
        whole = _coloured(image, colour, normalize_face)
        return [{"face": whole, "facial_area": pictures.whole(image), "confidence": 0.0}]
    rows = []
    for face in found:
        crop = pictures.cut(image, face, align=align, expand_percentage=expand_percentage)
        row = {"face": _coloured(crop, colour, normalize_face), "facial_area": pictures.area(face),
               "confidence": face.score}  # fmt: skip
        if anti_spoofing and face.liveness is not None:
            row |= {"is_real": face.liveness.live, "antispoof_score": face.liveness.live_score}
        rows.append(row)
    return rows


def find(
    img_path: Any,
    db_path: str | Path,
    model_name: str = pictures.MODEL,
    distance_metric: str = "cosine",
    enforce_detection: bool = True,
    detector_backend: str = "mtcnn",
    align: bool = True,
    similarity_search: bool = False,
    k: int | None = None,
    expand_percentage: int = 0,
    threshold: float | None = None,
    normalization: str = "base",
    silent: bool = False,
    refresh_database: bool = True,
    anti_spoofing: bool = False,
    datastore_format: str = "npz",
    return_type: str | None = None,
) -> list[Any]:
    """The pictures of a folder that show the people of a picture: one answer per face, nearest first.

    Args:
        db_path: folder of pictures; a sealed gallery is kept in it (see `folder.py`).
        similarity_search: no threshold, the `k` nearest.
        return_type: "pandas" for DataFrames, "dict" for lists of dicts; None takes pandas if it is installed.

    Raises:
        NoFaceError: the picture shows no face.
        InputError: a picture, folder, metric or return type cannot be used.
        MissingExtraError: pandas is wanted and not installed.
    """
    pictures.warn_of_others(model_name, detector_backend)
    frame = _frames(return_type)
    bound = limit(distance_metric, threshold, pictures.engine().calibration.threshold(FMR))
    image = pictures.picture(img_path)
    found = pictures.faces(image, img_path, enforce=enforce_detection, anti_spoofing=anti_spoofing)
    gallery = people_of(db_path, refresh=refresh_database, silent=silent)
    answers = []
    for face in found:
        near = _near(gallery, face, distance_metric, top=max(len(gallery), 1))
        kept = [one for one in near if similarity_search or one[0] <= bound][:k]
        answers.append(frame([_row(gallery, face, apart, name, bound, str(db_path)) for apart, name in kept]))
    return answers


def analyze(
    img_path: Any,
    actions: Sequence[str] | str = _ACTIONS,
    enforce_detection: bool = True,
    detector_backend: str = "mtcnn",
    align: bool = True,
    expand_percentage: int = 0,
    silent: bool = False,
    anti_spoofing: bool = False,
) -> list[Any]:
    """Expressions of the faces of a picture, in per cent; of a list of pictures, a list of lists.

    Only the action "emotion" is offered; ask for it by name.

    Raises:
        NoFaceError: a picture shows no face.
        InputError: another action is asked for, or a picture cannot be used.
        UnknownNameError: there is no such action.
    """
    wanted = (actions,) if isinstance(actions, str) else tuple(actions)
    for action in wanted:
        if action not in _ACTIONS:
            raise UnknownNameError("action", action, _ACTIONS, f"Known: {', '.join(_ACTIONS)}")
    if wanted != ("emotion",):
        raise InputError("age, gender and race are not offered; ask for actions=('emotion',)")
    if isinstance(img_path, list | tuple):
        return [analyze(one, wanted, enforce_detection, detector_backend, align, expand_percentage, silent,
                        anti_spoofing) for one in img_path]  # fmt: skip
    image = pictures.picture(img_path)
    found = pictures.faces(
        image, img_path, enforce=enforce_detection, anti_spoofing=anti_spoofing, tasks=pictures.LOOKS
    )
    rows = []
    for face in found:
        if face.expression is None:
            continue
        percent = {word: 100 * score for word, score in face.expression.scores.items()}
        rows.append({"region": pictures.area(face), "face_confidence": face.score, "emotion": percent,
                     "dominant_emotion": max(percent, key=percent.__getitem__)})  # fmt: skip
    return rows


def stream(
    db_path: str | Path,
    model_name: str = pictures.MODEL,
    detector_backend: str = "mtcnn",
    distance_metric: str = "cosine",
    enable_face_analysis: bool = False,
    source: int | str = 0,
    time_threshold: int = 5,
    frame_threshold: int = 5,
    anti_spoofing: bool = False,
    output_path: str | None = None,
    debug: bool = False,
) -> None:
    """Recognise people in a film or before a camera, and write what was seen to `output_path`.

    No window is opened: Vultus comes without a display. `vultus watch` tells of people as they come and go.

    Args:
        source: number of a camera, or path of a film.
        frame_threshold: every so many frames are looked at.
        output_path: the film to write.

    Raises:
        InputError: no output_path, or the folder cannot be used.
        VideoError: the source cannot be read.
    """
    if output_path is None:
        raise InputError("stream needs output_path, the film to write: there is no window; or use: vultus watch")
    pictures.warn_of_others(model_name, detector_backend)
    gallery = people_of(db_path, refresh=True)
    bound = limit(distance_metric, None, pictures.engine().calibration.threshold(FMR))
    marks: list[tuple[Face, str, str]] = []
    with VideoWriter(output_path, fps=25) as writer:
        for number, frame in enumerate(video.frames(source)):
            if number % max(frame_threshold, 1) == 0:
                marks = [_mark(gallery, face, distance_metric, bound) for face in pictures.engine().find(frame.image)]
            writer.write(draw(frame.image, marks))


def _vector(
    source: Any, enforce: bool, anti_spoofing: bool
) -> tuple[NDArray[np.float64] | None, dict[str, Any] | None]:
    if isinstance(source, list) and source and all(isinstance(value, int | float) for value in source):
        return np.array(source, np.float64), None
    image = pictures.picture(source)
    for face in pictures.faces(image, source, enforce=enforce, anti_spoofing=anti_spoofing):
        if face.embedding is None:
            raise NoFaceError(pictures.named(source), "presentation_attack")
        return face.embedding.vector.astype(np.float64), pictures.area(face)
    return None, None


def _near(gallery: Gallery, face: Face, metric: str, top: int) -> list[tuple[float, str]]:
    """Distance and name of the pictures of a gallery that are nearest to a face, nearest first."""
    # The rate decides nothing here: candidates are wanted, whatever their similarity.
    (answer,) = gallery.identify_faces([face], fpir=0.5, top=top)
    return [(of_similarity(candidate.similarity, metric), candidate.name) for candidate in answer.candidates]


def _row(gallery: Gallery, face: Face, apart: float, name: str, bound: float, home: str) -> dict[str, Any]:
    """A picture of the folder that shows somebody, as DeepFace tells of it."""
    source, target = pictures.area(face), gallery.faces(name)[0]
    left, top, right, bottom = (round(side) for side in target.box_xyxy_px)
    return {
        "identity": f"{home.rstrip('/')}/{name}", "hash": target.picture,
        "target_x": left, "target_y": top, "target_w": right - left, "target_h": bottom - top,
        "source_x": source["x"], "source_y": source["y"], "source_w": source["w"], "source_h": source["h"],
        "threshold": bound, "confidence": confidence(apart, bound), "distance": apart,
    }  # fmt: skip


def _mark(gallery: Gallery, face: Face, metric: str, bound: float) -> tuple[Face, str, str]:
    if face.embedding is None:
        return face, "", "refused"
    near = _near(gallery, face, metric, top=1) if len(gallery) else []
    if near and near[0][0] <= bound:
        return face, near[0][1].partition("/")[0], "match"
    return face, "", "unknown"


def _coloured(image: Image, colour: str, normalise: bool) -> NDArray[Any]:
    if colour == "gray":
        image = (image @ np.array([0.299, 0.587, 0.114])).round().astype(np.uint8)
    elif colour == "bgr":
        image = np.ascontiguousarray(image[..., ::-1])
    return image / 255 if normalise else image


def _frames(return_type: str | None) -> Any:
    if return_type not in (None, "pandas", "dict"):
        raise InputError(f"return_type must be 'pandas' or 'dict', but is {return_type!r}")
    if return_type == "dict":
        return list
    try:
        import pandas  # type: ignore[import-untyped]
    except ImportError as error:
        if return_type is None:
            return list
        raise MissingExtraError("pandas", "compat") from error
    return pandas.DataFrame
