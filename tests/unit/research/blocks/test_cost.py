from __future__ import annotations

import pytest
import torch
from torch import nn

from vultus.research.blocks.backbones import ConvNeXt, DenseNet, ResNet
from vultus.research.blocks.cost import Cost, cost, energy_pj, layers


def test_a_network_by_hand() -> None:
    model = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.Flatten(), nn.Linear(4 * 5 * 6, 7))
    assert cost(model, (2, 5, 6)) == Cost(4 * 2 * 9 + 4 + 120 * 7 + 7, 4 * 5 * 6 * 2 * 9 + 120 * 7)
    assert model.training


# torchvision's and timm's tables give 1.81, 2.83 and 4.46 billion; small layers are counted differently there.
@pytest.mark.parametrize(("build", "published"), [(ResNet, 1.81e9), (DenseNet, 2.83e9), (ConvNeXt, 4.46e9)])
def test_the_papers_networks_cost_what_is_published(build, published) -> None:
    with torch.device("meta"):
        assert cost(build(), (3, 224, 224)).macs == pytest.approx(published, rel=0.02)


def test_layers_and_their_energy_by_hand() -> None:
    model = nn.Sequential(nn.Conv3d(1, 2, (1, 3, 3), padding=(0, 1, 1), bias=False), nn.ReLU(), nn.Flatten(),
                          nn.Linear(2 * 3 * 4 * 4, 5))  # fmt: skip
    nn.init.ones_(model[0].weight)
    batch = torch.zeros(2, 1, 3, 4, 4)
    batch[0, 0, 0, 1, 1] = 4  # one event in 96 cells
    first, last = layers(model.train(), batch)
    assert model.training
    assert (first.name, last.name) == ("0", "3")
    assert first.macs == 96 * 9
    assert last.macs == 96 * 5
    assert first.fed == pytest.approx(4 / 96)
    assert first.sent == last.fed == pytest.approx(2 * 9 * 4 / (2 * 96))
    assert energy_pj((first, last)) == pytest.approx((96 * 9 + 96 * 5) * 4.6)
    # One event, told by 4, in one of two clips: 9 additions in each of 2 channels, 9 for a clip on average.
    assert energy_pj((first,), {"0": 4.0}) == pytest.approx(96 * 9 / 96 * 0.9)


def test_layers_that_are_no_convolutions() -> None:
    gru = nn.GRU(3, 4, batch_first=True)
    (found,) = layers(gru, torch.rand(2, 5, 3))
    assert found.macs == 5 * 3 * (3 * 4 + 4 * 4)
    seen = layers(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), torch.rand(2, 5, 8))
    assert sum(one.macs for one in seen) == 4 * 5 * 64 + 2 * 25 * 8 + 2 * 5 * 8 * 16
    (own,) = layers(nn.Sequential(nn.ReLU()), torch.rand(2, 7), {nn.ReLU: 3})
    assert own.macs == 21
