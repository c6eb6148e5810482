"""Two geometries that speak one language."""

from __future__ import annotations

import pytest
import torch

from vultus.research.blocks.lorentz import LONGEST
from vultus.research.methods.emotion.eeg_moce.spaces import Each, Flat, Hyperbolic, linear, space

SMALL = torch.tensor(1e-7, dtype=torch.float64)


def draw(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_names() -> None:
    assert isinstance(space("flat"), Flat)
    assert isinstance(space("hyperbolic"), Hyperbolic)


def test_without_curvature_they_agree() -> None:
    bent, flat, v, w = Hyperbolic(), Flat(), draw(1, 5, 3), draw(2, 5, 3)
    x, y = bent.enter(v, SMALL), bent.enter(w, SMALL)
    assert torch.allclose(bent.leave(x, SMALL), flat.leave(flat.enter(v, SMALL), SMALL), atol=1e-4)
    assert torch.allclose(bent.squared(x, y, SMALL), flat.squared(v, w, SMALL), atol=1e-4)
    assert torch.allclose(bent.seen(x, y, SMALL), flat.seen(v, w, SMALL), atol=1e-3)
    assert torch.allclose(bent.placed(x, w, SMALL)[:, 1:], flat.placed(v, w, SMALL), atol=1e-3)
    weights = draw(3, 2, 5).abs()
    assert torch.allclose(bent.mean(x, weights, SMALL)[:, 1:], flat.mean(v, weights, SMALL), atol=1e-3)
    z, a = draw(4, 4, 3), draw(5, 4)
    assert torch.allclose(bent.scores(x, z, a, SMALL), flat.scores(v, z, a, SMALL), atol=1e-3)


@pytest.mark.parametrize("one", [Hyperbolic(), Flat()])
def test_too_long_vectors_are_cut_alike(one) -> None:
    k = torch.tensor(0.5, dtype=torch.float64)
    assert one.leave(one.enter(100 * draw(1, 3, 4), k), k).norm(dim=1).tolist() == pytest.approx([LONGEST] * 3)
    assert torch.allclose(one.leave(one.enter(draw(1, 3, 4), k), k), draw(1, 3, 4))


def test_layers_begin_without_time_and_each_has_its_own() -> None:
    layer = linear(Hyperbolic(), 3)
    assert layer.weight.shape == (3, 4)
    assert layer.weight[:, 0].abs().max() == 0
    layers = [linear(Flat(), 3) for _ in range(2)]
    x = draw(1, 5, 2, 3)
    assert torch.equal(Each(layers)(x)[:, 1], layers[1](x[:, 1]))
