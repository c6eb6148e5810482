"""What stands before the experts."""

from __future__ import annotations

import pytest
import torch

from vultus.research.data.world.signals import task_of
from vultus.research.methods.emotion.eeg_moce.encoders import EegNet, FrameNet, MelNet, OverTime, encoder


@pytest.mark.parametrize("kernel", [7, 8])
def test_eegnet_keeps_time_up_to_its_pools(kernel: int) -> None:
    net = EegNet(4, 100, 6, filters=2, depth=3, kernel=kernel, drop=0.0)
    assert net.time(torch.randn(2, 1, 4, 100)).shape == (2, 2, 4, 100)
    assert net.space(net.time(torch.randn(2, 1, 4, 100))).shape == (2, 6, 1, 25)
    assert net(torch.randn(2, 4, 100)).shape == (2, 6)


def test_sound_and_pictures() -> None:
    assert MelNet(64)(torch.randn(2, 1, 64, 157)).shape == (2, 64)
    assert FrameNet(64)(torch.randn(2, 25, 3, 56, 56)).shape == (2, 64)


def test_time_matters_only_by_distance() -> None:
    torch.manual_seed(0)
    layer, x = OverTime(8, 0.0).eval(), torch.randn(1, 9, 8)
    assert torch.allclose(layer(x), layer(x.flip(1)), atol=1e-6)
    layer.decay.data.fill_(5.0)
    assert not torch.allclose(layer(x), layer(x[:, torch.randperm(9)]), atol=1e-4)
    assert OverTime(6, 0.0).heads == 1


def test_each_modality_has_its_network() -> None:
    eav = task_of("eav")
    kinds = [
        type(encoder(one, one.shape(5.0, 100.0), 16, filters=8, depth=2, kernel=300, drop=0.1))
        for one in eav.modalities
    ]
    assert kinds == [EegNet, FrameNet, MelNet]
    eog = encoder(task_of("sleep").modalities[1], (1, 64), 8, filters=8, depth=2, kernel=99, drop=0.0)
    assert isinstance(eog, EegNet)
    assert eog.time[1].weight.shape == (4, 1, 1, 64), "half the filters, no longer than the row"
