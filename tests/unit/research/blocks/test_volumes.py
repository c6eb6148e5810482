"""Convolutions over time and space."""

from __future__ import annotations

import pytest
import torch

from vultus.errors import UnknownNameError
from vultus.research.blocks.cost import cost
from vultus.research.blocks.volumes import C3D, convolution


@pytest.mark.parametrize(
    ("kind", "weights"),
    [("whole", 27 * 5 * 7), ("decomposed", 9 * 5 * 7 + 3 * 7 * 7), ("depthwise", 9 * 5 * 7 + 3 * 7)],
)
def test_sizes_by_hand(kind, weights: int) -> None:
    part = convolution(5, 7, kind, bias=False)
    assert sum(one.numel() for one in part.parameters()) == weights
    assert part(torch.rand(2, 5, 4, 6, 3)).shape == (2, 7, 4, 6, 3)
    assert cost(part, (5, 4, 6, 3)).macs == weights * 4 * 6 * 3
    biased = convolution(5, 7, kind)
    assert sum(one.numel() for one in biased.parameters()) == weights + 7


def test_a_decomposed_one_is_a_whole_one_whose_kernel_is_a_product() -> None:
    torch.manual_seed(0)
    part, whole = convolution(2, 3, "decomposed", bias=False), convolution(2, 3, "whole", bias=False)
    kernel = torch.einsum("omt,mihw->oithw", part.time.weight[..., 0, 0], part.space.weight[:, :, 0])
    whole.space_time.weight.data.copy_(kernel)
    clip = torch.rand(1, 2, 5, 6, 6)
    assert torch.allclose(part(clip), whole(clip), atol=1e-5)


def test_the_depthwise_one_mixes_no_channels_in_time() -> None:
    part = convolution(2, 3, "depthwise", bias=False)
    part.space.weight.data.zero_()
    part.space.weight.data[1] = 1
    assert (part(torch.rand(1, 2, 4, 4, 4))[:, [0, 2]] == 0).all()


def test_c3d_has_the_published_size() -> None:
    with torch.device("meta"):
        model = C3D()
        model(torch.zeros(1, 3, 16, 112, 112))
        counted = cost(model, (3, 16, 112, 112))
    assert counted.parameters == 79_991_015  # Sports-1M, 487 classes
    assert counted.macs == pytest.approx(38.5e9, rel=0.002)


def test_an_unknown_kind_is_told() -> None:
    with pytest.raises(UnknownNameError, match="unknown convolution 'p3d'"):
        convolution(1, 1, "p3d")
