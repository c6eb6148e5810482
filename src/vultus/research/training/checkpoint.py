"""Checkpoints: one safetensors file with every number of a run, and a JSON header that says what they are.

Tensors are called "model/...", "average/..." (of the weights) and "optimiser/<player>/<parameter>/...". Generators have
no state of their own: see `seed.py`. Nothing in the file is ever executed.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

SCHEMA = "vultus.checkpoint/1"
MODEL, AVERAGE, OPTIMISER = "model/", "average/", "optimiser/"
LAST, BEST = "last.safetensors", "best.safetensors"  # of a run


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """What a file holds.

    Attributes:
        header: JSON values: method, config, seed, stage, step, versions, revision.
        tensors: on the processor, by name.
    """

    header: Mapping[str, Any]
    tensors: Mapping[str, torch.Tensor]

    def part(self, prefix: str) -> dict[str, torch.Tensor]:
        """Tensors whose names begin so, by the rest of the name."""
        return {key.removeprefix(prefix): value for key, value in self.tensors.items() if key.startswith(prefix)}

    @property
    def weights(self) -> dict[str, torch.Tensor]:
        """The model's, averaged where a stage that averages was under way."""
        return self.part(AVERAGE) or self.part(MODEL)


def write(path: Path, header: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> None:
    """Write a checkpoint: whole, or not at all."""
    # copies, since safetensors refuses tensors that share their memory
    whole = {key: value.detach().cpu().clone().contiguous() for key, value in tensors.items()}
    new = path.with_name(f"{path.name}.new")
    try:
        save_file(whole, new, {"vultus": json.dumps({**header, "schema": SCHEMA}, allow_nan=False)})
        with new.open("rb+") as file:
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def read(path: Path, method: str = "") -> Checkpoint:
    """Read a checkpoint.

    Args:
        path: the file, or the folder of a run: its best one, or else its last.
        method: whose it must be; "" for anybody's.

    Raises:
        InputError: it is not there, no checkpoint, of another version or of another method.
    """
    if path.is_dir():
        path = next((path / name for name in (BEST, LAST) if (path / name).is_file()), path / LAST)
    if not path.is_file():
        raise InputError(f"there is no checkpoint {path}")
    try:
        with safe_open(path, "pt") as file:
            header = json.loads((file.metadata() or {}).get("vultus", "{}"))
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - it is no mapping
    except (SafetensorError, ValueError) as error:
        raise InputError(f"{path} is no checkpoint, or is damaged: {error}") from None
    if not isinstance(header, dict) or "schema" not in header:
        raise InputError(f"{path} holds tensors, but is no checkpoint of Vultus")
    if header["schema"] != SCHEMA:
        raise InputError(f"{path} is a checkpoint of format '{header['schema']}', but this version reads '{SCHEMA}'")
    if method and header["method"] != method:
        raise InputError(f"{path} is a checkpoint of the method '{header['method']}', not of '{method}'")
    return Checkpoint(header, tensors)


def put(model: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Give a model its weights.

    Raises:
        InputError: they are of a model of other parts or sizes.
    """
    wanted = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    given = {key: tuple(value.shape) for key, value in weights.items()}
    if wanted != given:
        odd = sorted({*wanted.items()} ^ {*given.items()})
        first, count = odd[0][0], len({key for key, _ in odd})
        raise InputError(
            f"the checkpoint does not fit the model of this version: {count} tensors differ, the first is {first}: "
            f"{given.get(first, 'missing')} in the file, {wanted.get(first, 'none')} here"
        )
    model.load_state_dict(weights)


def optimiser_state(optimiser: torch.optim.Optimizer, player: str) -> dict[str, torch.Tensor]:
    """An optimiser's moments as named tensors; its settings are the player's."""
    return {
        f"{OPTIMISER}{player}/{number}/{key}": value
        for number, state in optimiser.state_dict()["state"].items()
        for key, value in state.items()
        if value is not None
    }


def put_optimiser_state(optimiser: torch.optim.Optimizer, player: str, checkpoint: Checkpoint) -> None:
    """Give an optimiser its moments."""
    state: dict[int, dict[str, Any]] = {}
    for name, value in checkpoint.part(f"{OPTIMISER}{player}/").items():
        number, _, key = name.partition("/")
        state.setdefault(int(number), {})[key] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
