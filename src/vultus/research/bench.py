"""The suite of `vultus bench training`: what the loop, and reading rows, cost beside the same step written by hand."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.evaluation.row import Bench, Measurement, Row
from vultus.evaluation.timing import interleaved
from vultus.research.contract import Player, Stage
from vultus.research.data.sample import Samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch
    from numpy.typing import NDArray

PACKAGES = ("torch", "lightning-fabric")
_SIDE, _CLASSES, _ROWS = 48, 7, 128
_PICTURES, _FER2013 = 4096, 28_709
_GOAL = 1.10


def overhead(bench: Bench) -> Iterator[Row]:
    """A step of the loop beside one by hand on rows that are there already: from memory, and from files.

    Raises:
        MissingExtraError: what training needs is not installed.
    """
    import torch

    from vultus.research.training.loop import train

    torch.set_num_threads(bench.threads)
    steps, repeats = bench.count(16, 2), bench.count(3, 1)
    images, labels = _made(bench.count(_PICTURES, 2 * _ROWS))
    memory = Samples({"image": images, "label": labels}, name="memory")
    with tempfile.TemporaryDirectory() as folder:
        files = memory.with_fields(image=_files(images, Path(folder)))
        for what, samples in (("memory", memory), ("PNG files", files)):
            model, stage = network(), _stage(steps)
            by_hand = _by_hand(network(), samples.take(np.arange(_ROWS)), steps)
            taken = interleaved(lambda: train(model, samples, 0, stages=[stage]), by_hand, repeats)  # noqa: B023
            ours, peer = (1e3 * seconds / steps for seconds in taken)
            goal = what == "memory"
            yield Row(
                what=f"a step on {_ROWS} pictures of {_SIDE}x{_SIDE} from {what}", ours=ours, peer=peer,
                peer_name="written by hand, rows there already", ratio=ours / peer, unit="ms", n=steps * repeats,
                goal=f"<= {_GOAL:g} x" if goal else "", met=ours <= _GOAL * peer if goal else None,
                reason=f"{sum(one.numel() for one in model.parameters()):,} parameters, AdamW; the loop also picks and "
                "reads the rows, plants the seed, clips, and looks whether all is finite; files are decoded by the "
                "processors that train",
            )  # fmt: skip


def epoch(bench: Bench) -> Iterator[Row]:
    """One pass over FER2013 at the tiny scale: the real pictures with --data, made ones of the same size without."""
    import torch

    from vultus.research.training.loop import train

    torch.set_num_threads(bench.threads)
    if bench.data is None:
        images, labels = _made(bench.count(_FER2013, 2 * _ROWS))
        samples, source = Samples({"image": images, "label": labels}), "made pictures"
    else:
        from vultus.research.data.sets import open_set

        read = open_set("fer2013", bench.folder("fer2013")).read("train", _SIDE, grey=True)
        rows = np.arange(bench.count(len(read), 2 * _ROWS))
        samples, source = Samples({"image": read["image"][rows], "label": read["expression"][rows]}), "FER2013"
    steps, ticks = len(samples) // _ROWS, [perf_counter()]
    train(network(), samples, 0, stages=[_stage(steps)], tell=lambda: ticks.append(perf_counter()))
    each = np.diff(ticks) * 1e3
    yield Row(what=f"one epoch of {source}, {len(samples):,} pictures", ours=ticks[-1] - ticks[0], unit="s", n=steps,
              reason=f"{_ROWS} pictures a step, {bench.threads} threads")  # fmt: skip
    yield Row(what=f"a step of it, median of {steps}", ours=median(each.tolist()), unit="ms", n=steps)


def network() -> torch.nn.Module:
    """The small residual network of the tiny scale, as a `Trainable`."""
    import torch

    from vultus.research.blocks.backbones import ResNet

    class Tiny(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = ResNet(_CLASSES, 1, widths=(12, 24, 48), depths=(1, 1, 1), stem=2)

        def losses(self, batch: dict[str, torch.Tensor], player: str) -> dict[str, torch.Tensor]:
            logits = self.body(batch["image"].movedim(3, 1).float() / 255)
            return {"ce": torch.nn.functional.cross_entropy(logits, batch["label"])}

    return Tiny()


def _stage(steps: int) -> Stage:
    return Stage("main", (Player("all", lr=1e-3, schedule="constant"),), steps, _ROWS)


def _by_hand(model: Any, rows: dict[str, NDArray[Any]], steps: int) -> Callable[[], None]:
    import torch

    batch = {key: torch.from_numpy(value) for key, value in rows.items()}
    optimiser = torch.optim.AdamW(model.parameters(), 1e-3)

    def run() -> None:
        for _ in range(steps):
            optimiser.zero_grad()
            model.losses(batch, "all")["ce"].backward()
            optimiser.step()

    return run


def _made(count: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Noise in the size of FER2013."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, _SIDE, _SIDE, 1), np.uint8), rng.integers(0, _CLASSES, count)


def _files(images: NDArray[np.uint8], folder: Path) -> Any:
    """The same pictures as files, read when they are taken."""
    from vultus.inference.image import write
    from vultus.research.data.sets.material import Files
    from vultus.research.data.sets.pictures import Pictures

    paths = [folder / f"{number}.png" for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        write(path, image.repeat(3, 2))
    return Pictures(Files(tuple(paths)), _SIDE, grey=True)


MEASUREMENTS = (Measurement("overhead", overhead), Measurement("epoch", epoch))
