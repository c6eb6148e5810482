"""What `vultus predict boosting_vrme FILM` does: a film in, intervals and a picture of the curve out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.inference import video
from vultus.research.data.sample import Samples, predicted
from vultus.research.methods.micro_expression.boosting_vrme.decode import decode, emotion_of
from vultus.research.methods.micro_expression.boosting_vrme.films import CLASSES, NEUTRAL
from vultus.research.methods.micro_expression.boosting_vrme.flow import film_flow, finder

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.research.methods.micro_expression.boosting_vrme.decode import Interval


def watched(model: Any, path: Path, out: Path | None, kp: int) -> dict[str, Any]:
    """Spot and recognise in a film.

    Args:
        model: a trained `FilmRegression`.
        path: the film.
        out: folder for `curve.png`; None draws nothing.
        kp: half a usual duration, frames.
    """
    flow = film_flow((frame.image for frame in video.frames(path)), finder(), model.config.window)
    found = predicted(model, Samples({"flow": flow[None]}, name=path.name))
    curve, emotion = found["curve"][0], found["emotion"][0]
    spotted = decode(curve.astype(np.float64), kp, prior=model.prior)
    names = [CLASSES[emotion_of(emotion, one, NEUTRAL)] for one in spotted]
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        draw(curve, spotted, names, out / "curve.png")
    return {
        "frames": len(curve),
        "intervals": [
            {"onset": one.onset, "apex": one.apex, "offset": one.offset, "emotion": name,
             "score": round(float(curve[one.apex]), 4)}
            for one, name in zip(spotted, names, strict=True)
        ],
    }  # fmt: skip


def draw(curve: NDArray[np.float32], spotted: list[Interval], names: list[str], path: Path) -> None:
    """The score over the film, with its intervals and apex frames."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot(curve, color="#333333", linewidth=1)
    for one, name in zip(spotted, names, strict=True):
        axes.axvspan(one.onset, one.offset, color="#56b4e9", alpha=0.4, linewidth=0)
        axes.plot(one.apex, curve[one.apex], "o", color="#d55e00", markersize=4)
        axes.annotate(name, (one.apex, 1.02), ha="center", fontsize=8, annotation_clip=False)
    axes.set(xlabel="frame", ylabel="score", xlim=(0, len(curve) - 1), ylim=(0, 1.1))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, dpi=120)
