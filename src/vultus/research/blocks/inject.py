"""Putting gates into a network at the places it marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from vultus.errors import ConfigError
from vultus.research.blocks.backbones import Slot

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn


def inject(
    model: nn.Module, make: Callable[[int, int, int], nn.Module], site: str, picture: tuple[int, int, int]
) -> nn.Module:
    """Fill every slot of a site; all other slots stay empty.

    Names of the model's own parameters do not change, so weights of the model without gates still load with
    `strict=False`, and only what belongs to gates is missing.

    Args:
        model: with slots, see `backbones`.
        make: gives the block for maps of so many channels, rows and columns.
        site: "block", "stage", "downsample" or "layer".
        picture: channels, height and width of what the model will be given.

    Returns:
        The model itself.

    Raises:
        ConfigError: the model has no slot of that site.
    """
    slots = {name: part for name, part in model.named_modules() if isinstance(part, Slot)}
    wanted = [name for name, slot in slots.items() if slot.site == site]
    if not wanted:
        sites = sorted({slot.site for slot in slots.values()})
        raise ConfigError(
            f"{type(model).__name__} has no site '{site}' for a gate; it has: {', '.join(sites) or 'none at all'}"
        )
    for name, size in _sizes(model, wanted, picture).items():
        owner, _, last = name.rpartition(".")
        setattr(model.get_submodule(owner), last, make(*size))
    return model


def _sizes(model: nn.Module, names: list[str], picture: tuple[int, int, int]) -> dict[str, tuple[int, int, int]]:
    """Channels, height and width of the maps at some modules, seen while one black picture passes."""
    seen: dict[str, tuple[int, int, int]] = {}

    def watch(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def note(module: nn.Module, given: tuple[Tensor, ...], maps: Tensor) -> None:
            seen[name] = (maps.shape[1], maps.shape[2], maps.shape[3])

        return note

    handles = [model.get_submodule(name).register_forward_hook(watch(name)) for name in names]
    training = model.training
    weight = next(model.parameters())
    with torch.no_grad():
        model.eval()(torch.zeros(1, *picture, dtype=weight.dtype, device=weight.device))
    model.train(training)
    for handle in handles:
        handle.remove()
    return seen
