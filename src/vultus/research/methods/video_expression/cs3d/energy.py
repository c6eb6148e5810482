"""What recognising one clip costs, beside the C3D that matches: counted operations, and rates measured on real input.

Two ways to count. Dense: every multiply-accumulate is done, 4.6 pJ each. By events: a layer that is fed by events of
the camera or by spikes adds a weight for each of them, 0.9 pJ, and does nothing where there are none; all else is
dense. A soft spike is a number, and counts as so many spikes: s for 1 that is sent with probability s, and up to 4 s
where the attention has raised it. Convolutions in time are fed by those in space, so that they stay dense whatever is
counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import torch

from vultus.research.blocks.cost import Layer, energy_pj, layers
from vultus.research.blocks.spiking import Rate, SoftSpike
from vultus.research.methods.video_expression.cs3d.network import (
    FULLEST,
    Block,
    Build,
    Size,
    SpaceTimeAttention,
    Volumes,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

# Besides convolutions: a neuron multiplies by its leak and by its threshold, attention by two gates.
_BESIDES = {SoftSpike: 2, Rate: 2, SpaceTimeAttention: 2}
MATCHING = Build("whole", "relu", attention=False)  # C3D: the same stages, widths and head


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one clip.

    Attributes:
        macs: multiply-accumulates of convolutions and dense layers.
        dense_pj, event_pj: energy, see the head of this file.
        rates: mean of what each layer of neurons sends, by its name; none without spiking neurons.
        fed: mean number of events, or of spikes, on each connection of the layers fed by them, by name.
    """

    macs: int
    dense_pj: float
    event_pj: float
    rates: dict[str, float]
    fed: dict[str, float]

    @property
    def rate(self) -> float:
        """Mean over the layers of neurons; not a number without."""
        return sum(self.rates.values()) / len(self.rates) if self.rates else float("nan")


def spent(network: nn.Module, clips: Tensor) -> Spent:
    """Measure.

    Args:
        network: takes the clips.
        clips: counts of events, (B, 2, T, H, W); of real clips, since rates of zeros tell nothing.
    """
    plain, whole = layers(network, clips), layers(network, clips, _BESIDES)
    units = fed_by_spikes(network)
    neurons = [name for name, part in network.named_modules() if isinstance(part, SoftSpike | Rate)]
    return Spent(
        sum(one.macs for one in plain), energy_pj(whole), energy_pj(whole, units),
        {one.name: one.sent for one in whole if one.name in neurons},
        {one.name: one.fed / units[one.name] for one in whole if one.name in units},
    )  # fmt: skip


def fed_by_spikes(network: nn.Module) -> dict[str, float]:
    """Layers that are fed by events or by spikes, and the number that stands for one of them there."""
    if not isinstance(network, Volumes):
        return {}
    spiking = network.build.neuron != "relu"
    blocks = [(name, part) for name, part in network.named_modules() if isinstance(part, Block)]
    fed = blocks if spiking else blocks[:1]
    first = {f"{name}.convolve.{next(iter(dict(part.convolve.named_children())))}": 1.0 for name, part in fed}
    return {name: 1 / FULLEST if number == 0 else unit for number, (name, unit) in enumerate(first.items())}


def shares(network: nn.Module, reference: nn.Module, clips: Tensor, paper: Size | None = None) -> dict[str, float]:
    """What a network costs, as shares of the matching C3D; 1 is as much.

    Args:
        network: what is measured.
        reference: the C3D.
        clips: see `spent`.
        paper: a size at which operations are counted, with the rates measured here; None leaves that out.
    """
    ours, theirs = spent(network, clips), spent(reference, clips)
    found = {
        "firing_rate": ours.rate,
        "macs_of_c3d": ours.macs / theirs.macs,
        "dense_energy_of_c3d": ours.dense_pj / theirs.dense_pj,
        "event_energy_of_c3d": ours.event_pj / theirs.dense_pj,
        "event_energy_of_event_c3d": ours.event_pj / theirs.event_pj,
    }
    if paper is not None:
        scaled = isinstance(network, Volumes) and bool(ours.rates)
        found["event_energy_at_paper_size"] = _at(paper, network.build, ours) if scaled else float("nan")  # type: ignore[arg-type]
    return found


def _at(size: Size, build: Build, rates: Spent) -> float:
    """Share of C3D's energy at another size: events as here, and all spikes as here on average."""
    events, *spikes = rates.fed.values()
    counted, units = _counted(size, build)
    mean = sum(spikes) / max(len(spikes), 1)
    names = list(units)
    fed = {name: (events if name == names[0] else mean) * unit for name, unit in units.items()}
    told = [Layer(one.name, one.macs, fed.get(one.name, 0.0), 0.0) for one in counted]
    return energy_pj(told, units) / energy_pj(_counted(size, MATCHING)[0])


@cache
def _counted(size: Size, build: Build) -> tuple[tuple[Layer, ...], dict[str, float]]:
    """Operations of a network, without computing anything."""
    with torch.device("meta"):
        network = Volumes(size, build)
        return layers(network, torch.zeros(1, 2, size.bins, size.side, size.side), _BESIDES), fed_by_spikes(network)
