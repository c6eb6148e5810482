"""Drawings of the geometry: what every one shows also stands in a table beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.evaluation.drawing import COLOURS, MARKS, figure, style, svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LINE_IN = 0.28


def energies(systems: Sequence[Mapping[str, Any]]) -> str:
    """Energy of every attribute with its interval, the most invariant of the first system on top."""
    moving = [row for row in systems[0]["attributes"] if row["rank"] is not None]
    names = [row["attribute"] for row in sorted(moving, key=lambda row: -row["rank"])]
    drawn, (axis,) = figure(1.2 + _LINE_IN * len(names))
    for number, system in enumerate(systems):
        rows = {row["attribute"]: row for row in system["attributes"]}
        known = [name for name in names if name in rows and rows[name]["rank"] is not None]
        place = np.array([names.index(name) for name in known]) + 0.16 * (number - (len(systems) - 1) / 2)
        value, low, high = (np.array([rows[name][key] for name in known]) for key in ("energy", "low", "high"))
        axis.errorbar(value, place, xerr=[np.maximum(value - low, 0), np.maximum(high - value, 0)],
                      fmt=MARKS[number % len(MARKS)], color=COLOURS[number % len(COLOURS)], capsize=2, markersize=5,
                      label=system["system"])  # fmt: skip
        chance = [rows[name]["by_chance"] for name in known]
        axis.plot(chance, place, "|", color=COLOURS[number % len(COLOURS)], alpha=0.6, markersize=9)
    axis.set_yticks(range(len(names)), names)
    axis.set_xlim(0, 1.1)
    style(
        axis, "Energy: near 0 the model follows the attribute, near 1 it is invariant to it", "energy, and | by chance"
    )
    if len(systems) > 1:
        axis.legend(fontsize=8)
    return svg(drawn)


def dependence(rows: Sequence[Mapping[str, Any]]) -> str:
    """KS statistic of every attribute with its interval, and what shuffled labels reach."""
    shown = sorted((row for row in rows if row["ks"] is not None), key=lambda row: row["ks"])
    drawn, (axis,) = figure(1.2 + _LINE_IN * len(shown))
    value, low, high = (np.array([row[key] for row in shown]) for key in ("ks", "low", "high"))
    place = np.arange(len(shown))
    axis.errorbar(value, place, xerr=[np.maximum(value - low, 0), np.maximum(high - value, 0)], fmt="o",
                  color=COLOURS[0], capsize=2, markersize=5)  # fmt: skip
    axis.plot([row["by_chance"] for row in shown], place, "|", color=COLOURS[6], markersize=9)
    axis.set_yticks(place, [row["attribute"] for row in shown])
    axis.set_xlim(left=0)
    style(axis, "How far attributes divide people", "KS statistic, and | what 95 % of shuffled labels stay below")
    return svg(drawn)


def matrix(system: Mapping[str, Any]) -> str:
    """1 - cosine between the directions of any two attributes."""
    names = [row["attribute"] for row in system["attributes"]]
    values = np.array([[np.nan if cell is None else cell for cell in row] for row in system["between"]], np.float64)
    drawn, (axis,) = figure(1.5 + 0.34 * len(names))
    shown = axis.imshow(values, vmin=0, vmax=2, cmap="RdBu")
    axis.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axis.set_yticks(range(len(names)), names)
    for row, column in np.argwhere(np.isfinite(values)):
        axis.text(column, row, f"{values[row, column]:.2f}", ha="center", va="center", fontsize=7,
                  color="white" if abs(values[row, column] - 1) > 0.6 else "black")  # fmt: skip
    style(axis, "0 the same direction, 1 not related, 2 opposite", "")
    axis.grid(visible=False)
    drawn.colorbar(shown, ax=axis, shrink=0.7)
    return svg(drawn)
