"""Neurons that charge, fire and forget, over the bins of time of a map (B, C, T, H, W).

Leaky integrate-and-fire, unrolled: u_t = leak u_(t-1) + x_t - theta s_(t-1), and what it sends, s_t, is
- soft: sigmoid(beta (u_t - theta)), between 0 and 1, with leak and theta learnt for every channel;
- hard: 1 where u_t reaches theta, else 0; backwards as 1 / (1 + beta |u_t - theta|)^2 (fast sigmoid);
- rate: no memory, what such a neuron would send on average under a steady current:
  1 / (tau_ref + tau_rc log(1 + 1 / j)), j = sigma softplus((x - 1) / sigma).

Sources: Zenke and Ganguli, "SuperSpike", Neural Computation 30(6), 2018; Hunsberger and Eliasmith, "Training Spiking
Deep Networks for Neuromorphic Hardware", arXiv 1611.05141.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  PyTorch's own habit

from vultus.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable

Neuron = Literal["soft", "hard", "rate", "relu"]
NEURONS: tuple[Neuron, ...] = ("soft", "hard", "rate", "relu")


class SoftSpike(nn.Module):
    """Leaky integrate-and-fire whose firing can be differentiated.

    Args:
        channels: C.
        beta: steepness of the firing.
        leak: share of the charge that is kept from one bin to the next, at first.
        theta: charge at which half a spike is sent, at first.
    """

    def __init__(self, channels: int, beta: float = 4.0, leak: float = 0.5, theta: float = 1.0) -> None:
        super().__init__()
        self.beta = beta
        self.decay = nn.Parameter(torch.full((channels, 1, 1), leak).logit())
        self.theta = nn.Parameter(torch.full((channels, 1, 1), theta))

    def fire(self, over: Tensor) -> Tensor:
        """What is sent, given how far the charge is over the threshold."""
        return torch.sigmoid(self.beta * over)

    def forward(self, current: Tensor) -> Tensor:
        """(B, C, T, H, W) to spikes of the same shape."""
        leak = torch.sigmoid(self.decay)
        charge, sent = torch.zeros_like(current[:, :, 0]), torch.zeros_like(current[:, :, 0])
        spikes = []
        for now in current.unbind(2):
            charge = leak * charge + now - self.theta * sent
            sent = self.fire(charge - self.theta)
            spikes.append(sent)
        return torch.stack(spikes, 2)


class HardSpike(SoftSpike):
    """The same with spikes of 0 and 1."""

    def fire(self, over: Tensor) -> Tensor:
        """1 at the threshold and above."""
        found: Tensor = _Step.apply(over, self.beta)  # type: ignore[no-untyped-call]
        return found


class Rate(nn.Module):
    """What a leaky integrate-and-fire neuron sends on average; smooth.

    Args:
        channels: C; of no effect, it learns nothing.
        refractory, constant: times after a spike and of the leak, in bins.
        sigma: how smooth.
    """

    def __init__(self, channels: int = 0, refractory: float = 1.0, constant: float = 2.0, sigma: float = 0.2) -> None:
        super().__init__()
        self.refractory, self.constant, self.sigma = refractory, constant, sigma

    def forward(self, current: Tensor) -> Tensor:
        """Any shape to rates of the same shape, 0 to 1 / refractory."""
        drive = self.sigma * F.softplus((current - 1) / self.sigma)
        return 1 / (self.refractory + self.constant * torch.log1p(1 / drive.clamp_min(1e-6)))


class _Step(torch.autograd.Function):
    """A step forwards, a fast sigmoid's slope backwards."""

    @staticmethod
    def forward(ctx: Any, over: Tensor, beta: float) -> Tensor:
        ctx.save_for_backward(over)
        ctx.beta = beta
        return (over >= 0).to(over.dtype)

    @staticmethod
    def backward(ctx: Any, *given: Any) -> tuple[Tensor, None]:
        (over,) = ctx.saved_tensors
        return given[0] / (1 + ctx.beta * over.abs()) ** 2, None


def neuron(kind: Neuron, channels: int, beta: float = 4.0) -> nn.Module:
    """A layer of neurons.

    Args:
        kind: see the head of this file; "relu" has no memory and sends no spikes.
        channels: C.
        beta: steepness; of "soft" and "hard".

    Raises:
        UnknownNameError: there is no such kind.
    """
    made: dict[str, Callable[[], nn.Module]] = {
        "soft": lambda: SoftSpike(channels, beta),
        "hard": lambda: HardSpike(channels, beta),
        "rate": lambda: Rate(channels),
        "relu": nn.ReLU,
    }
    if kind not in made:
        raise UnknownNameError("neuron", kind, NEURONS, f"Known: {', '.join(NEURONS)}")
    return made[kind]()
