"""What `vultus predict cs3d FILE` does: events or a film in; displays, rates of firing, energy and a picture out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from vultus.errors import InputError
from vultus.research.blocks.spiking import Rate, SoftSpike
from vultus.research.data.events import counted, middle
from vultus.research.data.sample import Samples, predicted
from vultus.research.data.sets.event_files import Recording
from vultus.research.data.sets.filmed import recorded
from vultus.research.data.sets.recordings import VIDEOS
from vultus.research.methods.video_expression.cs3d.displays import CLASSES
from vultus.research.methods.video_expression.cs3d.energy import MATCHING, spent
from vultus.research.methods.video_expression.cs3d.network import Volumes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_AROUND = 1.5  # side of the square that is filmed, in sizes of the face
_SHOWN = 8  # event frames in a row of the picture
_FINE = 96  # cells of a side there
_DARKER, _BRIGHTER = (0.0, 0.45, 0.7), (0.84, 0.37, 0.0)


def watched(model: Any, path: Path, out: Path | None) -> dict[str, Any]:
    """Windows of a recording, each as long as the clips that the network was trained on.

    Args:
        model: a trained `Recognition`.
        path: an event file, or a film.
        out: folder for `events.png`; None draws nothing.
    """
    config = model.config
    film = path.suffix.lower() in VIDEOS
    finder = _Finder() if film else None
    recording = recorded(path, config.filming.pixels, config.filming.camera, 0, finder)
    said = len(recording.events)
    recording = _middle(recording, path)
    windows, starts = cut(recording, config.grid.bins, config.grid.side, config.filming.seconds)
    samples = Samples({"voxels": windows}, name=path.name)
    scores = _softmax(predicted(model, samples)["logits"])
    clips = torch.from_numpy(windows[np.argsort(-windows.sum((1, 2, 3, 4)), kind="stable")[:64]])
    ours, theirs = spent(model.network, clips), spent(Volumes(config.size, MATCHING), clips)
    words = CLASSES if config.classes == len(CLASSES) else [str(number) for number in range(config.classes)]
    if out is not None:
        at = int(windows.sum((1, 2, 3, 4)).argmax())
        sent = firing(model.network, windows[at])
        fine, _ = cut(recording, config.grid.bins, min(recording.size[0], _FINE), config.filming.seconds)
        draw(fine[at], scores[at], words, sent, out / "events.png")
    return {
        "events": said, "in_the_middle": len(recording.events), "side": recording.size[0],
        "simulated": film, "face": finder.found if finder else None,
        "windows": [
            {"start_s": round(start, 3), "events": int(window.sum()), "label": words[int(row.argmax())],
             "probabilities": {word: round(float(one), 4) for word, one in zip(words, row, strict=True)}}
            for start, window, row in zip(starts, windows, scores, strict=True)
        ],
        "firing_rates": {name: round(rate, 4) for name, rate in ours.rates.items()},
        "energy": {
            "macs": ours.macs, "dense_uj": round(ours.dense_pj / 1e6, 3), "event_uj": round(ours.event_pj / 1e6, 3),
            "c3d_dense_uj": round(theirs.dense_pj / 1e6, 3), "dense_of_c3d": round(ours.dense_pj / theirs.dense_pj, 4),
            "event_of_c3d": round(ours.event_pj / theirs.dense_pj, 4),
        },
    }  # fmt: skip


def cut(recording: Recording, bins: int, side: int, seconds: float) -> tuple[NDArray[np.uint8], list[float]]:
    """Windows that overlap by half, and when each begins, in seconds after the first event.

    A recording that is shorter than a window is one window, at its beginning.

    Args:
        recording: what happened.
        bins, side: of the grid.
        seconds: of a window.
    """
    begin, long = float(recording.events["t"][0]), seconds * 1e6
    last = max(float(recording.events["t"][-1]) - begin - long, 0.0)
    starts = [begin + long / 2 * number for number in range(int(last // (long / 2)) + 1)]
    t, found = recording.events["t"], []
    for start in starts:
        low, high = np.searchsorted(t, [start, start + long])
        found.append(counted(recording.events[low:high], bins, (side, side), (start, start + long), recording.size))
    return np.stack(found), [(start - begin) / 1e6 for start in starts]


def firing(network: torch.nn.Module, window: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
    """Mean of what each layer of neurons sends, bin by bin, for one window."""
    sent: dict[str, NDArray[np.float64]] = {}
    handles = []
    for name, part in network.named_modules():
        if isinstance(part, SoftSpike | Rate):

            def keep(module: torch.nn.Module, given: object, made: torch.Tensor, name: str = name) -> None:
                sent[name] = made.mean((0, 1, 3, 4)).double().cpu().numpy()

            handles.append(part.register_forward_hook(keep))
    weight = next(network.parameters())
    try:
        with torch.inference_mode():
            network.eval()(torch.from_numpy(window[None]).to(weight.device))
    finally:
        for handle in handles:
            handle.remove()
    return sent


def draw(
    window: NDArray[np.uint8], scores: NDArray[np.float64], words: Sequence[str],
    sent: dict[str, NDArray[np.float64]], path: Path,
) -> None:  # fmt: skip
    """Event frames, what the neurons send, and the scores.

    Args:
        window: counts, (2, T, H, W).
        scores: of `words`.
        words: names.
        sent: see `firing`.
        path: of the picture.
    """
    from matplotlib.figure import Figure

    bins = window.shape[1]
    shown = np.unique(np.linspace(0, bins - 1, min(bins, _SHOWN)).round().astype(int))
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    parts: Any = figure.subfigures(2, 1, height_ratios=[1, 1.7])
    frames, charts = parts
    for axes, number in zip(frames.subplots(1, len(shown)), shown, strict=True):
        axes.imshow(coloured(window[:, number]), interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_title(f"bin {number + 1}", fontsize=8)
    left, right = charts.subplots(1, 2)
    for number, rates in enumerate(sent.values(), 1):
        left.plot(np.arange(1, bins + 1), rates, marker="o", markersize=3, label=f"layer {number}")
    left.set(xlabel="bin of time", ylabel="mean spike", ylim=(0, None))
    if sent:
        left.legend(frameon=False, fontsize=8)
    right.barh(range(len(words)), scores, color="#56b4e9")
    right.set(yticks=range(len(words)), yticklabels=[word.replace("_", " ") for word in words], xlim=(0, 1),
              xlabel="probability")  # fmt: skip
    right.invert_yaxis()
    for axes in (left, right):
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    figure.savefig(path, dpi=100)


def coloured(counts: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Darker in blue and brighter in orange on white: (2, H, W) to (H, W, 3)."""
    share = np.minimum(counts / max(float(np.percentile(counts.max(0), 99)), 1.0), 1.0)
    picture = np.ones((*counts.shape[1:], 3))
    for one, colour in zip(share, (_DARKER, _BRIGHTER), strict=True):
        picture -= one[..., None] * (1 - np.array(colour))
    return np.clip(picture, 0, 1)


def _middle(recording: Recording, path: Path) -> Recording:
    """The square that a network sees of a camera."""
    events, size = middle(recording.events, recording.size)
    if not len(events):
        raise InputError(f"{path} says nothing in the middle square of its camera")
    return Recording(events, size)


class _Finder:
    """Tells the square around the most prominent face; the detector is loaded when it is first asked."""

    def __init__(self) -> None:
        self.found = False
        self._engine: Any = None

    def __call__(self, frame: NDArray[np.uint8]) -> tuple[int, int, int] | None:
        from vultus.inference.engine import FaceEngine
        from vultus.types import prominent

        if self._engine is None:
            self._engine = FaceEngine()
        face = prominent(self._engine.find(frame, embed=False))
        if face is None:
            return None
        self.found = True
        left, top, right, bottom = (float(one) for one in face.box.xyxy)
        side = _AROUND * max(right - left, bottom - top)
        return round((left + right - side) / 2), round((top + bottom - side) / 2), round(side)


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    raised = np.exp(logits.astype(np.float64) - logits.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True))
