"""Networks that are compared."""

from __future__ import annotations

import pytest
import torch

from vultus.research.methods.video_expression.cs3d.network import (
    FULLEST,
    Attending,
    Build,
    Frames,
    Recurrent,
    Size,
    SpaceTimeAttention,
    Summed,
    Volumes,
    scaled,
)

SIZE = Size(5, 6, 16, (4, 8), (1, 2), 4.0, 5, 0.0)


@pytest.mark.parametrize(
    "network",
    [Volumes(SIZE, Build(kind, neuron, attention)) for kind in ("whole", "decomposed", "depthwise")
     for neuron, attention in (("soft", True), ("hard", False), ("rate", True), ("relu", False))]
    + [Summed(SIZE, 1.5), Recurrent(SIZE, 7), Attending(SIZE, 9)],
)  # fmt: skip
def test_counts_become_logits_and_everything_learns(network: torch.nn.Module) -> None:
    counts = torch.randint(0, 9, (3, 2, 6, 16, 16), dtype=torch.uint8)
    logits = network(counts)
    assert logits.shape == (3, 5)
    logits.logsumexp(1).sum().backward()
    assert all(one.grad is not None and torch.isfinite(one.grad).all() for one in network.parameters())


def test_counts_end_at_the_fullest() -> None:
    assert scaled(torch.tensor([0, 1, 4, 200], dtype=torch.uint8)).tolist() == [0, 1 / FULLEST, 1, 1]


def test_attention_by_hand() -> None:
    gate = SpaceTimeAttention(2, 3)
    for part in (gate.time, gate.space):
        torch.nn.init.zeros_(part.weight)
        torch.nn.init.zeros_(part.bias)
    maps = torch.rand(2, 2, 4, 5, 5)
    torch.testing.assert_close(gate(maps), maps * 1.5 * 1.5)
    torch.nn.init.constant_(gate.time.bias, -50)
    torch.nn.init.constant_(gate.space.bias, 50)
    torch.testing.assert_close(gate(maps), maps * 2)
    torch.nn.init.constant_(gate.space.bias, -50)
    torch.nn.init.constant_(gate.time.weight, 1000)
    busy = torch.zeros(1, 2, 4, 5, 5)
    busy[:, :, 3] = 1
    torch.testing.assert_close(gate(busy), busy * 2)


def test_time_is_kept_until_the_head() -> None:
    network = Volumes(SIZE, Build())
    assert network.stages(torch.rand(1, 2, 6, 16, 16)).shape == (1, 8, 6, 4, 4)
    assert network.classify.in_features == 8 * 6


def test_frames_are_averaged_over_places() -> None:
    frames = Frames(SIZE, 2.0)
    assert frames(torch.rand(3, 2, 16, 16)).shape == (3, frames.width) == (3, 16)
