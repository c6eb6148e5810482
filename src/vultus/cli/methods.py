"""`vultus methods` and `vultus ablate`: the research methods, and the judge that holds them to their claims."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vultus.cli import options
from vultus.cli.console import Bar, emit, say, table

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE...", help="Settings that differ from the method's own.", show_default=False),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", metavar="", help="A configuration that decides in minutes.")
    ] = False,
    data: Annotated[
        str, typer.Option("--data", metavar="DIR", help="A folder of real data, or 'synthetic'.")
    ] = "synthetic",
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
    as_json: options.Json = False,
) -> None:
    """Run a method beside chance, baseline and ablations, and say which of its claims hold; exit 1 unless all do."""
    from vultus.research.run import run_ablation

    folder = None if data == "synthetic" else Path(data)
    with Bar(f"ablating {name}") as bar:
        report = run_ablation(name, overrides=tuple(overrides or ()), check=check, folder=folder, seeds=seeds,
                              tell=lambda line: bar.advance())  # fmt: skip
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        say(f"written: {target}", "dim")
    if as_json:
        emit(report)
    else:
        _show(report)
    if not report["holds"]:
        raise typer.Exit(1)


def _show(report: Mapping[str, Any]) -> None:
    names = list(next(iter(report["arms"].values()))["metrics"])
    table("", ["arm", *(f">{name}" for name in names), ">parameters", "note"], [
        [arm, *(_spread(row["metrics"][name]) for name in names), f"{row['budget']['parameters']:,}", row["note"]]
        for arm, row in report["arms"].items()
    ])  # fmt: skip
    table("", ["claim", "=verdict", ">difference", ">95 % interval", "why"], [
        [claim["text"], (claim["verdict"], _COLOURS[claim["verdict"]]), _figure(claim["difference"]),
         " to ".join(_figure(end) for end in claim["interval"]), claim["reason"]] for claim in report["claims"]
    ])  # fmt: skip
    say(f"{len(report['seeds'])} seeds; control: {report['control']}", "dim")


def _spread(summary: Mapping[str, Any]) -> str:
    return "-" if summary["mean"] is None else f"{summary['mean']:.4g} ± {summary['std'] or 0:.2g}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4g}"
