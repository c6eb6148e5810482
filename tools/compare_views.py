"""Compare the views of a face that could be averaged: TMR over all pairs of LFW, into results/views.json.

python tools/compare_views.py ../shared/data/lfw_view2
"""

from __future__ import annotations

import argparse
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

from vultus import FaceEngine
from vultus.evaluation.pairs import read_pairs
from vultus.inference.align import warp
from vultus.inference.image import read
from vultus.types import prominent

ROOT = Path(__file__).resolve().parents[1]
View = tuple[float, bool]
SETS: dict[str, tuple[View, ...]] = {
    "one": ((1.0, False),),
    "and its mirror image": ((1.0, False), (1.0, True)),
    "wider mirrored, closer (default)": ((0.97, True), (1.06, False)),
    "wider, closer, and both mirrored": ((0.97, False), (0.97, True), (1.06, False), (1.06, True)),
}
RATES = (1e-2, 1e-3, 1e-4)


def descriptors(engine: FaceEngine, images: tuple[Path, ...], views: set[View]) -> dict[View, np.ndarray]:
    """The network's own output for each picture and view, NaN where no face was found."""
    template, size = np.array(engine.pack.aligner.template), engine.pack.aligner.size
    out = {view: np.full((len(images), engine.pack.embedder.dimension), np.nan, np.float32) for view in views}
    for index, (path, found) in enumerate(engine.find_each(images, embed=False)):
        face = prominent(found) if isinstance(found, list) else None
        if face is None:
            continue
        for zoom, mirror in views:
            crop = warp(read(path), face.landmarks, (template - size / 2) * zoom + size / 2, size)
            out[zoom, mirror][index] = engine._embedder.descriptors((crop[:, ::-1] if mirror else crop)[None])[0]
    return out


def main() -> None:
    """Measure all sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    lfw = read_pairs(parser.parse_args().folder)
    engine = FaceEngine("dlib")
    person = np.unique(lfw.identities, return_inverse=True)[1]
    a, b = np.triu_indices(len(person), 1)
    mated = person[a] == person[b]
    raw = descriptors(engine, lfw.images, {view for views in SETS.values() for view in views})
    rows = []
    for name, views in SETS.items():
        total = np.sum([raw[view] for view in views], axis=0)
        vectors = np.nan_to_num(total / np.linalg.norm(total, axis=1, keepdims=True))
        scores = (vectors @ vectors.T)[a, b]
        impostor = np.sort(scores[~mated])[::-1]
        tmr = {f"{rate:g}": float(np.mean(scores[mated] > impostor[int(rate * len(impostor))])) for rate in RATES}
        rows.append({"views": name, "crops": len(views), "tmr_at_fmr": tmr})
        print(rows[-1], flush=True)
    result = {
        "command": "python tools/compare_views.py LFW_FOLDER",
        "genuine": int(mated.sum()),
        "impostor": int((~mated).sum()),
        "rows": rows,
        "versions": {name: version(name) for name in ("numpy", "onnxruntime", "opencv-python-headless")},
    }
    (ROOT / "results/views.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
