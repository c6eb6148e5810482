"""The one training loop.

A training is a row of stages, a stage a row of steps. In every step each player takes its turn on the same rows:
losses, backward, clip, step of its own optimiser. `lightning_fabric` brings devices, precision and several processes.

Whatever is random in a step follows from the seed, the stage and the step, so a run that was killed and goes on from
its checkpoint ends with the same numbers, bit by bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from vultus.errors import TrainingError
from vultus.research.data.sample import tensors
from vultus.research.training import checkpoint as file
from vultus.research.training.average import Average
from vultus.research.training.feed import AHEAD, Feed
from vultus.research.training.machine import Machine
from vultus.research.training.optimiser import build, rate
from vultus.research.training.order import Order
from vultus.research.training.plan import budget, check, owned
from vultus.research.training.seed import generator, plant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vultus.research.contract import Budget, Player, Stage
    from vultus.research.data.sample import Samples
    from vultus.research.training.keeper import Keeper

    Batch = dict[str, torch.Tensor]

_NOTES, _LOOKS = 500, 20  # how often a stage's losses are noted, and its validation samples looked at


def train(
    model: Any,
    samples: Samples,
    seed: int,
    *,
    stages: Sequence[Stage] = (),
    machine: Machine | None = None,
    keeper: Keeper | None = None,
    look: Callable[[Any], Mapping[str, float]] | None = None,
    tell: Callable[[], None] = lambda: None,
) -> Budget:
    """Train a model through its stages.

    Args:
        model: a `Trainable`; it is left with its weights, averaged where the stage says so.
        samples: to train on.
        seed: of everything random.
        stages: in the place of the model's own.
        machine: what it runs on; one processor without.
        keeper: keeps checkpoints and the journal; nothing is kept without.
        look: validation figures of the model; called now and then.
        tell: called after each step.

    Returns:
        What it cost.

    Raises:
        ConfigError: the plan cannot be carried out, see `plan.check`.
        TrainingError: a loss or a gradient is not finite.
    """
    machine, stages = machine or Machine(), tuple(stages or model.stages())
    check(model, stages, samples, machine.processes)
    spent = budget(model, stages)
    fabric = machine.fabric()
    fabric.launch()
    model.to(fabric.device)
    kept = keeper.kept if keeper else None
    first = kept.header["stage"] if kept else 0
    run = _Run(fabric, model, samples, seed, keeper if fabric.is_global_zero else None, look, tell)
    for number, stage in enumerate(stages):
        if kept and number == first:
            file.put(model, kept.part(file.MODEL))
        model.train()
        plant(seed, number)
        if hasattr(model, "begin"):
            model.begin(stage.name)
        if number >= first:
            _Leg(run, stage, number).go(kept if kept and number == first and kept.header["step"] else None)
    if kept and first == len(stages):
        file.put(model, kept.weights)
    model.eval()
    return spent


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """What the stages of a training share."""

    fabric: Any
    model: Any
    samples: Samples
    seed: int
    keeper: Keeper | None
    look: Callable[[Any], Mapping[str, float]] | None
    tell: Callable[[], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Turn:
    """A player with what it owns; `others` must not learn from it."""

    player: Player
    optimiser: Any
    owned: list[torch.nn.Parameter]
    others: list[torch.nn.Parameter]


class _Leg:
    """One stage on its way."""

    def __init__(self, run: _Run, stage: Stage, number: int) -> None:
        self._run, self._stage, self._number = run, stage, number
        self._fabric, self._model = run.fabric, run.model
        self._losses = run.fabric.setup_module(_Losses(run.model))
        self._turns = [self._turn(player) for player in stage.players]
        self._average = Average(run.model, stage.ema) if stage.ema else None
        self._order = Order(stage, run.samples, run.seed, number)

    def go(self, kept: file.Checkpoint | None) -> None:
        """Run the stage, from its start or from where a checkpoint was written."""
        start = self._restore(kept) if kept else 0
        steps, keeper = self._stage.steps, self._run.keeper
        for step, batch in Feed(self._fetch, range(start, steps), AHEAD if self._run.samples.lazy else 0):
            found = self._step(step, batch)
            last = step == steps - 1
            if keeper and (last or step % max(steps // _NOTES, 1) == 0):
                keeper.journal.note(self._stage.name, step, found)
            if last or (step + 1) % max(steps // _LOOKS, 1) == 0:
                self._look(step)
            if keeper and keeper.due() and not last:
                keeper.save(self._number, step + 1, self._state())
            self._run.tell()
        if self._average:
            self._model.load_state_dict(self._average.state)
        if keeper:
            weights = {file.MODEL + key: value for key, value in self._model.state_dict().items()}
            keeper.save(self._number + 1, 0, weights)

    def _step(self, step: int, batch: Batch) -> dict[str, float]:
        """Every player's turn; gives what is worth noting."""
        place = (self._number, step, self._fabric.global_rank)
        plant(self._run.seed, *place)
        batch = {key: value.to(self._fabric.device, non_blocking=True) for key, value in batch.items()}
        with torch.no_grad():
            if hasattr(self._model, "augment"):
                batch = self._model.augment(batch, generator(self._fabric.device, self._run.seed, *place))
            if self._stage.collect:
                batch = getattr(self._model, self._stage.collect)(batch)
        found: dict[str, float] = {}
        for turn in self._turns:
            if step % turn.player.every == 0:
                found |= self._play(turn, batch, step)
        if self._average:
            self._average.update(step)
        return found

    def _play(self, turn: _Turn, batch: Batch, step: int) -> dict[str, float]:
        """One player's turn."""
        player, share = turn.player, self._stage.accumulate
        noted: dict[str, torch.Tensor] = {}
        with _alone(turn):
            for part in range(share):
                with self._fabric.no_backward_sync(self._losses, enabled=part < share - 1):
                    rows = {key: value.chunk(share)[part] for key, value in batch.items()} if share > 1 else batch
                    losses = self._losses(rows, player.name)
                    if not losses:
                        raise TrainingError(f"player '{player.name}' has no losses to make smaller")
                    self._fabric.backward(sum(losses.values()) / share)
                for key, value in losses.items():
                    noted[key] = noted.get(key, 0) + value.detach().float() / share
        learned = [one for one in turn.owned if one.grad is not None]
        noted["gradient"] = torch.nn.utils.clip_grad_norm_(learned, player.clip or float("inf"))
        values = self._fabric.all_reduce(torch.stack([value.to(self._fabric.device) for value in noted.values()]))
        found = dict(zip(noted, values.tolist(), strict=True))
        if not torch.isfinite(values).all():
            parts = ", ".join(f"{key} {value:.4g}" for key, value in found.items())
            raise TrainingError(
                f"training stopped in stage '{self._stage.name}' at step {step}: a loss of player '{player.name}' or "
                f"its gradient is not finite ({parts}); a lower learning rate often helps"
            )
        found["rate"] = turn.optimiser.param_groups[0]["lr"] = rate(player, step, self._stage.steps)
        turn.optimiser.step()
        turn.optimiser.zero_grad(set_to_none=True)
        return {f"{player.name}/{key}": value for key, value in found.items()}

    def _turn(self, player: Player) -> _Turn:
        ours = owned(self._model, player)
        known = {id(one) for one in ours}
        others = [one for one in self._model.parameters() if one.requires_grad and id(one) not in known]
        return _Turn(player, build(player, ours), ours, others)

    def _fetch(self, step: int) -> Batch:
        """This process's rows of a step."""
        rows = self._order.rows(step)
        mine = len(rows) // self._fabric.world_size
        start = self._fabric.global_rank * mine
        return tensors(self._run.samples.take(rows[start : start + mine]))

    def _look(self, step: int) -> None:
        """Look at the validation samples, with the averaged weights where there are some."""
        if self._run.keeper is None or self._run.look is None:
            return
        with self._average.worn() if self._average else nullcontext():
            figures = self._run.look(self._model)
            weights = {file.MODEL + key: value for key, value in self._model.state_dict().items()}
            self._run.keeper.look(self._stage.name, step, figures, lambda: weights)

    def _state(self) -> Batch:
        """All numbers that a resumed run needs."""
        state = {file.MODEL + key: value for key, value in self._model.state_dict().items()}
        if self._average:
            state |= {file.AVERAGE + key: value for key, value in self._average.state.items()}
        for turn in self._turns:
            state |= file.optimiser_state(turn.optimiser, turn.player.name)
        return state

    def _restore(self, kept: file.Checkpoint) -> int:
        """Take the numbers of a checkpoint over; gives the next step."""
        file.put(self._model, kept.part(file.MODEL))
        if self._average:
            for key, value in kept.part(file.AVERAGE).items():
                self._average.state[key].copy_(value)
        for turn in self._turns:
            file.put_optimiser_state(turn.optimiser, turn.player.name, kept)
        return int(kept.header["step"])


class _Losses(torch.nn.Module):
    """What Fabric wraps: precision and processes look after one `forward` only."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch, player: str) -> Batch:
        found: Batch = self.model.losses(batch, player)
        return found


@contextmanager
def _alone(turn: _Turn) -> Iterator[None]:
    """Only the player's own parameters learn."""
    for one in turn.others:
        one.requires_grad_(False)
    try:
        yield
    finally:
        for one in turn.others:
            one.requires_grad_(True)
