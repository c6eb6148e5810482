"""Drawings for the page of the study, as SVG: every series also stands in a table beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vultus.evaluation.drawing import figure, style, svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Told apart with any kind of colour vision (Okabe and Ito).
_COLOURS = {"vultus": "#0072b2", "lightphe": "#d55e00", "phe": "#e69f00", "tenseal": "#009e73", "plain": "#666666"}
_GENUINE, _IMPOSTOR = "#0072b2", "#d55e00"
_STAGES = (("encrypt_s", "encryption per template"), ("dot_s", "dot product per comparison"),
           ("decrypt_s", "decryption per score"))  # fmt: skip
_ROW_IN = 0.26


def stages(costs: Sequence[Mapping[str, Any]]) -> str:
    """Seconds of each stage per system, on one logarithmic scale."""
    drawn, axes = _panels(len(costs), len(_STAGES))
    names = [f"{line['backend']}: {line['scheme']}" for line in costs]
    for axis, (key, title) in zip(axes, _STAGES, strict=True):
        _points(axis, names, [line[key] * 1e6 for line in costs], costs)
        style(axis, title, "µs (logarithmic)")
        if axis is not axes[0]:
            axis.tick_params(labelleft=False)
    return svg(drawn)


def sizes(costs: Sequence[Mapping[str, Any]]) -> str:
    """Ciphertext bytes per template."""
    drawn, (axis,) = _panels(len(costs), 1)
    names = [f"{line['backend']}: {line['scheme']}" for line in costs]
    _points(axis, names, [line["template_bytes"] for line in costs], costs)
    style(axis, "ciphertext per template", "bytes (logarithmic)")
    return svg(drawn)


def histograms(rows: Sequence[Mapping[str, Any]]) -> str:
    """Scores of one person's pairs and of strangers' pairs, a panel per way to compare."""
    drawn, axes = _panels(8, len(rows))
    for axis, line in zip(axes, rows, strict=True):
        edges = line["edges"]
        for key, colour, label in (("impostor", _IMPOSTOR, "two people"), ("genuine", _GENUINE, "one person")):
            axis.stairs(line[key], edges, fill=True, alpha=0.6, color=colour, label=label)
        axis.axvline(line["threshold"], color="black", linewidth=1, linestyle="--", label="best threshold")
        style(axis, f"{line['scheme']}, {line['pipeline']}", "similarity")
    axes[0].legend(frameon=False)
    axes[0].set_ylabel("pairs")
    return svg(drawn)


def ablations(rows: Sequence[Mapping[str, Any]]) -> str:
    """How many times faster each stage is with its accelerator."""
    drawn, (axis,) = _panels(len(rows), 1)
    bars = axis.barh([line["what"] for line in rows], [line["ratio"] for line in rows], color=_COLOURS["vultus"])
    axis.bar_label(bars, fmt="%.1f", padding=3)
    axis.axvline(1.0, color="black", linewidth=1)
    axis.set_xscale("log")
    axis.set_xlim(left=1.0)
    axis.invert_yaxis()
    style(axis, "with the accelerator, times faster", "times (logarithmic)")
    return svg(drawn)


def scaling(rows: Sequence[Mapping[str, Any]]) -> str:
    """Seconds of a search and memory against the number of people."""
    drawn, (left, right) = _panels(8, 2)
    people = [line["people"] for line in rows]
    left.plot(people, [line["score_s"] for line in rows], "o-", color=_COLOURS["vultus"], label="scoring")
    left.plot(
        people, [line["answer_s"] for line in rows], "^-", color=_COLOURS["tenseal"], label="scoring with new nonces"
    )
    left.plot(people, [line["decrypt_s"] for line in rows], "s-", color=_COLOURS["phe"], label="decryption")
    right.plot(people, [line["bytes"] / 1e6 for line in rows], "o-", color=_COLOURS["vultus"], label="ciphertext, MB")
    right.plot(people, [max(line["memory_mib"], 0.1) for line in rows], "s-", color=_COLOURS["phe"],
               label="resident memory gained, MiB")  # fmt: skip
    for axis, title in ((left, "seconds of one search"), (right, "memory")):
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.legend(frameon=False)
        style(axis, title, "people enrolled")
    return svg(drawn)


def leaks(rows: Sequence[Mapping[str, Any]]) -> str:
    """Similarity of rebuilt templates, and how often they open the door, against the answers read."""
    drawn, (left, right) = _panels(8, 2)
    kinds = (("exact scores", "o-", _COLOURS["lightphe"]), ("decisions", "s-", _COLOURS["vultus"]))
    for axis, key, title in ((left, "cosine", "cosine with the template"),
                             (right, "iapar_other", "share accepted as the person")):  # fmt: skip
        for kind, mark, colour in kinds:
            some = [line for line in rows if line["what"].endswith(kind)]
            axis.plot([line["queries"] for line in some], [line[key] for line in some], mark, color=colour, label=kind)
        axis.set_xscale("log")
        axis.tick_params(axis="x", which="minor", labelbottom=False)
        axis.set_ylim(0, 1.05)
        style(axis, title, "answers that the attacker read")
    left.legend(frameon=False)
    return svg(drawn)


def _points(axis: Any, names: Sequence[str], values: Sequence[float], costs: Sequence[Mapping[str, Any]]) -> None:
    """A mark per system: on a logarithmic scale the length of a bar would mean nothing."""
    axis.scatter(values, names, color=[_COLOURS[line["backend"]] for line in costs], s=36, zorder=3)
    axis.set_xscale("log")
    axis.grid(axis="y", alpha=0.3)
    axis.invert_yaxis()


def _panels(n_rows: int, n_columns: int) -> tuple[Any, list[Any]]:
    return figure(1.2 + _ROW_IN * n_rows, n_columns)
