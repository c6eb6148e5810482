"""Experts, moments, fusion and head by hand-worked cases."""

from __future__ import annotations

import math

import pytest
import torch

from vultus.research.blocks import lorentz
from vultus.research.methods.emotion.eeg_moce.network import Expert, Fusion, Head, Moce, Moments
from vultus.research.methods.emotion.eeg_moce.spaces import Flat, Hyperbolic

BOTH = pytest.mark.parametrize("space", [Hyperbolic(), Flat()], ids=["hyperbolic", "flat"])
K = torch.tensor(1.5, dtype=torch.float64)


def cloud(space: Hyperbolic | Flat, count: int, seed: int, by: float = 0.0) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return space.enter(0.6 * torch.randn(count, 3, dtype=torch.float64, generator=draw) + by, K)


@BOTH
def test_moments_put_every_domain_around_the_mean_with_the_same_dispersion(space) -> None:
    moments = Moments(space, 3, "transductive")
    point = torch.cat([cloud(space, 40, 1), cloud(space, 40, 2, by=1.0)])
    domain = torch.arange(80) // 40
    with torch.no_grad():
        found = moments(point, K, domain)
        for part in (found[:40], found[40:]):
            centre = space.mean(part, torch.ones(1, 40, dtype=torch.float64), K)
            assert space.leave(centre, K).norm() < 0.15
            assert space.seen(centre.expand_as(part), part, K).square().sum(1).mean() == pytest.approx(1, rel=0.05)
        together = Moments(space, 3, "none")(point, K, domain)
        assert space.leave(together[40:], K).mean() - space.leave(together[:40], K).mean() > 0.3, "not told apart"


@BOTH
def test_a_refitted_domain_has_moments_of_its_own(space) -> None:
    moments = Moments(space, 3, "transductive")
    point, strange = cloud(space, 64, 1), cloud(space, 64, 2, by=1.5)
    with torch.no_grad():
        for _ in range(60):
            moments(point, K, torch.zeros(64, dtype=torch.long))
        moments.eval()
        before = space.leave(moments(strange, K, None), K).mean()
        moments.refitting = True
        moments(strange, K, torch.full((64,), 9))
        moments.refitting = False
        own = moments(strange, K, torch.full((64,), 9))
        assert abs(space.leave(own, K).mean()) < 0.1 < abs(before)
        assert torch.equal(moments(strange, K, torch.full((64,), 8)), moments(strange, K, None)), "an unknown domain"


def test_an_expert_gives_points_of_its_own_space() -> None:
    expert = Expert(Hyperbolic(), 3, "none", 2.0)
    point, k = expert(torch.randn(5, 3), None)
    assert float(k.detach()) == pytest.approx(2.0)
    assert torch.allclose(lorentz.inner(point, point), -1 / k)
    assert not Expert(Hyperbolic(), 3, "none", learnt=False).curvature.raw.requires_grad


@BOTH
def test_attention_by_hand(space) -> None:
    torch.manual_seed(0)
    fusion = Fusion(space, 3, 2, warmth=0.7, prior=0.3)
    points = torch.stack([cloud(space, 4, 1), cloud(space, 4, 2)], 1)
    k = torch.tensor([3.0, 1.0], dtype=torch.float64)
    with torch.no_grad():
        _, attention = fusion(points, k)
        query = space.linear(fusion.query, points, k.mean())[:, 0]
        keys = space.linear(fusion.key, points, k.mean())
        far = torch.stack([space.squared(query, keys[:, at], k.mean()) for at in (0, 1)], 1)
        score = -far * math.sqrt(3.0) / 0.7 + 0.3 * torch.tensor([math.log(3.0), 0.0])
    torch.testing.assert_close(attention[:, 0], score.softmax(1), rtol=1e-4, atol=1e-5)


def test_the_prior_favours_the_curved_and_can_be_left_out() -> None:
    fusion = Fusion(Hyperbolic(), 3, 2, prior=0.3)
    same = cloud(Hyperbolic(), 4, 1)
    for layers in (fusion.query, fusion.key):
        for layer in layers.layers:
            torch.nn.init.zeros_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
    k = torch.tensor([3.0, 1.0], dtype=torch.float64)
    _, attention = fusion(torch.stack([same, same], 1), k)
    expected = math.exp(0.3 * math.log(3)) / (1 + math.exp(0.3 * math.log(3)))
    assert attention[0, :, 0].tolist() == pytest.approx([expected] * 2, abs=1e-4)
    without = Fusion(Hyperbolic(), 3, 2, prior=None)
    assert not without.prior.requires_grad
    _, even = Fusion(Hyperbolic(), 3, 2, even=True)(torch.stack([same, same], 1), k)
    assert even.unique().tolist() == [0.5]


@BOTH
def test_the_head_is_the_hyperplanes(space) -> None:
    head = Head(space, 3, 4)
    assert head(cloud(space, 5, 1), K).shape == (5, 4)
    assert head(space.enter(torch.zeros(1, 3, dtype=torch.float64), K), K).abs().max() < 1e-9


def test_points_meet_in_the_space_of_the_mean_curvature() -> None:
    moce = Moce(Hyperbolic(), Hyperbolic(), 3, ("a", "b"), 2, "none")
    with torch.no_grad():
        moce.experts["a"].curvature.raw.fill_(3.0)
        logits, attention, fused = moce({"a": torch.randn(4, 3), "b": torch.randn(4, 3)})
        shared = torch.stack([one.curvature() for one in moce.experts.values()]).mean()
    assert logits.shape == (4, 2)
    assert attention.shape == (4, 2, 2)
    assert torch.allclose(lorentz.inner(fused, fused), -1 / shared)


@pytest.mark.parametrize("first", [Hyperbolic(), Flat()])
@pytest.mark.parametrize("second", [Hyperbolic(), Flat()])
def test_each_half_may_be_flat(first, second) -> None:
    moce = Moce(first, second, 3, ("a", "b"), 2, "none")
    _, _, fused = moce({"a": torch.randn(4, 3), "b": torch.randn(4, 3)})
    assert fused.shape == (4, 3 + second.more)
