"""Curves of a journal: losses, validation figures, gradients, learning rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from vultus.research.training.journal import rows

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.research.training.journal import Row

_SMOOTH = 25  # points of a loss that are averaged into one of its line


def draw(journal: Path, target: Path, title: str) -> None:
    """Draw a journal into a picture; kinds of figures that it has none of get no panel.

    Args:
        journal: a CSV file.
        target: PNG, or whatever its ending says.
        title: written above.
    """
    noted = rows(journal)
    kinds: dict[str, list[Row]] = {"loss": [], "validation": [], "gradient": [], "learning rate": []}
    for row in noted:
        kinds[_kind(row.what)].append(row)
    panels = {kind: found for kind, found in kinds.items() if found}
    figure = Figure(figsize=(9, 1.2 + 2.6 * len(panels)), layout="constrained")
    figure.suptitle(title)
    start = _starts(noted)
    for axes, (kind, found) in zip(
        figure.subplots(len(panels), squeeze=False, sharex=True)[:, 0], panels.items(), strict=True
    ):
        for what in dict.fromkeys(row.what for row in found):
            line = [(start[row.stage] + row.step, row.value) for row in found if row.what == what]
            x, y = np.array(line).T
            if kind in ("loss", "gradient"):
                (drawn,) = axes.plot(x, y, alpha=0.25, linewidth=0.7)
                axes.plot(x, _smooth(y), color=drawn.get_color(), label=what)
            else:
                axes.plot(x, y, label=what, marker="." if kind == "validation" else "")
        for stage, step in start.items():
            axes.axvline(step, color="grey", linewidth=0.5)
            axes.annotate(stage, (step, 1), xycoords=("data", "axes fraction"), fontsize="x-small", va="bottom")
        axes.set(xlabel="step", ylabel=kind, yscale="log" if kind == "gradient" else "linear")
        axes.legend(fontsize="small")
    figure.savefig(target, dpi=110)


def _kind(what: str) -> str:
    if what.startswith("validation/"):
        return "validation"
    return {"rate": "learning rate", "gradient": "gradient"}.get(what.rpartition("/")[2], "loss")


def _starts(noted: list[Row]) -> dict[str, int]:
    """Where each stage begins, counted over all of them."""
    start: dict[str, int] = {}
    length: dict[str, int] = {}
    for row in noted:
        start.setdefault(row.stage, sum(length.values()))
        length[row.stage] = max(length.get(row.stage, 0), row.step + 1)
    return start


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the last points."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    begins = np.maximum(ends - _SMOOTH, 0)
    means: NDArray[np.float64] = (sums[ends] - sums[begins]) / (ends - begins)
    return means
