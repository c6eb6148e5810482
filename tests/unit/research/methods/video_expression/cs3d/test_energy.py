"""Counted operations and measured rates."""

from __future__ import annotations

import math

import pytest
import torch

from vultus.research.methods.video_expression.cs3d import Config
from vultus.research.methods.video_expression.cs3d.energy import MATCHING, fed_by_spikes, shares, spent
from vultus.research.methods.video_expression.cs3d.network import Build, Size, Summed, Volumes

SIZE = Size(6, 4, 8, (3, 5), (1, 1), 4.0, 5, 0.0)
CLIPS = (torch.rand(4, 2, 4, 8, 8, generator=torch.Generator().manual_seed(0)) < 0.1).to(torch.uint8)


def test_operations_by_hand() -> None:
    found = spent(Volumes(SIZE, Build(attention=False)), CLIPS)
    space, time, head = 9 * 2 * 3 * 256 + 9 * 3 * 5 * 64, 3 * 9 * 256 + 3 * 25 * 64, 20 * 6
    assert found.macs == space + time + head
    neurons = 2 * (3 * 256 + 5 * 64)
    assert found.dense_pj == pytest.approx((found.macs + neurons) * 4.6)
    events, spikes = found.fed.values()
    assert events == pytest.approx(CLIPS.float().mean().item(), rel=1e-5), "events of a connection, not their scale"
    assert 0 < spikes < 1
    by_events = (9 * 2 * 3 * 256 * events + 9 * 3 * 5 * 64 * spikes) * 0.9 + (time + head + neurons) * 4.6
    assert found.event_pj == pytest.approx(by_events)
    assert len(found.rates) == 2
    assert 0 < found.rate < 1


def test_who_is_fed_by_spikes() -> None:
    assert len(fed_by_spikes(Volumes(SIZE, Build()))) == 2
    assert list(fed_by_spikes(Volumes(SIZE, MATCHING)).values()) == [0.25]
    assert fed_by_spikes(Summed(SIZE, 1.0)) == {}
    plain = spent(Summed(SIZE, 1.0), CLIPS)
    assert plain.dense_pj == plain.event_pj
    assert math.isnan(plain.rate)


def test_an_empty_clip_costs_less_by_events_and_the_same_densely() -> None:
    network = Volumes(SIZE, Build())
    full, empty = spent(network, CLIPS), spent(network, torch.zeros_like(CLIPS))
    assert full.dense_pj == empty.dense_pj
    assert empty.event_pj < full.event_pj


def test_shares_of_c3d_at_the_paper_s_size() -> None:
    reference = Volumes(SIZE, MATCHING)
    same = shares(reference, reference, CLIPS, Config().size)
    assert same["macs_of_c3d"] == same["dense_energy_of_c3d"] == 1
    assert same["event_energy_of_c3d"] < 1
    assert math.isnan(same["event_energy_at_paper_size"])
    found = shares(Volumes(SIZE, Build()), reference, CLIPS, Config().size)
    thin = shares(Volumes(SIZE, Build("depthwise")), reference, CLIPS, Config().size)
    assert 0.1 < found["event_energy_at_paper_size"] < 0.4
    assert thin["event_energy_at_paper_size"] < found["event_energy_at_paper_size"]


@pytest.mark.parametrize(("kind", "share"), [("decomposed", 0.5125), ("depthwise", 0.3343)])
def test_operations_of_the_paper_s_size(kind, share: float) -> None:
    from vultus.research.blocks.cost import layers

    size = Config().size
    with torch.device("meta"):
        ours, theirs = (
            sum(one.macs for one in layers(Volumes(size, build), torch.zeros(1, 2, 16, 112, 112)))
            for build in (Build(kind), MATCHING)
        )
    assert theirs == pytest.approx(89.5e9, rel=0.001)
    assert ours / theirs == pytest.approx(share, abs=0.0005)
