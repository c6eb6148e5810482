"""Convolutions over time and space, whole or decomposed, and the network C3D that is made of whole ones.

Sources: Tran et al., "Learning Spatiotemporal Features with 3D Convolutional Networks", ICCV 2015 (C3D); Qiu et al.,
"Pseudo-3D Residual Networks", ICCV 2017, and Tran et al., "A Closer Look at Spatiotemporal Convolutions", CVPR 2018
(decompositions). Shapes are (B, C, T, H, W) throughout.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Literal

from torch import nn

from vultus.errors import UnknownNameError

if TYPE_CHECKING:
    from torch import Tensor

Kind = Literal["whole", "decomposed", "depthwise"]
KINDS: tuple[Kind, ...] = ("whole", "decomposed", "depthwise")


def convolution(inward: int, outward: int, kind: Kind, bias: bool = True) -> nn.Sequential:
    """Three by three by three, or what stands for it; time and place keep their size.

    Args:
        inward, outward: channels.
        kind: "whole": 3x3x3, 27 C_in C_out multiplications for each place. "decomposed": 1x3x3 in space and then 3x1x1
            in time, 9 C_in C_out + 3 C_out^2. "depthwise": the one in time for each channel alone, 9 C_in C_out +
            3 C_out.
        bias: of the last one.

    Raises:
        UnknownNameError: there is no such kind.
    """
    if kind not in KINDS:
        raise UnknownNameError("convolution", kind, KINDS, f"Known: {', '.join(KINDS)}")
    if kind == "whole":
        return nn.Sequential(OrderedDict(space_time=nn.Conv3d(inward, outward, 3, padding=1, bias=bias)))
    return nn.Sequential(OrderedDict(
        space=nn.Conv3d(inward, outward, (1, 3, 3), padding=(0, 1, 1), bias=False),
        time=nn.Conv3d(outward, outward, (3, 1, 1), padding=(1, 0, 0), bias=bias,
                       groups=outward if kind == "depthwise" else 1),
    ))  # fmt: skip


class C3D(nn.Module):
    """Eight convolutions, five poolings and three dense layers; as given, for clips of 16 pictures of 112 x 112.

    Args:
        classes: K.
        channels: of the clip.
        widths, depths: channels and convolutions of each stage; a pooling that halves height and width ends it, and all
            but the first one halve the time.
        dense: width of the dense layers.
        dropout: share of their features that is dropped.
    """

    def __init__(
        self,
        classes: int = 487,
        channels: int = 3,
        widths: tuple[int, ...] = (64, 128, 256, 512, 512),
        depths: tuple[int, ...] = (1, 1, 2, 2, 2),
        dense: int = 4096,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        inward = channels
        for number, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            for _ in range(depth):
                parts += [convolution(inward, width, "whole"), nn.ReLU()]
                inward = width
            pool = (2, 2, 2) if number else (1, 2, 2)
            last = number == len(widths) - 1
            parts.append(nn.MaxPool3d(pool, padding=(0, 1, 1) if last else 0))
        self.features = nn.Sequential(*parts)
        self.classify = nn.Sequential(
            nn.Flatten(), nn.LazyLinear(dense), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(dense, dense), nn.ReLU(), nn.Dropout(dropout), nn.Linear(dense, classes),
        )  # fmt: skip

    def forward(self, clips: Tensor) -> Tensor:
        """Clips (B, C, T, H, W) to logits (B, K)."""
        logits: Tensor = self.classify(self.features(clips))
        return logits
