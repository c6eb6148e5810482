"""The two geometries that experts and fusion may have: bent, and flat as its twin of the same size.

Both speak the same language, so that a network of one is a network of the other: `enter` and `leave` between vectors
and points, `linear`, `mean`, `squared` distances, `seen` from a point and `placed` around it, `scores` of hyperplanes.
What is a curvature here is there a number of trust that only attention looks at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from vultus.research.blocks import lorentz

if TYPE_CHECKING:
    from torch import Tensor

Geometry = Literal["hyperbolic", "flat"]


class Hyperbolic:
    """The hyperboloid of curvature -k; points (..., D + 1)."""

    more = 1  # coordinates than dimensions

    def enter(self, vector: Tensor, k: Tensor) -> Tensor:
        """exp at the origin."""
        return lorentz.exp0(vector, k)

    def leave(self, point: Tensor, k: Tensor) -> Tensor:
        """log at the origin."""
        return lorentz.log0(point, k)

    def linear(self, layer: nn.Module, point: Tensor, k: Tensor) -> Tensor:
        """p = layer(x) in space, and time = sqrt(|p|^2 + 1/k)."""
        return lorentz.lift(layer(point), k)

    def mean(self, points: Tensor, weights: Tensor, k: Tensor) -> Tensor:
        """Lorentz centroids, (M, N) of weights over (N, D + 1)."""
        return lorentz.centroid(points, weights, k)

    def squared(self, x: Tensor, y: Tensor, k: Tensor) -> Tensor:
        """Squared distances, (...)."""
        found: Tensor = lorentz.distance(x, y, k).square()[..., 0]
        return found

    def seen(self, base: Tensor, point: Tensor, k: Tensor) -> Tensor:
        """How points look from a base, carried to the origin."""
        return lorentz.to_origin(base, point, k)

    def placed(self, base: Tensor, vector: Tensor, k: Tensor) -> Tensor:
        """Points around a base."""
        return lorentz.from_origin(base, vector, k)

    def scores(self, point: Tensor, normals: Tensor, offsets: Tensor, k: Tensor) -> Tensor:
        """Signed distances to geodesic hyperplanes."""
        return lorentz.hyperplane_scores(point, normals, offsets, k)


class Flat:
    """The same with no curvature at all; points (..., D)."""

    more = 0

    def enter(self, vector: Tensor, k: Tensor) -> Tensor:
        """A vector is a point; too long ones are cut alike."""
        cut: Tensor = vector * (lorentz.LONGEST / vector.norm(dim=-1, keepdim=True).clamp_min(1e-6)).clamp_max(1)
        return cut

    def leave(self, point: Tensor, k: Tensor) -> Tensor:
        """A point is a vector."""
        return point

    def linear(self, layer: nn.Module, point: Tensor, k: Tensor) -> Tensor:
        """The layer."""
        found: Tensor = layer(point)
        return found

    def mean(self, points: Tensor, weights: Tensor, k: Tensor) -> Tensor:
        """Weighted means."""
        return weights @ points / weights.sum(-1, keepdim=True)

    def squared(self, x: Tensor, y: Tensor, k: Tensor) -> Tensor:
        """Squared distances, (...)."""
        found: Tensor = (x - y).square().sum(-1)
        return found

    def seen(self, base: Tensor, point: Tensor, k: Tensor) -> Tensor:
        """Differences."""
        return point - base

    def placed(self, base: Tensor, vector: Tensor, k: Tensor) -> Tensor:
        """Sums."""
        return base + vector

    def scores(self, point: Tensor, normals: Tensor, offsets: Tensor, k: Tensor) -> Tensor:
        """Signed distances to hyperplanes, weighted by the length of their normals."""
        found: Tensor = point @ normals.T - normals.norm(dim=-1) * offsets
        return found


def space(geometry: Geometry) -> Hyperbolic | Flat:
    """A geometry by its name."""
    return Hyperbolic() if geometry == "hyperbolic" else Flat()


def linear(space: Hyperbolic | Flat, width: int) -> nn.Linear:
    """A layer in double precision, from points to vectors; what it makes of their time is learnt from nothing."""
    layer = nn.Linear(width + space.more, width, dtype=torch.float64)
    if space.more:
        nn.init.zeros_(layer.weight[:, : space.more])
    return layer


class Each(nn.Module):
    """A layer for each of M: (B, M, D) to (B, M, width)."""

    def __init__(self, layers: list[nn.Linear]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, points: Tensor) -> Tensor:
        """Each of the M through its own."""
        return torch.stack([layer(points[:, number]) for number, layer in enumerate(self.layers)], 1)
