"""Measure the degradations and attacks of the face world into results/world_calibration.json.

python tools/calibrate_world.py
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from vultus import FaceEngine
from vultus.research.data.world import calibrate, faces

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Write the file."""
    options = argparse.ArgumentParser()
    options.add_argument("--pictures", type=int, default=40, help="for degradations, 256x256")
    options.add_argument("--attacked", type=int, default=400, help="for attacks, 128x128")
    options.add_argument("--only", choices=("degradations", "attacks"))
    given = options.parse_args()
    file = ROOT / "results/world_calibration.json"
    report = json.loads(file.read_text()) if file.exists() else {}
    report["command"] = "python tools/calibrate_world.py"
    if given.only != "attacks":
        clean = faces(given.pictures, seed=11, size=256, turn=0.25)["image"]
        engine = FaceEngine(threads=2)

        def embedded(images: np.ndarray) -> list[np.ndarray | None]:
            found = [engine.find(image) for image in images]
            return [max(some, key=lambda face: face.score).embedding.vector if some else None for some in found]

        before = embedded(clean)

        def look(images: np.ndarray) -> dict[str, float]:
            after = embedded(images)
            both = [float(a @ b) for a, b in zip(before, after, strict=True) if a is not None and b is not None]
            share = round(sum(one is not None for one in after) / len(after), 4)
            return {"found": share, "cosine": round(float(np.mean(both)), 4) if both else None}

        report["degradations"] = {"pictures": given.pictures, "size": 256, "clean_found": look(clean)["found"],
                                  "rows": calibrate.degradations(clean, 5, look)}  # fmt: skip
    if given.only != "degradations":
        real = faces(given.attacked, seed=12, size=128)
        rows = calibrate.attacks(real["image"], real.subjects, 6)
        report["attacks"] = {"pictures": given.attacked, "size": 128, "rows": rows}
    file.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
