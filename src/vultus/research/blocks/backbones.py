"""Convolutional classifiers: ResNet, DenseNet and ConvNeXt, from the papers' size down to a few thousand numbers.

Names of parameters are those of torchvision (ResNet, DenseNet) and timm (ConvNeXt), so published weights load; neither
package is needed. Each network marks the places where a gate can go with a `Slot`, which does nothing and has no
parameters: see `inject`.

Sources: He et al., CVPR 2016; Huang et al., "Densely Connected Convolutional Networks", CVPR 2017; Liu et al., "A
ConvNet for the 2020s", CVPR 2022.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence

Site = Literal["block", "stage", "downsample", "layer"]


class Slot(nn.Identity):
    """A place for a gate.

    Args:
        site: "block" (on the residual branch, before it is added), "stage" (at the end of a stage), "downsample" (after
            a convolution that halves the map) or "layer" (on the maps that one layer of a DenseNet adds).
    """

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, inward: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inward, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.gate = Slot("block")
        self.downsample: nn.Module | None = None
        if stride > 1 or inward != width:
            self.downsample = nn.Sequential(nn.Conv2d(inward, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) to (B, width, H / stride, W / stride)."""
        branch = self.gate(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(maps))))))
        return torch.relu(branch + (maps if self.downsample is None else self.downsample(maps)))


class ResNet(nn.Module):
    """ResNet of basic blocks; as given, ResNet-18.

    Args:
        classes: K.
        channels: of the picture.
        widths, depths: channels and blocks of each stage; each but the first halves the map.
        stem: stride of a first 3x3 convolution; 0 for the 7x7 convolution and pooling of ImageNet networks.
        dropout: share of features dropped before the classifier.
    """

    def __init__(
        self,
        classes: int = 1000,
        channels: int = 3,
        widths: Sequence[int] = (64, 128, 256, 512),
        depths: Sequence[int] = (2, 2, 2, 2),
        stem: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        side, stride = (3, stem) if stem else (7, 2)
        self.conv1 = nn.Conv2d(channels, widths[0], side, stride, side // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.pool = nn.Identity() if stem else nn.MaxPool2d(3, 2, 1)
        self.stages: list[str] = []
        inward = widths[0]
        for number, (width, depth) in enumerate(zip(widths, depths, strict=True), start=1):
            blocks = [
                ResidualBlock(width if block else inward, width, 2 if number > 1 and not block else 1)
                for block in range(depth)
            ]
            self.add_module(f"layer{number}", nn.Sequential(*blocks, Slot("stage")))
            self.stages.append(f"layer{number}")
            inward = width
        self.drop = nn.Dropout(dropout)
        self.fc = nn.Linear(inward, classes)
        _he(self)

    def features(self, pictures: Tensor) -> Tensor:
        """Maps before pooling, (B, C, H, W)."""
        maps: Tensor = self.pool(torch.relu(self.bn1(self.conv1(pictures))))
        for stage in self.stages:
            maps = self.get_submodule(stage)(maps)
        return maps

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits, (B, K)."""
        logits: Tensor = self.fc(self.drop(self.features(pictures).mean((2, 3))))
        return logits


class DenseLayer(nn.Module):
    """A bottleneck that adds `growth` maps to what it is given."""

    def __init__(self, inward: int, growth: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inward)
        self.conv1 = nn.Conv2d(inward, 4 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)
        self.gate = Slot("layer")

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C + growth, H, W)."""
        new = self.conv1(torch.relu(self.norm1(maps)))
        return torch.cat([maps, self.gate(self.conv2(torch.relu(self.norm2(new))))], 1)


class DenseNet(nn.Module):
    """Densely connected network; as given, DenseNet-121.

    Args:
        classes: K.
        channels: of the picture.
        growth: maps that a layer adds.
        depths: layers of each dense block; the map is halved between blocks.
        first: maps of the stem.
        stem: see `ResNet`.
    """

    def __init__(
        self,
        classes: int = 1000,
        channels: int = 3,
        growth: int = 32,
        depths: Sequence[int] = (6, 12, 24, 16),
        first: int = 64,
        stem: int = 0,
    ) -> None:
        super().__init__()
        side, stride = (3, stem) if stem else (7, 2)
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        parts["conv0"] = nn.Conv2d(channels, first, side, stride, side // 2, bias=False)
        parts["norm0"], parts["relu0"] = nn.BatchNorm2d(first), nn.ReLU()
        if not stem:
            parts["pool0"] = nn.MaxPool2d(3, 2, 1)
        maps = first
        for number, depth in enumerate(depths, start=1):
            layers: OrderedDict[str, nn.Module] = OrderedDict(
                (f"denselayer{layer + 1}", DenseLayer(maps + layer * growth, growth)) for layer in range(depth)
            )
            parts[f"denseblock{number}"] = nn.Sequential(layers)
            parts[f"gate{number}"] = Slot("stage")
            maps += depth * growth
            if number < len(depths):
                parts[f"transition{number}"] = nn.Sequential(OrderedDict([
                    ("norm", nn.BatchNorm2d(maps)), ("relu", nn.ReLU()),
                    ("conv", nn.Conv2d(maps, maps // 2, 1, bias=False)), ("pool", nn.AvgPool2d(2)),
                ]))  # fmt: skip
                maps //= 2
        parts["norm5"] = nn.BatchNorm2d(maps)
        self.features = nn.Sequential(parts)
        self.classifier = nn.Linear(maps, classes)
        _he(self)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits, (B, K)."""
        logits: Tensor = self.classifier(torch.relu(self.features(pictures)).mean((2, 3)))
        return logits


class MapNorm(nn.LayerNorm):
    """Layer normalisation over the channels of (B, C, H, W)."""

    def forward(self, input: Tensor) -> Tensor:
        """Same shape."""
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class DropPath(nn.Module):
    """Leaves whole residual branches out of a share of the samples, in training only.

    Args:
        rate: that share.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, branch: Tensor) -> Tensor:
        """The branch, or zeros; the mean over samples is kept."""
        if not self.training or self.rate <= 0:
            return branch
        kept = torch.rand(len(branch), *[1] * (branch.ndim - 1), device=branch.device) >= self.rate
        return branch * kept.to(branch.dtype) / (1 - self.rate)


class ConvNeXtBlock(nn.Module):
    """Depthwise 7x7, then two dense layers per pixel, scaled and added."""

    def __init__(self, width: int, drop: float) -> None:
        super().__init__()
        self.conv_dw = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)})
        self.gate = Slot("block")
        self.gamma = nn.Parameter(1e-6 * torch.ones(width))
        self.drop = DropPath(drop)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        branch = self.norm(self.conv_dw(maps).permute(0, 2, 3, 1))
        branch = self.mlp["fc2"](nn.functional.gelu(self.mlp["fc1"](branch))).permute(0, 3, 1, 2)
        out: Tensor = maps + self.drop(self.gate(branch) * self.gamma.view(-1, 1, 1))
        return out


class ConvNeXtStage(nn.Module):
    """Halves the map, unless it is the first stage, then refines it."""

    def __init__(self, inward: int, width: int, drops: Sequence[float], halve: bool) -> None:
        super().__init__()
        self.downsample = (
            nn.Sequential(MapNorm(inward, eps=1e-6), nn.Conv2d(inward, width, 2, 2), Slot("downsample"))
            if halve
            else nn.Identity()
        )
        self.blocks = nn.Sequential(*[ConvNeXtBlock(width, drop) for drop in drops])
        self.gate = Slot("stage")

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) to (B, width, H / 2, W / 2)."""
        out: Tensor = self.gate(self.blocks(self.downsample(maps)))
        return out


class ConvNeXt(nn.Module):
    """ConvNeXt; as given, ConvNeXt-T.

    Args:
        classes: K.
        channels: of the picture.
        widths, depths: channels and blocks of each stage.
        patch: side and stride of the first convolution.
        drop: share of samples that leave out the last block's branch; rises evenly from 0 at the first.
    """

    def __init__(
        self,
        classes: int = 1000,
        channels: int = 3,
        widths: Sequence[int] = (96, 192, 384, 768),
        depths: Sequence[int] = (3, 3, 9, 3),
        patch: int = 4,
        drop: float = 0.0,
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, widths[0], patch, patch), MapNorm(widths[0], eps=1e-6))
        total, done, inward = sum(depths), 0, widths[0]
        stages: list[nn.Module] = []
        for width, depth in zip(widths, depths, strict=True):
            drops = [drop * (done + block) / max(total - 1, 1) for block in range(depth)]
            stages.append(ConvNeXtStage(inward, width, drops, bool(stages)))
            inward, done = width, done + depth
        self.stages = nn.Sequential(*stages)
        self.head = nn.ModuleDict({"norm": nn.LayerNorm(inward, eps=1e-6), "fc": nn.Linear(inward, classes)})
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits, (B, K)."""
        pooled = self.stages(self.stem(pictures)).mean((2, 3))
        logits: Tensor = self.head["fc"](self.head["norm"](pooled))
        return logits


def _he(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
