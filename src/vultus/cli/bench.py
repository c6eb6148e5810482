"""`vultus bench`: measure this machine against the peers, in one run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vultus.cli import options
from vultus.cli.console import emit, say, table, waiting

app = typer.Typer(help="Measure speed and accuracy side by side with other packages.")
app.callback(invoke_without_command=True)(options.help_if_alone)


@app.command()
def core(
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Folder with the evaluation data.")] = None,
    as_json: options.Json = False,
    pack: options.PackName = None,
) -> None:
    """Measure the engine: agreement, throughput, accuracy; rows that need data or a peer that is absent say so."""
    from vultus.evaluation.bench import bench_core

    with waiting("measuring; this takes minutes ..."):
        report = bench_core(pack=pack or options.DEFAULT_PACK, data=data)
    if as_json:
        emit(report)
        return
    table("", ["what", ">ours", ">peer", "peer name", ">ratio", "unit", ">n", "note"], [
        [str(row.get(key) if row.get(key) is not None else "")
         for key in ("what", "ours", "peer", "peer_name", "ratio", "unit", "n", "reason")] for row in report["rows"]
    ])  # fmt: skip
    say(f"{report['machine']}", "dim")
