"""Drawings for reports, as SVG that prints; every series also stands in a table beside it."""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import Any

from vultus.errors import MissingExtraError

# Told apart with any kind of colour vision (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7", "#56b4e9", "#666666", "#f0e442")
MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")
_WIDTH_IN = 9.0


def needed() -> None:
    """Refuse to draw without matplotlib.

    Raises:
        MissingExtraError: it is not installed.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtraError("matplotlib", "report")


def figure(height_in: float, n_columns: int = 1) -> tuple[Any, list[Any]]:
    """A figure with panels side by side."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(_WIDTH_IN, height_in), layout="constrained")
    return drawn, list(drawn.subplots(1, n_columns, squeeze=False)[0])


def style(axis: Any, title: str, label: str) -> None:
    """The look that all panels share."""
    axis.set_title(title, fontsize=10)
    axis.set_xlabel(label, fontsize=9)
    axis.tick_params(labelsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="x", alpha=0.3)


def svg(drawn: Any) -> str:
    """The figure as SVG; the same figures give the same bytes."""
    from matplotlib import rc_context

    out = io.StringIO()
    with rc_context({"svg.hashsalt": "vultus", "svg.fonttype": "path"}):
        drawn.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()
