from __future__ import annotations

import pytest
import torch
from torch import nn

from vultus.research.blocks.backbones import ConvNeXt, DenseNet, ResNet
from vultus.research.blocks.cost import Cost, cost


def test_a_network_by_hand() -> None:
    model = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.Flatten(), nn.Linear(4 * 5 * 6, 7))
    assert cost(model, (2, 5, 6)) == Cost(4 * 2 * 9 + 4 + 120 * 7 + 7, 4 * 5 * 6 * 2 * 9 + 120 * 7)
    assert model.training


# torchvision's and timm's tables give 1.81, 2.83 and 4.46 billion; small layers are counted differently there.
@pytest.mark.parametrize(("build", "published"), [(ResNet, 1.81e9), (DenseNet, 2.83e9), (ConvNeXt, 4.46e9)])
def test_the_papers_networks_cost_what_is_published(build, published) -> None:
    with torch.device("meta"):
        assert cost(build(), (3, 224, 224)).macs == pytest.approx(published, rel=0.02)
