"""A film in, intervals and a picture out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from unit.inference.portraits import portrait
from vultus.inference.image import read
from vultus.inference.record import VideoWriter
from vultus.research.methods.micro_expression import boosting_vrme
from vultus.research.methods.micro_expression.boosting_vrme.decode import Interval
from vultus.research.methods.micro_expression.boosting_vrme.watch import draw


def test_a_film_is_answered(tmp_path: Path) -> None:
    film = tmp_path / "still.avi"
    with VideoWriter(film, fps=25) as writer:
        for _ in range(18):
            writer.write(portrait())
    model = boosting_vrme.build(replace(boosting_vrme.Config.tiny(), window=16))
    found = boosting_vrme.answer(model, film, tmp_path / "out")
    assert found["frames"] == 18
    assert all(0 <= one["onset"] <= one["apex"] <= one["offset"] < 18 for one in found["intervals"])
    assert (tmp_path / "out/curve.png").stat().st_size > 1000


def test_the_curve_is_drawn(tmp_path: Path) -> None:
    curve = np.abs(np.sin(np.arange(200) / 20)).astype(np.float32)
    draw(curve, [Interval(20, 31, 45)], ["surprise"], tmp_path / "curve.png")
    assert read(tmp_path / "curve.png").shape == (360, 1200, 3)
