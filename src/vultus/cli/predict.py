"""`vultus predict`: what a trained research method says of one input."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from vultus.cli import options
from vultus.cli.console import emit, say, table


def predict(
    name: options.Method,
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="What the method looks at.", show_default=False)],
    weights: Annotated[
        Path, typer.Option("--weights", "-w", metavar="CHECKPOINT", help="From vultus train.", show_default=False)
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Draw pictures into it.", show_default=False)
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Ask a trained method about one input."""
    from vultus.research.run import trained

    report = trained(name, weights).predict(source, out)
    if as_json:
        emit(report)
        return
    table(f"{name}: {source}", ["what", "answer"], [
        [(what, "bold"), _told(value)] for what, value in report["answer"].items()
    ])  # fmt: skip
    if out is not None:
        say(f"drawn into: {out}", "dim")


def _told(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_told(one)}" for key, one in value.items())
    return ", ".join(map(_told, value)) if isinstance(value, list) else str(value)
