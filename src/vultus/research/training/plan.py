"""What a training is going to do, looked at before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vultus.errors import ConfigError
from vultus.research.contract import Budget
from vultus.research.training.order import BALANCED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch.nn import Module, Parameter

    from vultus.research.contract import Player, Stage
    from vultus.research.data.sample import Samples


def check(model: Any, stages: Sequence[Stage], samples: Samples, processes: int = 1) -> None:
    """Make sure that a training can run as it is planned.

    Raises:
        ConfigError: there is nothing to train on or no stage; a stage has no steps or no players, or its rows cannot be
            shared out; a player owns nothing, or what it asks for does not exist.
    """
    if not len(samples):
        raise ConfigError(f"there is nothing to train on: {samples.name} is empty")
    if not stages or len({stage.name for stage in stages}) != len(stages):
        raise ConfigError(f"a training needs stages of different names, but has: {[stage.name for stage in stages]}")
    for stage in stages:
        names = [player.name for player in stage.players]
        if not names or len(set(names)) != len(names):
            raise ConfigError(f"stage '{stage.name}' needs players of different names, but has: {names}")
        if stage.steps < 1:
            raise ConfigError(f"stage '{stage.name}' has {stage.steps} steps, but needs 1 at least")
        if stage.batch_size < 1 or stage.batch_size % (stage.accumulate * processes):
            raise ConfigError(
                f"stage '{stage.name}' takes {stage.batch_size} rows in a step, which {stage.accumulate} parts in "
                f"{processes} processes cannot share evenly"
            )
        field = stage.sampler.removeprefix(BALANCED)
        if stage.sampler != "uniform" and (field == stage.sampler or field not in samples.fields):
            raise ConfigError(
                f"stage '{stage.name}' draws rows '{stage.sampler}', but it must be 'uniform' or 'balanced:' and one "
                f"of: {', '.join(samples.fields)}"
            )
        for player in stage.players:
            if player.schedule == "restarts" and player.period < 1:
                raise ConfigError(f"player '{player.name}' restarts, but its period is {player.period} steps")
            owned(model, player)


def owned(model: Module, player: Player) -> list[Parameter]:
    """The parameters of a player, each once.

    Raises:
        ConfigError: one of its parts is not there, or it owns nothing.
    """
    for part in player.parts:
        if not hasattr(model, part):
            known = ", ".join(name for name, _ in model.named_children())
            raise ConfigError(f"player '{player.name}' owns '{part}', but the model's parts are: {known}")
    parts = [getattr(model, part) for part in player.parts] or [model]
    found = {id(one): one for part in parts for one in (part.parameters() if hasattr(part, "parameters") else [part])}
    if not found:
        raise ConfigError(f"player '{player.name}' owns no parameters")
    return list(found.values())


def budget(model: Module, stages: Sequence[Stage]) -> Budget:
    """What a training costs; parameters that no stage trains are not counted."""
    trained = {id(one): one for stage in stages for player in stage.players for one in owned(model, player)}
    return Budget(
        sum(one.numel() for one in trained.values() if one.requires_grad),
        sum(stage.steps for stage in stages),
        sum(stage.steps * stage.batch_size for stage in stages),
    )
