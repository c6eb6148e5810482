"""Neurons over time, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from vultus.errors import UnknownNameError
from vultus.research.blocks.spiking import HardSpike, Rate, SoftSpike, neuron


def steady(current: float, bins: int) -> torch.Tensor:
    return torch.full((1, 1, bins, 1, 1), current)


def test_soft_spikes_by_hand() -> None:
    layer = SoftSpike(1, beta=4.0, leak=0.5, theta=1.0)
    found = layer(torch.tensor([0.5, 1.0, 0.0]).view(1, 1, 3, 1, 1)).flatten().tolist()
    charge, sent = 0.0, 0.0
    for now, spike in zip((0.5, 1.0, 0.0), found, strict=True):
        charge = 0.5 * charge + now - sent
        sent = 1 / (1 + math.exp(-4 * (charge - 1)))
        assert spike == pytest.approx(sent, abs=1e-6)


def test_hard_spikes_by_hand() -> None:
    layer = HardSpike(1, leak=0.5)
    # Charges 0.6, 0.9, 1.05 (fires), 0.125, 0.6625, ...
    found = layer(steady(0.6, 6)).flatten().tolist()
    assert found == [0, 0, 1, 0, 0, 0]
    assert HardSpike(1, leak=0.5)(steady(0.4, 50)).sum() == 0, "what leaks never adds up"
    assert HardSpike(1, leak=0.5)(steady(2.5, 4)).flatten().tolist() == [1, 1, 1, 1]


def test_memory_tells_when_something_was() -> None:
    layer = SoftSpike(1, leak=0.9)
    early, late = torch.zeros(1, 1, 6, 1, 1), torch.zeros(1, 1, 6, 1, 1)
    early[0, 0, 0], late[0, 0, 4] = 0.8, 0.8
    found = [layer(one)[0, 0, 5].item() for one in (early, late)]
    assert found[1] > found[0] > layer(torch.zeros(1, 1, 6, 1, 1))[0, 0, 5].item()


def test_both_learn() -> None:
    for kind in ("soft", "hard"):
        layer = neuron(kind, 3)
        current = torch.rand(2, 3, 4, 5, 5, requires_grad=True)
        layer(current).sum().backward()
        assert current.grad is not None
        assert current.grad.abs().sum() > 0
        for one in (layer.decay, layer.theta):
            assert torch.isfinite(one.grad).all()
            assert one.grad.abs().sum() > 0


def test_a_steep_soft_neuron_is_a_hard_one() -> None:
    torch.manual_seed(0)
    current = torch.rand(4, 2, 8, 3, 3)
    assert torch.allclose(SoftSpike(2, beta=1e5)(current), HardSpike(2)(current), atol=1e-2)


def test_rates_lie_on_the_curve_of_a_leaky_neuron() -> None:
    layer = Rate(refractory=1.0, constant=2.0, sigma=1e-3)
    found = layer(torch.tensor([0.0, 3.0, 1e6]))
    assert found[0] < 0.1
    assert found[1].item() == pytest.approx(1 / (1 + 2 * math.log(1 + 1 / 2)), rel=1e-4)
    assert found[2].item() == pytest.approx(1, rel=1e-3)
    assert (layer(torch.linspace(0, 5, 50)).diff() >= 0).all()


def test_kinds_are_known_and_mistakes_told() -> None:
    for kind in ("soft", "hard", "rate", "relu"):
        assert neuron(kind, 2)(torch.rand(1, 2, 3, 4, 4)).shape == (1, 2, 3, 4, 4)
    with pytest.raises(UnknownNameError, match="unknown neuron 'softt'; did you mean 'soft'"):
        neuron("softt", 2)
