"""The patch-based multi-task network (PMN): is it an attack, of which kind, and where?"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  PyTorch's own habit

from vultus.errors import ConfigError

TOP = 0.1  # share of the patches that a partial attack is looked for in
IGNORED = -100  # kind that nobody can name


class Convolutions(nn.Module):
    """A backbone of four convolutions; the map is halved twice."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.size = 4 * width
        plan = ((3, width, 1), (width, 2 * width, 2), (2 * width, 2 * width, 1), (2 * width, 4 * width, 2))
        self.layers = nn.Sequential(*[
            part for a, b, stride in plan
            for part in (nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU())
        ])  # fmt: skip

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, H, W) to a vector (B, 4w) and tokens (B, 4w, H / 4, W / 4)."""
        maps = self.layers(image)
        return maps.mean((2, 3)), maps


class Clip(nn.Module):
    """CLIP's picture tower, ViT-B/16 as given: its class token and its patch tokens.

    Args:
        weights: folder or name on the hub; "" starts from nothing.
        side: of the pictures it sees; others are scaled.
    """

    _MEAN, _STD = (0.4815, 0.4578, 0.4082), (0.2686, 0.2613, 0.2758)  # as the weights were trained

    def __init__(self, weights: str = "", side: int = 224) -> None:
        super().__init__()
        from transformers import CLIPVisionConfig, CLIPVisionModel

        self.side = side
        self.tower: Any = (
            CLIPVisionModel.from_pretrained(weights)
            if weights
            else CLIPVisionModel(CLIPVisionConfig(patch_size=16, image_size=side))
        )
        self.size = int(self.tower.config.hidden_size)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, H, W), -1 to 1, to a vector (B, 768) and tokens (B, 768, 14, 14)."""
        scaled = F.interpolate(image, size=(self.side, self.side), mode="bilinear", antialias=True)
        mean, std = (scaled.new_tensor(one)[:, None, None] for one in (self._MEAN, self._STD))
        seen = self.tower(((scaled + 1) / 2 - mean) / std).last_hidden_state
        rows = int((seen.shape[1] - 1) ** 0.5)
        return seen[:, 0], seen[:, 1:].transpose(1, 2).unflatten(2, (rows, rows))


class PatchNetwork(nn.Module):
    """PMN.

    Args:
        backbone: "conv" or "clip".
        width: of "conv".
        kinds: classes of kinds, the first is a person.
        tasks: all of them; else the global one alone.
        local: with the patch head; else patches are not asked for.
        weights: of "clip".
    """

    def __init__(
        self, backbone: str, width: int, kinds: int, *, tasks: bool = True, local: bool = True, weights: str = ""
    ) -> None:
        super().__init__()
        if backbone not in ("conv", "clip"):
            raise ConfigError(f"the backbone is 'conv' or 'clip', not '{backbone}'")
        self.backbone = Convolutions(width) if backbone == "conv" else Clip(weights)
        size = self.backbone.size
        self.live = nn.Linear(size, 2)
        self.kind = nn.Linear(size, kinds) if tasks else None
        self.patch = nn.Conv2d(size, 1, 1) if tasks and local else None
        self.centre = nn.Parameter(torch.zeros(size)) if tasks else None

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures (B, 3, H, W), -1 to 1, to P(attack) (B,) and P(attack) of each patch (B, h, w).

        0.5 global + 0.5 mean of the highest tenth of the patches, so that a small attack is not averaged away.
        """
        feature, tokens = self.backbone(image)
        whole = self.live(feature).softmax(1)[:, 1]
        if self.patch is None:
            return whole, whole[:, None, None].expand(-1, *tokens.shape[2:])
        local = torch.sigmoid(self.patch(tokens)[:, 0])
        return 0.5 * whole + 0.5 * highest(local), local

    def losses(self, image: Tensor, batch: dict[str, Tensor], crops: tuple[Tensor, Tensor] | None) -> dict[str, Tensor]:
        """CE(live) + 1.0 BCE(patches) + 0.5 CE(kind) + 0.01 * 0.5 |f - c|^2 over people.

        Args:
            image: (B, 3, H, W), -1 to 1.
            batch: `label` float (B,), `kind` (B,), `mask` (B, H, W), 1 where false.
            crops: smaller pictures (M, 3, s, s) with masks (M, s, s) for the patch head alone.
        """
        feature, tokens = self.backbone(image)
        label = batch["label"].float()
        found = {"live": F.cross_entropy(self.live(feature), torch.stack([1 - label, label], 1))}
        if self.kind is not None and self.centre is not None:
            found["kind"] = 0.5 * F.cross_entropy(self.kind(feature), batch["kind"], ignore_index=IGNORED)
            real = (label == 0).float()
            far = 0.5 * (feature - self.centre).pow(2).sum(1)
            found["centre"] = 0.01 * (far * real).sum() / real.sum().clamp_min(1)
        if self.patch is not None:
            found["patch"] = self._local(tokens, batch["mask"])
            if crops is not None:
                found["crops"] = self._local(self.backbone(crops[0])[1], crops[1])
        return found

    def _local(self, tokens: Tensor, mask: Tensor) -> Tensor:
        covered = F.adaptive_avg_pool2d(mask[:, None].float(), (tokens.shape[2], tokens.shape[3]))[:, 0]
        if self.patch is None:
            raise ConfigError("this network has no patch head")
        return F.binary_cross_entropy_with_logits(self.patch(tokens)[:, 0], covered)


def highest(local: Tensor, share: float = TOP) -> Tensor:
    """Mean of the highest tenth of the patches, one at least: (B, h, w) to (B,)."""
    flat = local.flatten(1)
    return flat.topk(max(round(share * flat.shape[1]), 1), 1).values.mean(1)
