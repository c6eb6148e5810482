"""Measure a pack's thresholds on LFW and write them, with its golden vector, into its manifest.

    python tools/calibrate_pack.py dlib ../shared/data/lfw_view2

The manifest keeps data set, counts and 95 % intervals by subject; what was not acquired and the most similar pairs of
different people go to results/calibration_<pack>.json, to be looked at.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

from vultus import FaceEngine
from vultus.evaluation.calibration import calibrate
from vultus.evaluation.pairs import read_pairs
from vultus.weights.calibration import CalibrationFile
from vultus.weights.golden import make_golden

ROOT = Path(__file__).resolve().parents[1]
DATASET = "LFW View 2, folds 1-5, greyscale centre crops 192x192; all pairs of different people"


def main() -> None:
    """Calibrate one pack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack")
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    engine = FaceEngine(arguments.pack)
    lfw = read_pairs(arguments.folder)
    run = calibrate(engine, lfw.images, lfw.identities, DATASET, name=f"{arguments.pack}-lfw")
    manifest = ROOT / "src/vultus/weights/packs" / f"{arguments.pack}.json"
    content = json.loads(manifest.read_text())
    content["calibrations"] = [dataclasses.asdict(run.calibration)]
    content["golden"] = make_golden(engine.pack, engine._embedder.embed)
    manifest.write_text(json.dumps(content, indent=1) + "\n")
    result = {
        "command": f"python tools/calibrate_pack.py {arguments.pack} LFW_FOLDER",
        "calibration": CalibrationFile(run.calibration, run.contract).document(),
        "contract": run.contract,
        "images": run.n_images,
        "failure_to_acquire_rate": run.fta,
        "not_acquired": [(os.path.basename(path), reason) for path, reason in run.not_acquired],
        "most_similar_impostors": [(s, os.path.basename(a), os.path.basename(b)) for s, a, b in run.nearest],
        "seed": 0,
        "versions": {name: version(name) for name in ("numpy", "onnxruntime", "opencv-python-headless")},
        "machine": platform.processor() or platform.machine(),
    }
    (ROOT / "results" / f"calibration_{arguments.pack}.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
