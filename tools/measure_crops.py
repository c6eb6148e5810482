"""Measure with which margin kept cut-outs of faces serve every detector, and write results/crops.json.

    python tools/measure_crops.py ../shared/data [--pictures 600]

For the most prominent face of pictures of LFW View 2 (192 x 192) and of celeb_examples (up to 1,024): is it found again
in its cut-out, by the detector that found it and by two others, and is its embedding the same?
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from vultus import FaceEngine
from vultus.gallery.crop import LONGEST_PX, MARGIN, QUALITY, cut, meant
from vultus.inference.detectors.yunet import Yunet
from vultus.inference.image import read
from vultus.inference.session import open_session
from vultus.types import Box, Face, Quality, prominent

ROOT = Path(__file__).resolve().parents[1]
MARGINS = (0.1, 0.25, 0.5, 0.75)


class YunetOnly:
    """A detector dressed as an engine without embeddings."""

    def __init__(self, path: Path) -> None:
        self._detector = Yunet(open_session(path, device="cpu", threads=1))

    def find(self, image: Any) -> list[Face]:
        """The faces of a picture."""
        (found,) = self._detector.detect([read(image)])
        parts = zip(found.boxes, found.landmarks, found.scores, strict=True)
        return [Face(Box(box), points, float(score), Quality(1.0)) for box, points, score in parts]


def measure(engines: dict[str, Any], pictures: list[Path]) -> list[dict[str, Any]]:
    """One row per margin and detector."""
    rows: dict[tuple[float, str], dict[str, Any]] = {}
    for path in pictures:
        picture = read(path)
        for name, engine in engines.items():
            face = prominent(engine.find(picture))
            if face is None:
                continue
            for margin in MARGINS:
                row = rows.setdefault((margin, name), {"faces": 0, "again": 0, "cosine": [], "bytes": []})
                row["faces"] += 1
                crop = cut(picture, face.box, margin=margin)
                row["bytes"].append(len(crop))
                again = meant(engine.find(crop), read(crop).shape[0], margin=margin)
                row["again"] += again is not None
                if again is not None and again.embedding is not None and face.embedding is not None:
                    row["cosine"].append(face.embedding.similarity(again.embedding))
    return [
        {
            "margin": margin, "detector": name, "faces": row["faces"], "found_again": row["again"],
            "bytes": round(float(np.mean(row["bytes"]))),
            "cosine_mean": round(float(np.mean(row["cosine"])), 5) if row["cosine"] else None,
            "cosine_worst_percent": round(float(np.percentile(row["cosine"], 1)), 5) if row["cosine"] else None,
        }
        for (margin, name), row in sorted(rows.items())
    ]  # fmt: skip


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--pictures", type=int, default=600)
    given = parser.parse_args()
    engines = {
        "dlib (default)": FaceEngine("dlib", threads=1),
        "dlib-mmod": FaceEngine("dlib-mmod", threads=1),
        "YuNet": YunetOnly(given.data / "ref_weights/yunet_n_dynamic.onnx"),
    }
    sets = {}
    for name in ("lfw_view2", "celeb_examples"):
        everything = sorted((given.data / name / "images").iterdir())
        chosen = everything[:: max(1, len(everything) // given.pictures)]
        sets[name] = {"pictures": len(chosen), "rows": measure(engines, chosen)}
    content = {"margin": MARGIN, "longest_px": LONGEST_PX, "quality": QUALITY, "sets": sets}
    (ROOT / "results/crops.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
