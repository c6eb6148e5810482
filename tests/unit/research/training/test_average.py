from __future__ import annotations

import pytest
import torch

from unit.research.training.nets import net
from vultus.research.training.average import Average


def test_the_average_follows_its_formula():
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(0.0)
    average = Average(model, 0.5)
    expected = 0.0
    for step, value in enumerate([1.0, 2.0, -3.0] * 5):
        model.weight.data.fill_(value)
        average.update(step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
    assert average.state["weight"].item() == pytest.approx(expected)


def test_counters_are_taken_as_they_are_and_weights_are_worn_for_a_while():
    model = net()
    average = Average(model, 0.9)
    before = model.head.weight.detach().clone()
    model(torch.ones(4, 4))
    model.head.weight.data += 1
    average.update(5)
    assert average.state["body.1.num_batches_tracked"] == 1
    with average.worn():
        assert not torch.equal(model.head.weight, before + 1)
    assert torch.equal(model.head.weight, before + 1)
