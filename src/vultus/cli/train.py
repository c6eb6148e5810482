"""`vultus train` and `vultus evaluate NAME`: the research methods that learn by steps."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from vultus.cli import options
from vultus.cli.console import Bar, emit, keep, say, table
from vultus.cli.methods import folder_of

if TYPE_CHECKING:
    from collections.abc import Mapping

Weights = Annotated[
    Path, typer.Argument(metavar="CHECKPOINT", help="What vultus train has written.", show_default=False)
]


class Protocols(TyperGroup):
    """The protocols of `vultus evaluate`; a method's name stands for `method NAME`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        from vultus.research.table import METHODS

        if args and args[0] not in self.commands and args[0] in {entry.name for entry in METHODS}:
            args = ["method", *args]
        return super().resolve_command(ctx, args)


def train(
    name: options.Method,
    overrides: options.Overrides = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Checkpoints, journal, curves.", show_default="runs/NAME"),
    ] = None,
    data: options.TrainingData = "synthetic",
    settings: options.Settings = None,
    check: options.Check = False,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Of everything random.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", metavar="", help="Go on with the run in --out.")] = False,
    device: options.TrainingDevice = "cpu",
    precision: Annotated[str, typer.Option("--precision", metavar="NAME", help="32 or bf16.")] = "32",
    processes: Annotated[
        int, typer.Option("--processes", min=1, metavar="N", help="Share each step among so many devices.")
    ] = 1,
    as_json: options.Json = False,
) -> None:
    """Train a method; its configuration, seed, versions and checkpoints are kept, and a killed run goes on."""
    from vultus.research import run

    method = run.load(name)
    config = run.configured(method, check=check, file=settings, overrides=tuple(overrides or ()))
    training = run.prepare(name, config, folder_of(data), seed)
    out, first = out or Path("runs") / name, run.first_process()
    with Bar(f"training {name}", training.steps, lines=True) if first else nullcontext() as bar:
        try:
            report = training.run(out, run.machine(device, precision, processes), resume=resume,
                                  tell=bar.advance if bar else lambda: None)  # fmt: skip
        except KeyboardInterrupt:
            say(f"stopped; the last checkpoint stays, and this goes on with it: --resume --out {out}", "yellow")
            raise typer.Exit(130) from None
    if first and as_json:
        emit(report)
    elif first:
        _show(report)


def evaluate(
    name: options.Method,
    weights: Weights,
    data: options.TrainingData = "synthetic",
    target: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write the JSON document.", show_default=False),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Measure a trained method on its test samples; also as vultus evaluate NAME CHECKPOINT."""
    from vultus.research.run import trained

    report = trained(name, weights).evaluate(folder_of(data))
    if target is not None:
        keep(report, target)
    if as_json:
        emit(report)
        return
    table(f"{name}, {report['n']:,} test samples of {report['data']}", ["figure", ">value"], [
        [(figure, "bold"), f"{value:.4g}"] for figure, value in report["figures"].items()
    ])  # fmt: skip


def _show(report: Mapping[str, Any]) -> None:
    last = {what: value for what, value in report["last"].items() if not what.endswith("/rate")}
    table(f"{report['method']}, seed {report['seed']}: {report['budget']['parameters']:,} parameters, "
          f"{report['budget']['steps']:,} steps", ["at the end", ">value"],
          [[(what, "bold"), f"{value:.4g}"] for what, value in last.items()])  # fmt: skip
    if report["best"]:
        best = report["best"]
        say(f"best {best['metric']} {best['value']:.4g} in stage {best['stage']} at step {best['step']}", "dim")
    say(f"kept: {report['folder']}; figures on test samples: vultus evaluate {report['method']} {report['checkpoint']}")
