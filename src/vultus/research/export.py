"""A trained method as ONNX with a manifest beside it, for programs without torch.

What is written is run at once: on the example and on other numbers of rows it must give what torch gives.
"""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch
    from numpy.typing import NDArray

    from vultus.research.contract import Export

SCHEMA = "vultus.export/1"
TOLERANCE = 1e-4
_OPSET = 18


def export(model: Any, target: Path, about: Mapping[str, Any]) -> dict[str, Any]:
    """Write a model and its manifest.

    Args:
        model: a `Trainable` with `exported()`.
        target: FILE.onnx; the manifest is FILE.json.
        about: JSON values for the manifest: method, configuration, where it was trained.

    Returns:
        The manifest: also the digest of the file, inputs and outputs, and how far it is from torch.

    Raises:
        InputError: the model says not how to be exported, the target is no .onnx, or what came out computes
            something else.
    """
    import torch

    if not hasattr(model, "exported"):
        raise InputError(f"'{about['method']}' does not say how to be exported: it has no exported()")
    if target.suffix != ".onnx":
        raise InputError(f"--out must end in .onnx, but is {target}")
    model.eval()
    wanted: Export = model.exported()
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f"{target.name}.new")
    try:
        _write(wanted, new)
        with torch.inference_mode():
            far = max(_far(wanted, new, rows) for rows in (None, 1, 3))
        if not far <= TOLERANCE:
            raise InputError(
                f"the exported network differs from torch by {far:.2g}, more than {TOLERANCE:g}: nothing was written"
            )
        digest = hashlib.sha256(new.read_bytes()).hexdigest()
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)
    manifest = {
        "schema": SCHEMA,
        **about,
        **wanted.manifest,
        "file": target.name,
        "sha256": digest,
        "bytes": target.stat().st_size,
        "inputs": {name: _shape(value) for name, value in wanted.inputs.items()},
        "outputs": list(wanted.outputs),
        "differs_by": far,
    }
    text = json.dumps(manifest, indent=1, allow_nan=False) + "\n"
    target.with_suffix(".json").write_text(text, encoding="utf-8")
    return manifest


def _write(wanted: Export, path: Path) -> None:
    import torch

    examples = tuple(_rows(value, 2) for value in wanted.inputs.values())
    rows = torch.export.Dim("rows", min=1)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter, about itself
        program = torch.onnx.export(
            wanted.module.eval(), examples, dynamo=True, opset_version=_OPSET, verbose=False,
            input_names=list(wanted.inputs), output_names=list(wanted.outputs),
            dynamic_shapes=tuple({0: rows} for _ in examples),
        )  # fmt: skip
    if program is None:
        raise InputError("torch gave no ONNX program for this network")
    program.save(str(path), external_data=False)


def _far(wanted: Export, path: Path, rows: int | None) -> float:
    """Largest difference from torch, for the example or for so many rows of it."""
    from vultus.inference.session import open_session

    inputs = {name: value if rows is None else _rows(value, rows) for name, value in wanted.inputs.items()}
    found = wanted.module(*inputs.values())
    ours = (found,) if not isinstance(found, tuple | list) else tuple(found)
    session = open_session(path, threads=1)
    theirs: list[NDArray[Any]] = session.run(
        list(wanted.outputs), {name: value.numpy() for name, value in inputs.items()}
    )
    if [one.shape for one in theirs] != [tuple(one.shape) for one in ours]:
        return float("inf")
    return max(float(np.abs(one.numpy().astype(np.float64) - other).max())
               for one, other in zip(ours, theirs, strict=True))  # fmt: skip


def _rows(value: torch.Tensor, rows: int) -> torch.Tensor:
    """So many rows of an example, repeated as far as needed."""
    import torch

    return value[torch.arange(rows) % len(value)].contiguous()


def _shape(value: torch.Tensor) -> dict[str, Any]:
    return {"dtype": str(value.dtype).removeprefix("torch."), "shape": ["rows", *value.shape[1:]]}
