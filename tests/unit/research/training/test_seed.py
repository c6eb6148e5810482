from __future__ import annotations

import sys

import torch

from vultus.research.training.seed import generator, number, plant


def test_each_place_has_numbers_of_its_own():
    numbers = {number(seed, stage, step) for seed in range(3) for stage in range(3) for step in range(50)}
    assert len(numbers) == 450
    assert number(1, 2, 3) == number(1, 2, 3)
    assert max(numbers) < 2**63


def test_planting_makes_torch_repeat_itself(monkeypatch):
    plant(3, 1)
    first = torch.rand(4)
    plant(3, 1)
    assert torch.equal(first, torch.rand(4))
    plant(3, 2)
    assert not torch.equal(first, torch.rand(4))
    state = torch.random.get_rng_state()
    monkeypatch.delitem(sys.modules, "torch")
    plant(3, 1)
    assert torch.equal(state, torch.random.get_rng_state())


def test_a_generator_is_nobody_elses():
    one = generator(torch.device("cpu"), 3, 1)
    plant(9)
    first = torch.rand(4, generator=one)
    assert torch.equal(first, torch.rand(4, generator=generator(torch.device("cpu"), 3, 1)))
