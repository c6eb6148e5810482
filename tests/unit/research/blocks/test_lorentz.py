"""Hyperbolic operations against geoopt, by finite differences, by hand, and by what must stay the same."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vultus.research.blocks import lorentz as L  # noqa: N812  read as the letter of the model

torch_f64 = torch.float64
curvatures = st.floats(0.05, 8.0)
seeds = st.integers(0, 10_000)
few = settings(max_examples=30, deadline=None)


def number(k: float) -> torch.Tensor:
    return torch.tensor(k, dtype=torch_f64)


def vectors(seed: int, *shape: int, long: float = 1.0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(0, long, shape))


def points(seed: int, k: torch.Tensor, *shape: int) -> torch.Tensor:
    """Within 2 or so radii of curvature of the origin: far out, digits are lost in the sum of large numbers."""
    return L.exp0(vectors(seed, *shape, long=0.7) / (1 + k.sqrt()), k)


@few
@given(curvatures, seeds)
def test_there_and_back(k: float, seed: int) -> None:
    k_, v = number(k), vectors(seed, 5, 3)
    x, y = points(seed + 2, k_, 5, 3), points(seed + 1, k_, 5, 3)
    far = L.exp0(v, k_)
    assert torch.allclose(L.inner(far, far), -1 / k_, atol=1e-6)
    assert torch.allclose(L.log0(far, k_), v, atol=1e-6)
    towards = L.log_at(x, y, k_)
    assert torch.allclose(L.inner(towards, x), torch.zeros(1, dtype=torch_f64), atol=1e-5)
    assert torch.allclose(L.exp_at(x, towards, k_), y, rtol=1e-6, atol=1e-6)
    assert torch.allclose(L.from_origin(x, L.to_origin(x, y, k_), k_), y, rtol=1e-6, atol=1e-6)
    carried = L.transport(x, L.origin_like(x, k_), towards, k_)
    assert torch.allclose(L.to_origin(x, y, k_), carried[..., 1:], atol=1e-6)
    assert torch.allclose(carried[..., 0], torch.zeros(1, dtype=torch_f64), atol=1e-6)
    length = L.to_origin(x, y, k_).norm(dim=-1, keepdim=True)
    assert torch.allclose(length, L.distance(x, y, k_), atol=1e-6)


@few
@given(curvatures, seeds)
def test_as_geoopt_but_for_the_meaning_of_its_number(k: float, seed: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it compiles with torch.jit, which is on its way out
        import geoopt

    k_, space = number(k), geoopt.Lorentz(1 / number(k))  # its k is one over ours
    x, y = points(seed, k_, 6, 4), points(seed + 1, k_, 6, 4)
    assert torch.allclose(L.distance(x, y, k_)[:, 0], space.dist(x, y), atol=1e-6)
    v = L.log_at(x, y, k_)
    assert torch.allclose(v, space.logmap(x, y), rtol=1e-4, atol=1e-5)
    assert torch.allclose(L.transport(x, y, v, k_), space.transp(x, y, v), rtol=1e-4, atol=1e-5)
    assert torch.allclose(L.exp_at(x, 0.3 * v, k_), space.expmap(x, 0.3 * v), rtol=1e-4, atol=1e-5)
    wrong = geoopt.Lorentz(k_)
    if abs(k - 1) > 0.05:
        assert not torch.allclose(wrong.dist(x, y), space.dist(x, y), atol=1e-4), "the trap is real"


@few
@given(curvatures, curvatures, seeds)
def test_another_curvature_keeps_angles_and_scales_lengths(k: float, other: float, seed: int) -> None:
    k_, o_, v = number(k), number(other), vectors(seed, 5, 3, long=0.5)
    moved = L.log0(L.change_curvature(L.exp0(v, k_), k_, o_), o_)
    assert torch.allclose(moved, math.sqrt(k / other) * v, atol=1e-6) or float(moved.norm(dim=-1).max()) > 7.9


def test_known_distances() -> None:
    k, at = number(1.0), torch.tensor([[1.5, 0.0]], dtype=torch_f64)
    x = L.exp0(at, k)
    assert x[0].tolist() == pytest.approx([math.cosh(1.5), math.sinh(1.5), 0.0])
    assert float(L.distance(x, L.origin_like(x, k), k)) == pytest.approx(1.5)
    assert float(L.distance(L.exp0(-at, k), x, k)) == pytest.approx(3.0)


def test_too_long_vectors_are_cut() -> None:
    x = L.exp0(torch.tensor([[100.0, 0.0]], dtype=torch_f64), number(1.0))
    assert float(L.log0(x, number(1.0)).norm()) == pytest.approx(L.LONGEST)


def test_where_curvature_goes_to_nothing_all_is_flat() -> None:
    k, v, w = number(1e-7), vectors(1, 4, 3), vectors(2, 4, 3)
    flat = (v - w).norm(dim=-1, keepdim=True)
    assert torch.allclose(L.distance(L.exp0(v, k), L.exp0(w, k), k), flat, atol=1e-5)
    z, a = vectors(3, 5, 3), vectors(4, 5)
    scores = L.hyperplane_scores(L.exp0(v, k), z, a, k)
    assert torch.allclose(scores, v @ z.T - z.norm(dim=-1) * a, atol=1e-4)


@few
@given(curvatures, seeds)
def test_scores_are_distances_to_the_hyperplane(k: float, seed: int) -> None:
    """The hyperplane by hand: through the end of a geodesic from the origin, square to it."""
    k_, z, a = number(k), vectors(seed, 1, 3), 0.3 * vectors(seed + 1, 1)
    unit = z / z.norm()
    x = L.exp0(vectors(seed + 2, 7, 3, long=0.5), k_)
    # the hyperplane goes through exp0(a unit), with normal `unit` carried there
    foot = L.exp0(a * unit, k_)
    normal = L.transport(L.origin_like(foot, k_), foot, torch.nn.functional.pad(unit, (1, 0)), k_)
    sine = math.sqrt(k) * L.inner(x, normal)
    expected = float(z.norm()) * torch.asinh(sine) / math.sqrt(k)
    assert torch.allclose(L.hyperplane_scores(x, z, a, k_), expected, atol=1e-6)
    on = L.exp_at(foot, 0.4 * _sideways(foot, normal, seed, k_), k_)
    assert torch.allclose(L.hyperplane_scores(on, z, a, k_), torch.zeros(1, 1, dtype=torch_f64), atol=1e-6)


def _sideways(foot: torch.Tensor, normal: torch.Tensor, seed: int, k: torch.Tensor) -> torch.Tensor:
    v = L.transport(L.origin_like(foot, k), foot, torch.nn.functional.pad(vectors(seed + 3, 1, 3), (1, 0)), k)
    return v - L.inner(v, normal) * normal


def test_gradients_are_those_of_finite_differences() -> None:
    v, w = vectors(1, 3, 2).requires_grad_(), vectors(2, 3, 2).requires_grad_()
    z, a = vectors(3, 4, 2).requires_grad_(), vectors(4, 4).requires_grad_()
    k, o = number(1.7).requires_grad_(), number(0.6).requires_grad_()
    weights = torch.rand(2, 3, dtype=torch_f64).requires_grad_()
    assert torch.autograd.gradcheck(lambda v, w, k: L.distance(L.exp0(v, k), L.exp0(w, k), k), (v, w, k))
    assert torch.autograd.gradcheck(lambda v, w, k: L.to_origin(L.exp0(v, k), L.exp0(w, k), k), (v, w, k))
    assert torch.autograd.gradcheck(lambda v, w, k: L.from_origin(L.exp0(v, k), w, k), (v, w, k))
    assert torch.autograd.gradcheck(lambda v, k, o: L.change_curvature(L.exp0(v, k), k, o), (v, k, o))
    assert torch.autograd.gradcheck(lambda v, q, k: L.centroid(L.exp0(v, k), q, k), (v, weights, k))
    assert torch.autograd.gradcheck(lambda v, z, a, k: L.hyperplane_scores(L.exp0(v, k), z, a, k), (v, z, a, k))


def test_nothing_breaks_where_points_fall_together() -> None:
    k = number(2.0).requires_grad_()
    v = torch.zeros(2, 3, dtype=torch_f64, requires_grad=True)
    x = L.exp0(v, k)
    loss = L.distance(x, x.detach(), k).square().sum() + L.log_at(x, x, k).sum() + L.log0(x, k).sum()
    loss.backward()
    assert torch.isfinite(v.grad).all()
    assert torch.isfinite(k.grad)


def test_a_centroid_lies_in_the_middle() -> None:
    k = number(1.3)
    x = points(5, k, 1, 3)
    pair = torch.cat([x, L.origin_like(x, k)])
    middle = L.centroid(pair, torch.ones(1, 2, dtype=torch_f64), k)
    assert torch.allclose(L.inner(middle, middle), -1 / k)
    assert torch.allclose(L.distance(middle, pair, k)[0], L.distance(middle, pair, k)[1])
    alone = L.centroid(pair, torch.tensor([[0.4, 0.0]], dtype=torch_f64), k)
    assert torch.allclose(alone, x)


def test_trees_are_hyperbolic_and_squares_are_not() -> None:
    star = torch.full((4, 4), 2.0)
    star.fill_diagonal_(0)
    assert L.hyperbolicity(star) == 0
    square = torch.tensor([[0.0, 1, 2, 1], [1, 0, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]])
    assert L.hyperbolicity(square) == 1


def test_curvature_is_what_it_is_told_and_moves_at_its_pace() -> None:
    for pace in (1.0, 10.0):
        one = L.Curvature(2.0, pace=pace)
        assert float(one().detach()) == pytest.approx(2.0)
        one().backward()
        assert float(one.raw.grad) == pytest.approx(pace * (1 - math.exp(-2.0)))
    assert not L.Curvature(2.0, learnt=False).raw.requires_grad


def test_a_branching_tree_wants_more_curvature_than_a_chain() -> None:
    """Embedded with a learnt curvature, a tree is less distorted than flat, and its |K| is three times a chain's."""
    branching = _tree([3, 3, 3])
    chain = torch.from_numpy(np.abs(np.subtract.outer(np.arange(13.0), np.arange(13.0))))
    (bent, k_tree), (flat, _) = _embedded(branching, True), _embedded(branching, False)
    _, k_chain = _embedded(chain, True)
    assert bent < flat
    assert k_tree > 3 * k_chain


def _tree(branches: list[int]) -> torch.Tensor:
    paths = [()]
    for depth in range(len(branches)):
        paths += [(*path, one) for path in paths if len(path) == depth for one in range(branches[depth])]

    def far(one: tuple[int, ...], other: tuple[int, ...]) -> float:
        shared = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
                      min(len(one), len(other)))  # fmt: skip
        return float(len(one) + len(other) - 2 * shared)

    return torch.tensor([[far(one, other) for other in paths] for one in paths], dtype=torch_f64)


def _embedded(metric: torch.Tensor, bent: bool) -> tuple[float, float]:
    """Relative distortion in two dimensions, the better of two starts, and the curvature that was learnt."""
    return min(_from(seed, metric, bent) for seed in (1, 2))


def _from(seed: int, metric: torch.Tensor, bent: bool) -> tuple[float, float]:
    n, steps = len(metric), 600
    place = torch.randn(n, 2, dtype=torch_f64, generator=torch.Generator().manual_seed(seed)).requires_grad_()
    curvature = L.Curvature(0.1)  # nearly flat at first: neighbours are found before the space bends
    rows, columns = torch.triu_indices(n, n, 1)
    optimiser = torch.optim.Adam([place, *curvature.parameters()], lr=0.05)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = 0.05 * (1 - step / steps)
        if bent:
            x = L.exp0(place, curvature())
            found = L.distance(x[rows], x[columns], curvature())[:, 0]
        else:
            found = (place[rows] - place[columns]).square().sum(-1).add(1e-12).sqrt()
        error = found / metric[rows, columns] - 1
        optimiser.zero_grad()
        error.square().mean().backward()
        optimiser.step()
    return float(error.detach().abs().mean()), float(curvature().detach())
