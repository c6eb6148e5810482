"""What `vultus predict eeg_moce FILE` does: a recording in; classes of its windows, curvatures and a picture out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.research.data.sample import Samples, predicted
from vultus.research.methods.emotion.eeg_moce.material import spread
from vultus.research.methods.emotion.eeg_moce.recordings import modality_of, read_recording

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_SHOWN, _MOST = 5, 9  # classes in the answer, and as rows of the picture


def told(model: Any, path: Path, out: Path | None) -> dict[str, Any]:
    """Classes over windows.

    Args:
        model: a trained `EegMoce`.
        path: the recording.
        out: folder for `windows.png`; None draws nothing.

    Raises:
        InputError: the file cannot be read, is too short, or lacks a channel; the task is not one of recordings.
    """
    how = model.config.recording
    rows = cut(model, path)
    model.refit(rows)
    found = predicted(model, rows)
    chance = np.exp(found["logits"] - found["logits"].max(1, keepdims=True))
    chance /= chance.sum(1, keepdims=True)
    attention = found["attention"].mean((0, 1))
    labels, mean = model.task.labels, chance.mean(0)
    if out is not None:
        draw(model, chance, found["attention"].mean(0), out / "windows.png")
    return {
        "windows": len(rows),
        "seconds": how.seconds,
        "rate_hz": how.rate_hz,
        "classes": {labels[at]: round(float(mean[at]), 4) for at in np.argsort(-mean)[:_SHOWN]},
        "of_windows": [labels[at] for at in chance.argmax(1)],
        "curvature": {name: round(-value, 4) for name, value in model.curvatures.items()},
        "attention": {name: round(float(value), 4) for name, value in zip(model.names, attention, strict=True)},
        "align": model.align,
        "scaling": "each channel by its own median and spread over this recording",
    }


def cut(model: Any, path: Path) -> Samples:
    """The windows of a recording: channels by name, at the rate of training, without overlap.

    Raises:
        InputError: see `told`.
    """
    how = model.config.recording
    if any(one.kind != "signal" for one in model.task.modalities):
        raise InputError(f"task '{model.task.name}' also needs sound and video, which a recording of signals has not")
    whole = read_recording(path)
    wanted = [one for one in model.task.modalities if one.name in model.names]
    parts = {one.name: modality_of(whole, one, str(path)).at(how.rate_hz) for one in wanted}
    length = round(how.seconds * how.rate_hz)
    count = min(part.values.shape[1] for part in parts.values()) // length
    if count < 1:
        raise InputError(f"{path} lasts {whole.values.shape[1] / whole.rate_hz:.3g} s, but a window {how.seconds:g} s")
    columns = {}
    for name, part in parts.items():
        middle, width = spread(part.values)
        scaled = ((part.values - middle) / width)[:, : count * length].reshape(len(part.values), count, length)
        columns[name] = np.ascontiguousarray(scaled.transpose(1, 0, 2))
    return Samples({**columns, "domain": np.zeros(count, np.int64)}, name=path.name)


def draw(model: Any, chance: NDArray[np.float32], attention: NDArray[np.float32], path: Path) -> None:
    """Classes over time, the curvature of each modality, and who listens to whom."""
    from matplotlib.figure import Figure

    path.parent.mkdir(parents=True, exist_ok=True)
    kept = np.argsort(-chance.mean(0))[:_MOST]
    figure = Figure(figsize=(11, 3.2), layout="constrained")
    time, bars, looks = figure.subplots(1, 3, width_ratios=(4, 1.6, 1.8))
    seconds = model.config.recording.seconds
    picture = time.imshow(chance[:, kept].T, aspect="auto", cmap="viridis", vmin=0, vmax=1, interpolation="nearest",
                          extent=(0, len(chance) * seconds, len(kept) - 0.5, -0.5))  # fmt: skip
    time.set_yticks(range(len(kept)), [model.task.labels[at] for at in kept], fontsize=8)
    time.set(xlabel="seconds", title=f"classes of the windows (align: {model.align})")
    figure.colorbar(picture, ax=time)
    names = list(model.names)
    bars.bar(names, [-model.curvatures[name] for name in names], color="#0072b2")
    bars.axhline(0, color="#333333", linewidth=0.8)
    bars.set(title="curvature K")
    looks.imshow(attention, cmap="Greys", vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(attention):
        looks.text(column, row, f"{value:.2f}", ha="center", va="center", color="white" if value > 0.5 else "black")
    looks.set_xticks(range(len(names)), names)
    looks.set_yticks(range(len(names)), names)
    looks.set(title="attention")
    figure.savefig(path, dpi=110)
