"""Drawings of an audit: DET curves by group, and error rates with their intervals."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from vultus.evaluation.drawing import COLOURS, MARKS, figure, style, svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ROW_IN = 0.32
_TICKS = (1e-5, 1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.2, 0.4)


def det(groups: Sequence[Mapping[str, Any]], target: float | None) -> str:
    """Detection error trade-off of each group with people enough, on probit axes."""
    drawn, (axis,) = figure(4.6)
    scale = NormalDist().inv_cdf
    for at, group in enumerate(row for row in groups if row["enough"] and row["det"]):
        points = [
            (scale(x), scale(y))
            for x, y in zip(group["det"]["fmr"], group["det"]["fnmr"], strict=True)
            if _TICKS[0] <= x <= 0.5 and 1e-4 <= y <= 0.6
        ]
        if points:
            colour, mark = COLOURS[at % len(COLOURS)], MARKS[at % len(MARKS)]
            axis.plot(*zip(*points, strict=True), color=colour, label=group["name"], marker=mark, markersize=4,
                      markevery=max(len(points) // 8, 1), linewidth=1.3)  # fmt: skip
    if target is not None:
        axis.axvline(scale(target), color="black", linewidth=1, linestyle="--", label="FMR asked for")
    for setter in (axis.set_xticks, axis.set_yticks):
        setter([scale(tick) for tick in _TICKS], [f"{tick:g}" for tick in _TICKS])
    axis.set_ylabel("FNMR", fontsize=9)
    style(axis, "DET by group, one threshold moved along each curve", "FMR among people of the group")
    axis.grid(alpha=0.3)
    if axis.get_legend_handles_labels()[0]:
        axis.legend(frameon=False, fontsize=8)
    return svg(drawn)


def bars(groups: Sequence[Mapping[str, Any]], overall: Mapping[str, Any]) -> str:
    """FMR and FNMR of each group at the one threshold with 95 % intervals, and FNMR at the same FMR for each."""
    drawn, axes = figure(1.5 + _ROW_IN * len(groups), 3)
    panels = (("fmr", "FMR at one threshold"), ("fnmr", "FNMR at one threshold"), ("matched", "FNMR at the same FMR"))
    names = [group["name"] for group in groups]
    for axis, (key, title) in zip(axes, panels, strict=True):
        for at, group in enumerate(groups):
            row = (group["matched_fmr"] or {}).get("fnmr") if key == "matched" else group[key]
            if row is None or not row["n"]:
                continue
            colour, mark = (COLOURS[0], "o") if group["enough"] else ("#999999", "x")
            ends = [[row["value"] - row["low"]], [row["high"] - row["value"]]]
            axis.errorbar(row["value"], at, xerr=ends, color=colour, marker=mark, capsize=3, linewidth=1.2)
        if key != "matched":
            axis.axvline(overall[key]["value"], color="black", linewidth=1, linestyle="--")
        axis.set_yticks(range(len(names)), names if axis is axes[0] else [""] * len(names))
        axis.set_ylim(len(names) - 0.5, -0.5)
        axis.set_xlim(left=0)
        style(axis, title, "rate, 95 % interval; dashed: everybody" if key != "matched" else "rate, 95 % interval")
    return svg(drawn)
