"""Film one of CS3D's displays on a rendered person: python tools/film_display.py smile_then_brow OUT.avi [SEED]."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from vultus.inference.record import VideoWriter
from vultus.research.data.world.clips import staged
from vultus.research.data.world.people import draw
from vultus.research.data.world.renderer import render
from vultus.research.methods.video_expression.cs3d.displays import CLASSES, Filming, track

FPS = 30


def film(name: str, path: Path, seed: int) -> None:
    """A second of it, 256 x 256."""
    rng = np.random.default_rng(seed)
    filming = replace(Filming(), frames=FPS + 1)
    scene = staged([track(CLASSES.index(name), filming, rng)], draw(1, seed, 500_000), rng, extent=(30.0, 32.0))
    with VideoWriter(path, fps=FPS) as writer:
        for picture in render(scene, 256)["rgb"]:
            writer.write(picture)


if __name__ == "__main__":
    film(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 35)
