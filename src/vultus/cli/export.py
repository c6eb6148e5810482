"""`vultus export`: a trained research method as ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vultus.cli import options
from vultus.cli.console import emit, say, waiting


def export(
    name: options.Method,
    weights: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="What vultus train has written.", show_default=False)
    ],
    target: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="FILE.onnx; FILE.json is its manifest.",
                           show_default=False),
    ],
    as_json: options.Json = False,
) -> None:  # fmt: skip
    """Write a trained method as ONNX with a manifest, and see that it computes what torch computes."""
    from vultus.research.run import trained

    with waiting("exporting ..."):
        manifest = trained(name, weights).export(target)
    if as_json:
        emit(manifest)
        return
    say(f"written: {target}, {manifest['bytes']:,} bytes, and {target.with_suffix('.json')}; "
        f"differs from torch by {manifest['differs_by']:.2g}")  # fmt: skip
