"""What an ablation found, as Markdown and as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


def markdown(report: Mapping[str, Any]) -> str:
    """Tables of arms and claims.

    Args:
        report: what `run.run_ablation` gives.
    """
    names = list(next(iter(report["arms"].values()))["metrics"])
    lines = [f"# {report['method']} on {report['data']}", ""]
    lines += _table(["arm", *names, "parameters", "steps", "note"], [
        [arm, *(spread(row["metrics"][name]) for name in names), f"{row['budget']['parameters']:,}",
         f"{row['budget']['steps']:,}", row["note"]] for arm, row in report["arms"].items()
    ])  # fmt: skip
    lines += ["", *_table(["claim", "verdict", "difference", "95 % interval", "why"], [
        [claim["text"], f"**{claim['verdict']}**", figure(claim["difference"]),
         " to ".join(figure(end) for end in claim["interval"]), claim["reason"]] for claim in report["claims"]
    ])]  # fmt: skip
    versions = ", ".join(f"{package} {version}" for package, version in report["versions"].items())
    first, last = report["seeds"][0], report["seeds"][-1]
    lines += ["", f"Seeds {first} to {last}, mean and spread. Control: {report['control']}. "
              f"`{report['command']}`, revision {report['revision'] or 'unknown'}; {versions}.", ""]  # fmt: skip
    return "\n".join(lines)


def draw(report: Mapping[str, Any], target: Path) -> None:
    """Draw every arm's figures: a dot per seed, a bar at the mean, a panel per metric.

    Args:
        report: what `run.run_ablation` gives.
        target: PNG, or whatever its ending says.
    """
    from matplotlib.figure import Figure

    arms = report["arms"]
    names = list(next(iter(arms.values()))["metrics"])
    figure = Figure(figsize=(1.5 + 3.2 * len(names), 1.4 + 0.36 * len(arms)), layout="constrained")
    figure.suptitle(f"{report['method']} on {report['data']}, {len(report['seeds'])} seeds")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False, sharey=True)[0], names, strict=True):
        for place, row in enumerate(arms.values()):
            found = row["metrics"][name]
            values = [value for value in found["values"] if value is not None]
            axes.plot(values, [place] * len(values), "o", alpha=0.4, color="tab:blue")
            if found["mean"] is not None:
                axes.plot([found["mean"]], [place], "|", markersize=18, markeredgewidth=2, color="black")
        axes.set(title=name, yticks=range(len(arms)), yticklabels=list(arms), ylim=(-0.6, len(arms) - 0.4))
        axes.grid(axis="x", alpha=0.3)
    figure.axes[0].invert_yaxis()
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=110)


def spread(summary: Mapping[str, Any]) -> str:
    """Mean and standard deviation over the seeds."""
    return "-" if summary["mean"] is None else f"{summary['mean']:.4g} ± {summary['std'] or 0:.2g}"


def figure(value: float | None) -> str:
    """A difference with its sign."""
    return "-" if value is None else f"{value:+.4g}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for cells in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(cells) + " |"
