"""The parts of EEG-MoCE behind its encoders: experts of a curvature each, moments alignment, fusion, and the head.

Everything here is in double precision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  PyTorch's own habit

from vultus.research.blocks.lorentz import Curvature
from vultus.research.methods.emotion.eeg_moce.spaces import Each, Flat, Hyperbolic, linear

if TYPE_CHECKING:
    from torch import Tensor

    Space = Hyperbolic | Flat

Align = Literal["none", "train-only", "transductive"]
_MOMENTUM, _LEAST = 0.1, 1e-5


class Moments(nn.Module):
    """Batch normalisation on a manifold, with moments of each domain, which is one person in one session.

    Points are seen from the centroid of their domain, divided by the root of its Frechet dispersion, scaled, and placed
    around a learnt mean. In training the domains of a batch are told apart unless `align` is "none". Afterwards the
    running mean over domains stands for everybody, but for domains that were refitted on their own unlabelled rows.

    Args:
        space: geometry.
        width: dimensions.
        align: "none", "train-only" (no refitting) or "transductive".
    """

    centre: Tensor
    spread: Tensor

    def __init__(self, space: Space, width: int, align: Align) -> None:
        super().__init__()
        self.space, self.align = space, align
        self.mean = nn.Parameter(torch.zeros(width, dtype=torch.float64))
        self.scale = nn.Parameter(torch.ones((), dtype=torch.float64))
        self.register_buffer("centre", torch.zeros(width, dtype=torch.float64))
        self.register_buffer("spread", torch.ones((), dtype=torch.float64))
        self.own: dict[int, tuple[Tensor, Tensor]] = {}
        self.refitting = False

    def forward(self, point: Tensor, k: Tensor, domain: Tensor | None) -> Tensor:
        """(B, D + 1) to the same; `domain` (B,) or None for nobody in particular."""
        if self.training or self.refitting:
            base, spread = self._of_batch(point, k, domain)
        else:
            base, spread = self._kept(point, k, domain)
        seen = self.space.seen(base, point, k)
        around = self.space.enter(self.mean.expand_as(seen), k)
        return self.space.placed(around, self.scale * seen / spread.sqrt(), k)

    def _of_batch(self, point: Tensor, k: Tensor, domain: Tensor | None) -> tuple[Tensor, Tensor]:
        one = torch.zeros(len(point), dtype=torch.long, device=point.device)
        group = one if domain is None or self.align == "none" else domain
        names, index = torch.unique(group, return_inverse=True)
        weights = F.one_hot(index, len(names)).T.to(point.dtype)
        weights = weights / weights.sum(1, keepdim=True)
        base = self.space.mean(point, weights, k)
        seen = self.space.seen(base[index], point, k)
        spread = weights @ seen.square().sum(-1, keepdim=True) + _LEAST
        with torch.no_grad():
            there = self.space.leave(base, k)
            if self.refitting:
                self.own.update({int(name): (there[at], spread[at]) for at, name in enumerate(names)})
            else:
                self.centre.lerp_(there.mean(0), _MOMENTUM)
                self.spread.lerp_(spread.mean(), _MOMENTUM)
        return base[index], spread[index]

    def _kept(self, point: Tensor, k: Tensor, domain: Tensor | None) -> tuple[Tensor, Tensor]:
        if domain is None or not self.own:
            return self.space.enter(self.centre, k).expand_as(point), self.spread
        anybody = self.centre, self.spread.view(1)
        found = [self.own.get(int(name), anybody) for name in domain]
        centre, spread = (torch.stack(column) for column in zip(*found, strict=True))
        return self.space.enter(centre, k), spread


class Expert(nn.Module):
    """A modality's vector taken to a space of its own curvature, mixed there and aligned.

    Args:
        space: geometry.
        width: dimensions.
        align: see `Moments`.
        curvature: k to begin with.
        learnt: whether k is.
        pace: how much faster than other weights it moves.
    """

    def __init__(
        self, space: Space, width: int, align: Align, curvature: float = 2.0, *, learnt: bool = True, pace: float = 1.0
    ) -> None:
        super().__init__()
        self.space = space
        self.curvature = Curvature(curvature, learnt=learnt, pace=pace)
        self.mix = nn.Sequential(linear(space, width), nn.GELU("tanh"))  # onnxruntime has no erf in double
        self.moments = Moments(space, width, align)

    def forward(self, vector: Tensor, domain: Tensor | None) -> tuple[Tensor, Tensor]:
        """(B, D) to a point (B, D + 1) and k."""
        k = self.curvature()
        point = self.space.enter(vector.double(), k)
        return self.moments(self.space.linear(self.mix, point, k), k, domain), k


class Fusion(nn.Module):
    """Attention between modalities that trusts those of strong curvature.

    Points meet in a space of the mean curvature K_f. att(m, j) is proportional to exp(-d(q_m, k_j)^2 / tau_m + lambda
    log |K_j|) with tau_m = tau0 / sqrt |K_m|; what is fused is the centroid of the attended centroids.

    Args:
        space: geometry.
        width: dimensions.
        count: of modalities; each has its own queries, keys and values.
        warmth: tau0.
        prior: lambda to begin with; None leaves the term out.
        even: all attend to all alike.
    """

    def __init__(
        self, space: Space, width: int, count: int, *, warmth: float = 1.0, prior: float | None = 0.3,
        even: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.space, self.warmth, self.even = space, warmth, even
        self.query, self.key, self.value = (Each([linear(space, width) for _ in range(count)]) for _ in range(3))
        start = torch.tensor(prior or 0.0, dtype=torch.float64)
        self.prior = nn.Parameter(start, requires_grad=prior is not None)

    def forward(self, points: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
        """Points (B, M, D + 1) of the shared space and k (M,) to one point (B, D + 1) and attention (B, M, M)."""
        shared = k.mean()
        value = self.space.linear(self.value, points, shared)
        attention = (
            points.new_full((points.shape[0], len(k), len(k)), 1 / len(k)) if self.even else self._looks(points, k)
        )
        heard = self.space.mean(value, attention, shared)
        fused = self.space.mean(heard, heard.new_full((points.shape[0], 1, len(k)), 1 / len(k)), shared)
        return fused[:, 0], attention

    def _looks(self, points: Tensor, k: Tensor) -> Tensor:
        shared = k.mean()
        query = self.space.linear(self.query, points, shared)
        key = self.space.linear(self.key, points, shared)
        far = self.space.squared(query[:, :, None], key[:, None], shared)
        score = -far * (k.sqrt() / self.warmth)[:, None] + self.prior * (k + _LEAST).log()
        return score.softmax(-1)


class Head(nn.Module):
    """Multinomial logistic regression by distances to hyperplanes: (B, D + 1) to (B, classes)."""

    def __init__(self, space: Space, width: int, classes: int) -> None:
        super().__init__()
        self.space = space
        self.normals = nn.Parameter(torch.randn(classes, width, dtype=torch.float64))
        self.offsets = nn.Parameter(torch.zeros(classes, dtype=torch.float64))

    def forward(self, point: Tensor, k: Tensor) -> Tensor:
        """Logits."""
        return self.space.scores(point, self.normals, self.offsets, k)


class Moce(nn.Module):
    """Vectors of M modalities (B, D) to logits.

    Args:
        experts, fusion: geometry of the two halves.
        width: dimensions.
        names: of the modalities.
        classes: to be told apart.
        align: see `Moments`.
        learnt: whether curvatures are.
        curvature: all begin with.
        pace: how much faster than other weights curvatures move.
        warmth, prior, even: see `Fusion`.
    """

    def __init__(
        self, experts: Space, fusion: Space, width: int, names: tuple[str, ...], classes: int, align: Align, *,
        learnt: bool = True, curvature: float = 2.0, pace: float = 1.0, warmth: float = 1.0, prior: float | None = 0.3,
        even: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.space, self.shared = experts, fusion
        self.experts = nn.ModuleDict({
            name: Expert(experts, width, align, curvature, learnt=learnt, pace=pace) for name in names
        })  # fmt: skip
        self.fusion = Fusion(fusion, width, len(names), warmth=warmth, prior=prior, even=even)
        self.head = Head(fusion, width, classes)

    def forward(self, vectors: dict[str, Tensor], domain: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Vectors by modality to logits (B, classes), attention (B, M, M) and the fused point (B, D + 1)."""
        found = [expert(vectors[name], domain) for name, expert in self.experts.items()]
        k = torch.stack([one for _, one in found])
        shared = k.mean()
        tangents = torch.stack([self.space.leave(point, one) for point, one in found], 1)
        if isinstance(self.space, Hyperbolic) and isinstance(self.shared, Hyperbolic):
            tangents = (k / shared).sqrt()[:, None] * tangents  # distances in radii of curvature stay
        fused, attention = self.fusion(self.shared.enter(tangents, shared), k)
        return self.head(fused, shared), attention, fused
