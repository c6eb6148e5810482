from __future__ import annotations

import pytest
import torch
from torch import nn

from vultus.errors import ConfigError, ShapeError
from vultus.research.blocks.attention import KINDS, Gates, Triplet

TURNS = {"hw": (0, 1, 2, 3), "cw": (0, 2, 1, 3), "hc": (0, 3, 2, 1)}  # each is its own inverse
MAPS = (3, 8, 7, 5)


@pytest.fixture
def maps() -> torch.Tensor:
    return torch.randn(MAPS, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def made(kind: str, seed: int = 0, **options) -> nn.Module:
    """A block in eval mode with statistics that are not trivial."""
    torch.manual_seed(seed)
    block = Gates(kind, **options).build(*MAPS[1:]).double()
    for part in block.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2)
            nn.init.normal_(part.weight)
            nn.init.normal_(part.bias)
    return block.eval()


def plane(block: Triplet, branch: int, turned: torch.Tensor) -> torch.Tensor:
    """The logit of a branch in the papers' way: the map is turned, pooled over axis 1 and convolved by a sum."""
    gate = block.planes[branch]
    pooled = torch.cat([turned.amax(1, keepdim=True), turned.mean(1, keepdim=True)], 1)
    padded = nn.functional.pad(pooled, (3, 3, 3, 3)).unfold(2, 7, 1).unfold(3, 7, 1)
    seen = torch.einsum("bphwij,pij->bhw", padded, gate.conv.weight[0])
    norm = gate.norm
    seen = (seen - norm.running_mean) / torch.sqrt(norm.running_var + 1e-5) * norm.weight + norm.bias
    return seen[:, None]


def squeezed(channel, turned: torch.Tensor) -> torch.Tensor:
    """S of the first axis of a turned map."""
    pooled = torch.einsum("bcij->bc", turned) / (turned.shape[2] * turned.shape[3])
    hidden = torch.clamp(pooled @ channel.down.weight.T + channel.down.bias, min=0)
    return (hidden @ channel.up.weight.T + channel.up.bias)[:, :, None, None]


def reference(block: Triplet, maps: torch.Tensor, kind: str, channel_axis: bool) -> torch.Tensor:
    """The card's formulas with real turns."""
    total = torch.zeros_like(maps)
    for branch, turn in enumerate(TURNS.values()):
        turned = maps.permute(turn)
        if kind in ("ta", "v1"):
            out = turned * torch.sigmoid(plane(block, branch, turned))
        else:
            if channel_axis:
                logit = squeezed(block.channels[branch], maps).permute(turn)
            else:
                logit = squeezed(block.channels[branch], turned)
            if kind == "v2":
                first = turned * torch.sigmoid(logit)
                out = first * torch.sigmoid(plane(block, branch, first))
            elif kind == "v3":
                out = turned * torch.sigmoid(plane(block, branch, turned)) * torch.sigmoid(logit)
            else:
                out = turned * torch.sigmoid(plane(block, branch, turned) + logit)
        total = total + out.permute(turn)
    total = total / 3 if block.gates.fuse == "mean" else total
    return total if block.last is None else total * torch.sigmoid(squeezed(block.last, total))


@pytest.mark.parametrize("fuse", ["mean", "sum"])
@pytest.mark.parametrize("se_axis", ["rotated", "channel"])
@pytest.mark.parametrize("kind", ["ta", "v1", "v2", "v3", "v4"])
def test_a_block_is_what_the_formulas_say(kind, se_axis, fuse, maps) -> None:
    block = made(kind, se_axis=se_axis, fuse=fuse)
    torch.testing.assert_close(block(maps), reference(block, maps, kind, se_axis == "channel"), rtol=1e-9, atol=1e-9)


def open_gates(parts, value: float) -> None:
    """Channel gates of a constant logit."""
    for part in parts:
        nn.init.zeros_(part.up.weight)
        nn.init.constant_(part.up.bias, value)


@pytest.mark.parametrize("kind", ["v1", "v2", "v3", "v4"])
def test_without_its_squeeze_and_excitation_a_variant_is_triplet_attention(kind, maps) -> None:
    block, plain = made(kind), made("ta")
    block.planes.load_state_dict(plain.planes.state_dict())
    if block.last is not None:
        open_gates([block.last], 1e3)  # sigmoid 1
    open_gates(block.channels, 0.0 if kind == "v4" else 1e3)  # v4 adds the logit
    torch.testing.assert_close(block(maps), plain(maps), rtol=1e-12, atol=1e-12)


def test_variants_differ(maps) -> None:
    outs = []
    for kind in ("ta", "v1", "v2", "v3", "v4"):
        block = made(kind)
        block.planes.load_state_dict(made("ta").planes.state_dict())
        outs.append(block(maps))
    assert all((one - other).abs().max() > 1e-3 for at, one in enumerate(outs) for other in outs[:at])


def test_squeeze_and_excitation_scales_channels(maps) -> None:
    block = made("se")
    torch.testing.assert_close(block(maps), maps * torch.sigmoid(squeezed(block.channel, maps)))
    ratio = (block(maps) / maps).flatten(2).detach()
    torch.testing.assert_close(ratio, ratio[:, :, :1].expand_as(ratio))
    assert 0 < float(ratio.min()) < float(ratio.max()) < 1


@pytest.mark.parametrize("kind", ["se", "ta", "v1", "v2", "v3", "v4"])
@pytest.mark.parametrize("se_axis", ["rotated", "channel"])
def test_a_block_that_begins_as_identity_changes_nothing_and_learns(kind, se_axis) -> None:
    torch.manual_seed(0)
    block = Gates(kind, init="identity", se_axis=se_axis).build(*MAPS[1:])
    maps = torch.randn(MAPS)
    torch.testing.assert_close(block(maps), maps)
    block(maps).square().sum().backward()
    slopes = [float(part.grad.abs().max()) for part in block.parameters() if part.grad is not None]
    assert max(slopes) > 0
    assert all(slope < 1e6 for slope in slopes)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(4, 9, 9), (6, 5, 11), (16, 1, 1), (3, 7, 2)])
def test_shapes_are_kept(kind, size) -> None:
    block = Gates(kind, se_axis="channel").build(*size)
    assert block(torch.randn(2, *size)).shape == (2, *size)
    other = torch.randn(2, size[0], 13, 4)
    assert block(other).shape == other.shape, "maps of any size in channel mode"


def test_another_size_is_told() -> None:
    for kind in ("v2", "v3", "v4"):
        with pytest.raises(ShapeError, match="of length 7 along axis 2"):
            made(kind)(torch.randn(2, 8, 9, 5, dtype=torch.float64))
    with pytest.raises(ShapeError, match="of length 8 along axis 1"):
        made("se")(torch.randn(2, 9, 7, 5, dtype=torch.float64))


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_are_the_published_number(kind) -> None:
    C, H, W, r = 64, 32, 48, 16

    def squeeze(length: int) -> int:
        return 2 * length * (length // r if length // r >= 4 else 4) + length + max(length // r, 4)

    rotated = squeeze(C) + squeeze(H) + squeeze(W)
    wanted = {"none": 0, "se": squeeze(C), "ta": 300, "v1": 300 + squeeze(C), "v2": 300 + rotated, "v3": 300 + rotated,
              "v4": 300 + rotated + squeeze(C)}  # fmt: skip
    assert sum(part.numel() for part in Gates(kind).build(C, H, W).parameters()) == wanted[kind]


def test_unknown_words_are_told() -> None:
    with pytest.raises(ConfigError, match="kind of a gate is one of none, se, ta, v1, v2, v3, v4, but it is 'v5'"):
        Gates("v5")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="fuse of a gate is one of mean, sum"):
        Gates("v1", fuse="max")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="se_axis of a gate"):
        Gates("v1", se_axis="rows")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="init of a gate"):
        Gates("v1", init="zero")  # type: ignore[arg-type]
