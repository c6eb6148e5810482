"""Draw what BoostingVRME says of a made film beside what is true: docs/images/boosting_vrme.png.

vultus train boosting_vrme --check --seed 3 --out runs/vrme
python tools/draw_spotting.py runs/vrme
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from vultus.research.data.sample import predicted
from vultus.research.methods.micro_expression import boosting_vrme as method
from vultus.research.methods.micro_expression.boosting_vrme.decode import decode, emotion_of
from vultus.research.methods.micro_expression.boosting_vrme.films import CLASSES, NEUTRAL
from vultus.research.run import trained

ROOT = Path(__file__).resolve().parents[1]
SEED = 3


def main() -> None:
    """One film of a person nobody was trained on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    args = parser.parse_args()
    run = trained("boosting_vrme", args.run)
    config = run.config
    test = method.data(replace(config, testers=1), SEED, None).test.subset([0])
    found = predicted(run.model, test)
    curve, marks = found["curve"][0], test["marks"][0]
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.plot(curve, color="#333333", linewidth=1)
    for onset, apex, offset, kind in marks[marks[:, 0] >= 0]:
        axes.plot((onset, offset), (1.07, 1.07), color="#009e73", linewidth=5, solid_capstyle="butt")
        axes.annotate(CLASSES[kind][:3], (apex, 1.13), ha="center", fontsize=8, color="#00674c", annotation_clip=False)
    for one in decode(curve.astype(np.float64), int(test["kp"][0]), prior=True):
        axes.axvspan(one.onset, one.offset, color="#56b4e9", alpha=0.4, linewidth=0)
        axes.plot(one.apex, curve[one.apex], "o", color="#d55e00", markersize=4)
        name = CLASSES[emotion_of(found["emotion"][0], one, NEUTRAL)]
        axes.annotate(name[:3], (one.apex, -0.13), ha="center", fontsize=8, color="#1f6fa8", annotation_clip=False)
    axes.set(ylabel="score", xlim=(0, len(curve) - 1), ylim=(0, 1.1))
    axes.set_xlabel("frame", labelpad=12)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="x", pad=14)
    figure.savefig(ROOT / "docs/images/boosting_vrme.png", dpi=100)


if __name__ == "__main__":
    main()
