"""Compare the detectors a default pack could have, and write results/detectors.json.

    python tools/compare_detectors.py ../shared/data

Recall and precision on the 43 marked faces of detection_small; pictures without any detection among every fourth of LFW
View 2, each of which shows a face; time per 640 x 480 picture with 2 threads.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vultus import FaceEngine
from vultus.evaluation.detections import measure_detections, read_marked
from vultus.inference.image import read

ROOT = Path(__file__).resolve().parents[1]
CASES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("dlib CNN", "dlib-mmod", {"upsample": 0}),
    ("dlib CNN, picture enlarged once", "dlib-mmod", {"upsample": 1}),
    ("MTCNN", "mtcnn", {}),
    ("MTCNN, then dlib CNN where nobody was seen (default)", "dlib", {}),
)


def engine_of(pack: str, options: dict[str, Any], folder: Path) -> FaceEngine:
    """An engine of a shipped pack with another detector setting."""
    name = "dlib" if pack == "mtcnn" else pack
    manifest = json.loads((files("vultus.weights") / "packs" / f"{name}.json").read_text())
    manifest["detector"]["options"] = options
    if pack == "mtcnn":
        manifest["detector"]["kind"] = "mtcnn"
        manifest["detector"]["files"] = manifest["detector"]["files"][:3]
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest))
    return FaceEngine(path, threads=2)


def measure(engine: FaceEngine, data: Path) -> dict[str, float]:
    """Recall, precision, empty answers and time of one detector."""

    def find(path: Path) -> tuple[Any, Any]:
        (found,) = engine._detector.detect([read(path)])
        return found.boxes, found.scores

    marked = measure_detections(find, read_marked(data / "detection_small"), iou=0.3).scores
    faces = sorted((data / "lfw_view2/images").iterdir())[::4]
    empty = sum(not found for _, found in engine.find_each(faces, embed=False))
    photographs = [read(picture.image) for picture in read_marked(data / "detection_small")]
    pictures = [np.asarray(cv2.resize(photograph, (640, 480)), np.uint8) for photograph in photographs]
    times = []
    for picture in pictures * 3:
        start = time.perf_counter()
        engine.find(picture, embed=False)
        times.append(time.perf_counter() - start)
    return {
        "recall": marked.recall,
        "precision": marked.precision,
        "lfw_pictures": len(faces),
        "lfw_without_detection": empty,
        "ms_per_640x480": statistics.median(times) * 1e3,
    }


def main() -> None:
    """Measure all cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    rows = []
    for title, pack, options in CASES:
        with tempfile.TemporaryDirectory() as folder:
            rows.append({"detector": title, **measure(engine_of(pack, options, Path(folder)), data)})
        print(rows[-1], flush=True)
    versions = {name: version(name) for name in ("numpy", "onnxruntime", "opencv-python-headless")}
    result = {"command": "python tools/compare_detectors.py DATA", "versions": versions, "threads": 2, "rows": rows}
    (ROOT / "results/detectors.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
