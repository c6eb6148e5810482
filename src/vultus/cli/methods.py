"""`vultus methods` and `vultus ablate`: the research methods, and the judge that holds them to their claims."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vultus.cli import options
from vultus.cli.console import Bar, emit, keep, say, table

if TYPE_CHECKING:
    from collections.abc import Mapping

_Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", min=1, metavar="N", show_default="one per processor",
        help="Seeds at once on processors, each on one thread.",
    ),
]  # fmt: skip
_COLOURS = {"holds": "green", "does not hold": "bold red", "undecided": "yellow"}


def methods(as_json: options.Json = False) -> None:
    """List the 45 research methods: number, name, task, and whether they are built."""
    from vultus.research.table import METHODS

    if as_json:
        emit({"schema": "vultus.methods/1", "methods": [asdict(entry) for entry in METHODS]})
        return
    table("", [">no", "method", "task", "what it is", "needs", "status"], [
        [str(entry.number), (entry.name, "bold"), entry.task, entry.title, entry.needs,
         (entry.status, "green" if entry.status == "built" else "dim")] for entry in METHODS
    ])  # fmt: skip
    built = sum(entry.status == "built" for entry in METHODS)
    say(f"{built} of {len(METHODS)} are built; hold one to its claims: vultus ablate NAME --check", "dim")


def ablate(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A method of vultus methods.")],
    overrides: options.Overrides = None,
    check: options.Check = False,
    data: options.TrainingData = "synthetic",
    seeds: Annotated[
        int | None,
        typer.Option("--seeds", min=2, metavar="N", show_default="the method's", help="How often all is repeated."),
    ] = None,
    target: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Write the JSON document beside the table.", show_default=False
        ),
    ] = None,
    words: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write the tables.", show_default=False)
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw every arm over the seeds (.png, .svg).", show_default=False),
    ] = None,
    settings: options.Settings = None,
    device: options.TrainingDevice = "cpu",
    jobs: _Jobs = None,
    as_json: options.Json = False,
) -> None:
    """Run a method beside chance, baseline and ablations, and say which of its claims hold; exit 1 unless all do."""
    from vultus.evaluation.page import write_whole
    from vultus.gallery.kernel import processors
    from vultus.research.report import draw, markdown
    from vultus.research.run import machine, run_ablation

    if plot is not None:
        from vultus.evaluation.drawing import needed

        needed()
    with Bar(f"ablating {name}", lines=True) as bar:
        report = run_ablation(
            name, overrides=tuple(overrides or ()), check=check, settings=settings, folder=folder_of(data), seeds=seeds,
            tell=lambda line: bar.advance(), machine=None if device == "cpu" else machine(device),
            jobs=jobs or processors(),
        )  # fmt: skip
    if target is not None:
        keep(report, target)
    if words is not None:
        write_whole(words, markdown(report))
        say(f"written: {words}", "dim")
    if plot is not None:
        draw(report, plot)
        say(f"written: {plot}", "dim")
    if as_json:
        emit(report)
    else:
        _show(report)
    if not report["holds"]:
        raise typer.Exit(1)


def folder_of(data: str) -> Path | None:
    """What --data means."""
    return None if data == "synthetic" else Path(data)


def _show(report: Mapping[str, Any]) -> None:
    from vultus.research.report import figure, spread

    names = list(next(iter(report["arms"].values()))["metrics"])
    table("", ["arm", *(f">{name}" for name in names), ">parameters", "note"], [
        [arm, *(spread(row["metrics"][name]) for name in names), f"{row['budget']['parameters']:,}", row["note"]]
        for arm, row in report["arms"].items()
    ])  # fmt: skip
    table("", ["claim", "=verdict", ">difference", ">95 % interval", "why"], [
        [claim["text"], (claim["verdict"], _COLOURS[claim["verdict"]]), figure(claim["difference"]),
         " to ".join(figure(end) for end in claim["interval"]), claim["reason"]] for claim in report["claims"]
    ])  # fmt: skip
    say(f"{len(report['seeds'])} seeds; control: {report['control']}", "dim")
