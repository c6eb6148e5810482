"""Hyperbolic space as a hyperboloid, with a curvature that may be learnt.

Source: Nickel and Kiela, "Learning Continuous Hierarchies in the Lorentz Model", ICML 2018; layers after Chen et al.,
"Fully Hyperbolic Neural Networks", ACL 2022, and Bdeir et al., "Fully Hyperbolic Convolutional Neural Networks", ICLR
2024.

Curvature is -k with k > 0, and points are rows (..., D + 1), time first, with <x, x> = -x0^2 + |x1..D|^2 = -1/k.
Vectors at the origin o = (1/sqrt k, 0) are written without their time, which is 0: (..., D). k is a number or a tensor
that broadcasts over (..., 1). Beware of `geoopt.Lorentz(c)`: there <x, x> = -c, so its c is our 1/k.

Hyperbolic functions are put together from exp and log, which every ONNX runtime computes in double precision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  PyTorch's own habit

if TYPE_CHECKING:
    from torch import Tensor

LONGEST = 8.0  # tangent vectors are cut there: cosh of more loses the digits of the manifold
_TINY = 1e-12


def inner(x: Tensor, y: Tensor) -> Tensor:
    """<x, y> = -x0 y0 + x1 y1 + ...; (..., 1)."""
    product = x * y
    return product[..., 1:].sum(-1, keepdim=True) - product[..., :1]


def lift(space: Tensor, k: Tensor) -> Tensor:
    """The point with these coordinates in space: (..., D) to (..., D + 1); its time is sqrt(|p|^2 + 1/k)."""
    time = (space.square().sum(-1, keepdim=True) + 1 / k).sqrt()
    return torch.cat([time, space], -1)


def exp0(vector: Tensor, k: Tensor) -> Tensor:
    """The point that a vector at the origin leads to: (..., D) to (..., D + 1).

    (cosh(sqrt k |v|), sinh(sqrt k |v|) v / |v|) / sqrt k; what is longer than `LONGEST` is cut.
    """
    length = vector.square().sum(-1, keepdim=True).clamp_min(_TINY).sqrt()
    kept = length.clamp_max(LONGEST)
    return lift(_sinh(k.sqrt() * kept) / (k.sqrt() * length) * vector, k)


def log0(point: Tensor, k: Tensor) -> Tensor:
    """The vector at the origin that leads to a point: (..., D + 1) to (..., D)."""
    return _log0(point[..., 1:], k)


def _log0(space: Tensor, k: Tensor) -> Tensor:
    length = space.square().sum(-1, keepdim=True).clamp_min(_TINY).sqrt()
    return asinh(k.sqrt() * length) / (k.sqrt() * length) * space


def distance(x: Tensor, y: Tensor, k: Tensor) -> Tensor:
    """acosh(-k <x, y>) / sqrt k, from the chord so that near points keep their digits; (..., 1)."""
    chord = (0.5 * k * inner(x - y, x - y)).clamp_min(_TINY)
    return torch.log1p(chord + (chord * (chord + 2)).sqrt()) / k.sqrt()


def log_at(base: Tensor, point: Tensor, k: Tensor) -> Tensor:
    """The vector at `base` that leads to `point`; (..., D + 1)."""
    towards = point + k * inner(base, point) * base
    length = inner(towards, towards).clamp_min(_TINY).sqrt()
    return distance(base, point, k) * towards / length


def exp_at(base: Tensor, vector: Tensor, k: Tensor) -> Tensor:
    """The point that a vector at `base` leads to; (..., D + 1)."""
    length = inner(vector, vector).clamp_min(_TINY).sqrt()
    angle = k.sqrt() * length.clamp_max(LONGEST)
    found = _cosh(angle) * base + _sinh(angle) / (k.sqrt() * length) * vector
    return lift(found[..., 1:], k)


def transport(start: Tensor, end: Tensor, vector: Tensor, k: Tensor) -> Tensor:
    """A vector at `start` carried along the geodesic to `end`; lengths and angles stay."""
    return vector + inner(end, vector) / (1 / k - inner(start, end)) * (start + end)


def to_origin(base: Tensor, point: Tensor, k: Tensor) -> Tensor:
    """How `point` is seen from `base`, carried to the origin; (..., D).

    The vector at `base` that leads to the point, carried along the geodesic: the same as the log at the origin of the
    point after the boost that takes `base` there, and cheaper so.
    """
    return _log0(_boosted(base, point, k, -1), k)


def from_origin(base: Tensor, vector: Tensor, k: Tensor) -> Tensor:
    """The other way: a vector at the origin, carried to `base`, leads to a point."""
    return lift(_boosted(base, exp0(vector, k), k, 1), k)


def _boosted(base: Tensor, point: Tensor, k: Tensor, sign: int) -> Tensor:
    """Space coordinates of a point after the boost that takes the origin to `base`, or back for a `sign` of -1."""
    unit = k.sqrt() * base
    space = unit[..., 1:]
    along = (space * point[..., 1:]).sum(-1, keepdim=True) / (1 + unit[..., :1]) + sign * point[..., :1]
    return point[..., 1:] + along * space


def origin_like(point: Tensor, k: Tensor) -> Tensor:
    """The origin, once for each point."""
    return lift(torch.zeros_like(point[..., 1:]), k)


def centroid(points: Tensor, weights: Tensor, k: Tensor) -> Tensor:
    """The point with the least sum of weighted squared Lorentz distances, in closed form.

    Args:
        points: (..., N, D + 1).
        weights: (..., M, N), not negative: one centroid for each of M rows.
        k: broadcasts over (..., M, 1).

    Returns:
        (..., M, D + 1): the weighted sum, drawn back onto the hyperboloid.
    """
    total = weights @ points
    return total / (k.sqrt() * (-inner(total, total)).clamp_min(_TINY).sqrt())


def change_curvature(point: Tensor, k: Tensor, other: Tensor) -> Tensor:
    """The point in a space of another curvature, as far from the origin in units of its radius of curvature.

    exp_o^other(sqrt(k / other) log_o^k(x)), so that hierarchies of spaces meet in one.
    """
    return exp0((k / other).sqrt() * log0(point, k), other)


def hyperplane_scores(points: Tensor, normals: Tensor, offsets: Tensor, k: Tensor) -> Tensor:
    """Signed distances to geodesic hyperplanes, weighted by the length of their normals: (..., D + 1) to (..., K).

    With w = (|z| sinh(sqrt k a), z cosh(sqrt k a)) and s = <w, x> the score is |z|/sqrt k asinh(sqrt k s/|z|).

    Args:
        points: on the hyperboloid.
        normals: z at the origin, (K, D).
        offsets: a, how far each hyperplane is from the origin, (K,).
        k: one number.
    """
    length = normals.square().sum(-1).clamp_min(_TINY).sqrt()
    angle = k.sqrt() * offsets
    product = points[..., 1:] @ (_cosh(angle)[:, None] * normals).T - points[..., :1] * (_sinh(angle) * length)
    return length / k.sqrt() * asinh(k.sqrt() * product / length)


def hyperbolicity(distances: Tensor) -> float:
    """2 delta / diameter of a metric by the four-point condition, over all quadruples with the first point.

    0 for a tree, and at most 1; seen from one base point delta is right within a factor of two.

    Args:
        distances: (N, N), symmetric.
    """
    product = 0.5 * (distances[:1] + distances[:, :1] - distances)
    best = torch.stack([torch.minimum(row[:, None], product).amax(0) for row in product])
    return float(2 * (best - product).max() / distances.max().clamp_min(_TINY))


class Curvature(nn.Module):
    """k > 0, learnt or not: softplus of a number.

    Args:
        start: k to begin with.
        learnt: otherwise it stays there.
        pace: how much faster than other weights it moves.
    """

    def __init__(self, start: float = 2.0, *, learnt: bool = True, pace: float = 1.0) -> None:
        super().__init__()
        raw = torch.tensor(start, dtype=torch.float64).expm1().log() / pace
        self.raw, self.pace = nn.Parameter(raw, requires_grad=learnt), pace

    def forward(self) -> Tensor:
        """One number, float64, ()."""
        return F.softplus(self.pace * self.raw)


def asinh(x: Tensor) -> Tensor:
    """Odd, and exact near 0: log1p(|x| + x^2 / (1 + sqrt(x^2 + 1)))."""
    size = x.abs()
    square = x.square()
    return x.sign() * torch.log1p(size + square / (1 + (square + 1).sqrt()))


def _sinh(x: Tensor) -> Tensor:
    grown = torch.expm1(x)
    return 0.5 * (grown + grown / (grown + 1))


def _cosh(x: Tensor) -> Tensor:
    grown = torch.exp(x)
    return 0.5 * (grown + 1 / grown)
