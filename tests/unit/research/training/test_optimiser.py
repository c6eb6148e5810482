from __future__ import annotations

import pytest
import torch

from vultus.research.contract import Player
from vultus.research.training.optimiser import build, rate


def rates(steps: int = 100, **settings) -> list[float]:
    return [rate(Player("net", lr=1.0, **settings), step, steps) for step in range(steps)]


def test_a_cosine_falls_to_nothing():
    found = rates()
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 100)
    expected = []
    for _ in range(100):
        expected.append(theirs.get_last_lr()[0])
        optimiser.step()
        theirs.step()
    assert found == pytest.approx(expected, abs=1e-6)


def test_other_schedules():
    assert rates(schedule="constant", warmup=4)[:6] == [0.25, 0.5, 0.75, 1, 1, 1]
    again = rates(schedule="restarts", period=25)
    assert again[0] == again[25] == again[75] == 1
    assert min(again) == again[24] < 0.01
    one = rates(schedule="onecycle")
    assert one.index(max(one)) == 30
    assert one[0] < 0.01
    assert one[-1] < 0.01
    assert one[:31] == sorted(one[:31])
    assert one[30:] == sorted(one[30:], reverse=True)
    assert all(0 <= value <= 1 for value in rates(steps=1, schedule="onecycle"))


@pytest.mark.parametrize(
    ("name", "kind"), [("adamw", torch.optim.AdamW), ("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)]
)
def test_optimisers(name, kind):
    player = Player("net", lr=0.3, optimiser=name, betas=(0.5, 0.9), weight_decay=0.1)
    optimiser = build(player, [torch.nn.Parameter(torch.zeros(2))])
    assert type(optimiser) is kind
    settings = optimiser.param_groups[0]
    assert (settings["lr"], settings["weight_decay"]) == (0.3, 0.1)
    assert settings.get("betas", (settings.get("momentum"), 0.9)) == (0.5, 0.9)
