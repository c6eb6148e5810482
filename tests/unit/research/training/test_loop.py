from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from unit.research.training.nets import STEPS, Net, net, points, weights
from unit.research.training.test_keeper import HEADER, UAR
from vultus.errors import ConfigError, TrainingError
from vultus.research.contract import Budget, Player, Stage
from vultus.research.data.sample import Samples, predicted
from vultus.research.training.journal import rows
from vultus.research.training.keeper import Keeper
from vultus.research.training.loop import train
from vultus.research.training.machine import Machine

MAIN = Stage("main", (Player("net", lr=0.05),), STEPS, 16)


def accuracy(model, samples=None):
    samples = samples or points(200, seed=9)
    return {"uar": float((predicted(model, samples)["logits"].argmax(1) == samples["label"]).mean())}


def test_it_learns_and_says_what_it_cost():
    model, told = net(replace(MAIN, steps=60)), []
    before = accuracy(model)["uar"]
    spent = train(model, points(), 1, tell=lambda: told.append(1))
    assert spent == Budget(sum(one.numel() for one in model.parameters()), 60, 960)
    assert accuracy(model)["uar"] > max(before, 0.8)
    assert len(told) == 60
    assert not model.training


def test_the_same_seed_gives_the_same_numbers_whatever_was_drawn_before():
    models = [net(), net(), net()]
    for model, seed in zip(models, (1, 1, 2), strict=True):
        train(model, points(), seed)
        torch.rand(7)
    assert np.array_equal(weights(models[0]), weights(models[1]))
    assert not np.array_equal(weights(models[0]), weights(models[2]))


class Plain(Net):
    """Nothing random in it, and nothing that sees the other rows of a step."""

    augment = property()

    def __init__(self, *stages):
        super().__init__(*stages)
        self.body, self.drop = torch.nn.Linear(4, 16), torch.nn.Identity()


def test_it_does_what_a_loop_by_hand_does():
    player = Player("net", lr=0.05, weight_decay=0.1, clip=0.5, schedule="constant")
    samples = points(32)
    stage = Stage("main", (player,), 5, 32)
    model, by_hand = net(stage, kind=Plain), net(stage, kind=Plain)
    train(model, samples, 1)
    optimiser = torch.optim.AdamW(by_hand.parameters(), lr=0.05, weight_decay=0.1)
    x, label = torch.from_numpy(samples["x"]), torch.from_numpy(samples["label"])
    for _ in range(5):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(by_hand(x), label).backward()
        torch.nn.utils.clip_grad_norm_(by_hand.parameters(), 0.5)
        optimiser.step()
    assert np.allclose(weights(model), weights(by_hand), atol=1e-5), "the order of the rows changes roundings only"


def test_parts_of_a_step_give_the_step():
    whole, parts = net(MAIN, kind=Plain), net(replace(MAIN, accumulate=4), kind=Plain)
    assert train(whole, points(), 1) == train(parts, points(), 1)
    assert np.allclose(weights(whole), weights(parts), atol=1e-5)


class Two(Net):
    """Two players with parts of their own, and a third column that `roll` makes."""

    def losses(self, batch, player):
        self.seen = {**getattr(self, "seen", {}), player: batch["rolled"].sum().item()}
        return {"ce": torch.nn.functional.cross_entropy(self(batch["x"]), batch["label"]), "zero": 0 * batch["x"].sum()}

    def roll(self, batch):
        assert not torch.is_grad_enabled()
        return {**batch, "rolled": torch.ones(len(batch["x"]))}


def test_players_change_only_what_is_theirs_and_take_turns():
    body, head = Player("body", ("body",), every=2), Player("head", ("head",), lr=0.0)
    model = net(Stage("main", (body, head), 3, 16, collect="roll"), kind=Two)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    train(model, points(), 1)
    after = model.state_dict()
    assert torch.equal(before["head.weight"], after["head.weight"])
    assert not torch.equal(before["body.0.weight"], after["body.0.weight"])
    assert model.seen == {"body": 16.0, "head": 16.0}
    assert all(one.requires_grad for one in model.parameters())


def test_stages_come_in_order_and_a_frozen_part_stays():
    class Frozen(Net):
        def begin(self, stage):
            super().begin(stage)
            self.head.requires_grad_(stage == "one")

    first, second = (Stage(name, (Player("net", lr=0.05),), 4, 16) for name in ("one", "two"))
    model = net(first, second, kind=Frozen)
    alone = net(first, kind=Frozen)
    train(alone, points(), 1)
    spent = train(model, points(), 1)
    assert model.begun == ["one", "two"]
    assert torch.equal(model.head.weight, alone.head.weight)
    assert not torch.equal(model.body[0].weight, alone.body[0].weight)
    assert spent.steps == 8


def test_an_averaging_stage_leaves_its_averages(tmp_path):
    model, plain = net(replace(MAIN, ema=0.9)), net()
    keeper = Keeper(tmp_path, HEADER, UAR)
    train(model, points(), 1, keeper=keeper, look=accuracy)
    keeper.close()
    train(plain, points(), 1)
    assert not np.array_equal(weights(model), weights(plain))
    looked = [row for row in rows(tmp_path / "journal.csv") if row.what == "validation/uar"]
    assert looked[-1].value == accuracy(model)["uar"], "validation sees the averages"


class Breaking(Net):
    def losses(self, batch, player):
        found = super().losses(batch, player)
        self.step = getattr(self, "step", -1) + 1
        return {**found, "l1": found["ce"] * (float("inf") if self.step == 3 else 1)}


def test_a_loss_that_is_not_finite_stops_with_its_place_and_its_parts():
    model = net(Stage("fine", (Player("net"),), 2, 16), Stage("tune", (Player("net"),), 9, 16), kind=Breaking)
    message = (
        r"training stopped in stage 'tune' at step 1: a loss of player 'net' or its gradient is not finite "
        r"\(ce \d\.\d+, l1 inf, gradient nan\); a lower learning rate often helps"
    )
    with pytest.raises(TrainingError, match=message):
        train(model, points(), 1)
    assert np.isfinite(weights(model)).all(), "the step is not taken"


def test_a_player_without_losses():
    class Silent(Net):
        def losses(self, batch, player):
            return {}

    with pytest.raises(TrainingError, match="player 'net' has no losses to make smaller"):
        train(net(kind=Silent), points(), 1)


def test_other_precisions_and_samples_that_are_read_ahead():
    class Rows:
        def __init__(self, rows):
            self.rows = rows

        def __len__(self):
            return len(self.rows)

        def take(self, indices):
            return self.rows[indices]

    samples = points()
    lazy = Samples({**samples.fields, "x": Rows(samples["x"])}, samples.subjects)
    ahead, at_once = net(), net()
    train(ahead, lazy, 1)
    train(at_once, samples, 1)
    assert np.array_equal(weights(ahead), weights(at_once))
    rough = net()
    train(rough, samples, 1, machine=Machine(precision="bf16"))
    assert next(rough.parameters()).dtype == torch.float32
    assert 1e-4 < np.abs(weights(rough) - weights(at_once)).max() < 1
    with pytest.raises(ConfigError, match="nothing to train on"):
        train(net(), samples.subset([]), 1)


class Stopped(Exception):  # noqa: N818
    pass


@pytest.mark.parametrize("at", [1, 4, 9, 17, 24, 25])
def test_a_run_that_stopped_ends_with_the_same_numbers(tmp_path, at):
    """Stopped in the first stage, at its very end, in the second with its averages, and after all."""

    class Reset(Net):
        def begin(self, stage):
            super().begin(stage)
            if stage == "two":
                self.head.reset_parameters()

    stages = (Stage("one", (Player("net", lr=0.05),), 9, 16),
              Stage("two", (Player("net", ("head",), optimiser="sgd"), Player("body", ("body",), every=2)), 16, 8,
                    ema=0.9, sampler="balanced:label"))  # fmt: skip
    header = {**HEADER, "stages": [{"name": "one"}, {"name": "two"}]}

    def run(folder, *, resume=False, stop=None):
        model, count = net(*stages, kind=Reset), iter(range(1, 100))
        keeper = Keeper(folder, header, UAR, resume=resume, save_every_s=0)

        def tell():
            if next(count) == stop:
                raise Stopped

        try:
            train(model, points(), 1, keeper=keeper, look=accuracy, tell=tell)
        finally:
            keeper.close()
        return weights(model), (folder / "journal.csv").read_bytes(), (folder / "best.safetensors").read_bytes()

    whole = run(tmp_path / "whole")
    with pytest.raises(Stopped):
        run(tmp_path / "parts", stop=at)
    parts = run(tmp_path / "parts", resume=True)
    assert np.array_equal(whole[0], parts[0])
    assert whole[1:] == parts[1:]
    again = run(tmp_path / "parts", resume=True)
    assert np.array_equal(whole[0], again[0]), "a run that is done has nothing left to do"
    assert again[1] == whole[1]
