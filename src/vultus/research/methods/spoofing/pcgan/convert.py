"""Pattern conversion: how it is learnt, and what it gives the detector to learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F  # noqa: N812  PyTorch's own habit

from vultus.research.methods.spoofing.pcgan.critics import ImageCritic, PatchCritic, patches, slope
from vultus.research.methods.spoofing.pcgan.detector import IGNORED
from vultus.research.methods.spoofing.pcgan.generator import Generator
from vultus.research.methods.spoofing.pcgan.latents import Encoder, Heads

if TYPE_CHECKING:
    from collections.abc import Sequence

    Batch = dict[str, Tensor]

WHOLE = 0.95  # share of a picture that is false from which on an attack counts as one of the whole picture
_FINE = 0.2  # cycles per pixel: slower waves belong to the face


class Converter(nn.Module):
    """E, G and the heads.

    Args:
        widths: channels of the encoder, from the picture down; the generator goes back up.
        content: channels of the content.
        pattern: length of the pattern.
        pitches, turns: see `generator.Waves`.
        kinds, people, domains: classes of the heads.
    """

    def __init__(
        self, widths: Sequence[int], content: int, pattern: int, pitches: Sequence[float], turns: int, kinds: int,
        people: int, domains: int,
    ) -> None:  # fmt: skip
        super().__init__()
        self.encoder = Encoder(widths, content, pattern)
        self.generator = Generator(widths, content, pattern, pitches, turns)
        self.heads = Heads(pattern, content, kinds, people, domains)

    def forward(self, image: Tensor, mask: Tensor | None, donor: Tensor, donor_mask: Tensor | None) -> Tensor:
        """The content of pictures with the patterns of donors: G(c_i, p_j), (B, 3, H, W)."""
        content, _, skip = self.encoder(image, mask)
        pattern = self.encoder.pattern(donor, donor_mask)
        made: Tensor = self.generator(content, pattern, skip, self.generator.phases(image))
        return made


class Critics(nn.Module):
    """D and the patch critic.

    Args:
        widths: channels, from the picture down.
        count: patches of a picture.
        smallest, largest: their sides, pixels.
    """

    def __init__(self, widths: Sequence[int], count: int, smallest: int, largest: int) -> None:
        super().__init__()
        self.image, self.patch = ImageCritic(widths), PatchCritic(widths[:3])
        self.count, self.smallest, self.largest = count, smallest, largest

    def cut(self, image: Tensor) -> Tensor:
        """Patches of pictures, (B, n, 3, s, s)."""
        return patches(image, self.count, self.smallest, self.largest)


def picture(image: Tensor) -> Tensor:
    """Bytes (B, H, W, 3) as (B, 3, H, W), -1 to 1."""
    return image.movedim(3, 1).float() / 127.5 - 1


def tells(mask: Tensor, label: Tensor) -> Tensor:
    """Which pixels tell of a picture's pattern: what is false of attacks, all of people; (B, H, W)."""
    return torch.where(label[:, None, None] > 0, mask.float(), torch.ones_like(mask, dtype=torch.float))


def whole(mask: Tensor, label: Tensor) -> Tensor:
    """1 for people and for attacks that cover the picture, 0 for partial ones: (B,)."""
    return ((label == 0) | (mask.float().mean((1, 2)) > WHOLE)).float()


def spectrum(image: Tensor) -> Tensor:
    """Strength of fine waves wherever they start, log(1 + a): (B, C, H, W / 2 + 1), 0 where waves are slow."""
    size = image.shape[2:]
    waves = torch.fft.rfft2(image, norm="ortho").abs()
    down = torch.fft.fftfreq(size[0], device=image.device)[:, None]
    fast = torch.hypot(down, torch.fft.rfftfreq(size[1], device=image.device)) > _FINE
    return torch.log1p(F.avg_pool2d(waves, 3, 1, 1)) * fast


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values.flatten(1).mean(1) * weight).sum() / weight.sum().clamp_min(1e-6)


def converter_losses(converter: Converter, critics: Critics, batch: Batch, donors: Tensor) -> Batch:
    """What encoder and generator learn from pictures i and donors j, x_ij = G(c_i, p_j).

    rec |G(c_i, p_i) - x_i| + GAN(G(c_i, p_i)) 0.5 + GAN(x_ij) + patch GAN(x_ij beside x_j) + cycle |E_c(x_ij) - c_i| +
    |E_p(x_ij) - p_j| + 0.5 CE(kind) + 0.1 of each reversed head + 10 (|S(G(c_i, p_i)) - S(x_i)| + |S(x_ij) - S(x_j)|),
    S the strength of fine waves. GAN is softplus(-D). Partial attacks teach the heads alone: G paints all of a picture.
    The cycle teaches G alone.

    Args:
        converter, critics: the critics do not learn from this.
        batch: see `material.py`, with `image` float (B, 3, H, W).
        donors: row of the donor of each, (B,).
    """
    image, label = batch["image"], batch["label"]
    content, pattern, skip = converter.encoder(image, tells(batch["mask"], label))
    random = converter.generator.phases(image)
    again = converter.generator(content, pattern, skip, random)
    mixed = converter.generator(content, pattern[donors], skip, random)
    ours = whole(batch["mask"], label)
    theirs = ours[donors]
    content_again, pattern_again, _ = functional_call(converter.encoder, _still(converter.encoder), (mixed,))
    beside = critics.patch(critics.cut(mixed), critics.cut(image[donors]))
    heads = converter.heads.losses(content, pattern, batch)
    return {
        "rec": _mean((again - image).abs(), ours),
        "gan": _mean(F.softplus(-critics.image(again))[:, None], ours) * 0.5 + F.softplus(-critics.image(mixed)).mean(),
        "patch": _mean(F.softplus(-beside), theirs),
        "cycle": (content_again - content.detach()).abs().mean()
        + _mean((pattern_again - pattern[donors].detach()).abs(), theirs),
        "kind": 0.5 * heads["kind"],
        "hidden": 0.1 * (heads["person"] + heads["domain"] + heads["trace"]),
        "waves": 10 * _mean((spectrum(again) - spectrum(image)).abs(), ours)
        + 10 * _mean((spectrum(mixed) - spectrum(image[donors])).abs(), theirs),
    }


def _still(part: nn.Module) -> dict[str, Tensor]:
    """Its numbers as they are: what passes through them teaches them nothing.

    An encoder that learnt from the cycle would come to an understanding with the generator about signs that no real
    attack bears.
    """
    return {key: value.detach().clone() for key, value in (*part.named_parameters(), *part.named_buffers())}


def critic_losses(
    converter: Converter, critics: Critics, batch: Batch, donors: Tensor, every: int, strengths: tuple[float, float]
) -> Batch:
    """What the critics learn: softplus(-D(real)) + softplus(D(made)), and now and then R1.

    Args:
        converter, critics: the converter does not learn from this.
        batch, donors: as for `converter_losses`.
        every: R1 is taken in one step of so many, so many times as strong.
        strengths: of R1 for pictures and for patches.
    """
    image, label = batch["image"], batch["label"]
    with torch.no_grad():
        content, pattern, skip = converter.encoder(image, tells(batch["mask"], label))
        random = converter.generator.phases(image)
        again = converter.generator(content, pattern, skip, random)
        mixed = converter.generator(content, pattern[donors], skip, random)
    theirs = whole(batch["mask"], label)[donors]
    reference, real = critics.cut(image[donors]), critics.cut(image[donors])
    sloped = torch.is_grad_enabled() and int(torch.randint(every, ())) == 0
    shown = (image.clone().requires_grad_(sloped), real.clone().requires_grad_(sloped))
    said = critics.image(shown[0]), critics.patch(shown[1], reference)
    found = {
        "image": F.softplus(-said[0]).mean()
        + (0.5 * F.softplus(critics.image(again)).mean() + F.softplus(critics.image(mixed)).mean()) / 1.5,
        "patch": _mean(F.softplus(-said[1]) + F.softplus(critics.patch(critics.cut(mixed), reference)), theirs),
    }
    if sloped:
        steep = [strength * slope(logits, seen) for strength, logits, seen in zip(strengths, said, shown, strict=True)]
        found["slope"] = 0.5 * every * torch.stack(steep).sum()
    return found


def converted(converter: Converter, batch: Batch, *, swap: bool = True, partial: float = 0.5) -> Batch:
    """As many new pictures as there are: each with the pattern of another one, and its label.

    What G does not know of a person's picture (noise of the camera, fine hair) is kept: x_i - G(c_i, p_i) + G(c_i,
    p_j). Of an attack it is not, or its traces would stay. So both labels come in both ways, and neither is a cue.
    Where the encoder does not see in the new picture what the donor is, attack or person, the old one stays.

    Args:
        converter: a trained one.
        batch: `image` float (B, 3, H, W), `label`, `kind`, `mask`.
        swap: patterns come from other pictures; else from the same one.
        partial: share of new attacks that cover only a part: a rectangle of a third to two thirds of each side.
    """
    image, label = batch["image"], batch["label"]
    rows = len(image)
    donors = torch.randperm(rows, device=image.device) if swap else torch.arange(rows, device=image.device)
    content, pattern, skip = converter.encoder(image, tells(batch["mask"], label))
    random = converter.generator.phases(image)
    made = converter.generator(content, pattern[donors], skip, random)
    if swap:
        rest = image - converter.generator(content, pattern, skip, random)
        made = made + torch.where((label == 0)[:, None, None, None], rest, torch.zeros_like(rest))
    made = made.clamp(-1, 1)
    given = label[donors]
    if not swap:
        return {"image": made, "label": given, "kind": batch["kind"], "mask": batch["mask"].float()}
    mask = torch.where((given > 0)[:, None, None], torch.ones_like(image[:, 0]), torch.zeros_like(image[:, 0]))
    some = (label == 0) & (given > 0) & (torch.rand(rows, device=image.device) < partial)
    mask = torch.where(some[:, None, None], mask * rectangles(image), mask)
    kept = (some[:, None, None] & (mask == 0))[:, None]
    made = torch.where(kept, image, made)
    seen = converter.heads.kind(converter.encoder.pattern(made, tells(mask, given))).argmax(1) > 0
    new = {"image": made, "label": given, "kind": batch["kind"][donors], "mask": mask}
    old = {"image": image, "label": label, "kind": batch["kind"], "mask": batch["mask"].float()}
    right = seen == (given > 0)
    return {key: torch.where(right.view(-1, *[1] * (new[key].ndim - 1)), new[key], old[key]) for key in new}


def rectangles(image: Tensor) -> Tensor:
    """1 inside of a rectangle of a third to two thirds of each side, 0 outside: (B, H, W)."""
    rows, _, height, width = image.shape
    inside = torch.ones(rows, height, width, device=image.device)
    for axis, size in ((1, height), (2, width)):
        long = size * (torch.rand(rows, device=image.device) / 3 + 1 / 3)
        start = torch.rand(rows, device=image.device) * (size - long)
        at = torch.arange(size, device=image.device) + 0.5
        line = ((at >= start[:, None]) & (at < (start + long)[:, None])).float()
        inside = inside * line.unsqueeze(3 - axis)
    return inside


def generic(batch: Batch) -> Batch:
    """As many new pictures as there are, by what needs no generator: two mixed, colours changed, a rectangle pasted."""
    image, label, mask = batch["image"], batch["label"].float(), batch["mask"].float()
    rows = len(image)
    donors = torch.randperm(rows, device=image.device)
    how = torch.randint(3, (rows,), device=image.device)
    share = torch.where(how == 0, torch.rand(rows, device=image.device) * 0.5 + 0.5, torch.ones(rows).to(image.device))
    inside = torch.where((how == 2)[:, None, None], rectangles(image), torch.zeros_like(mask))
    keep = share[:, None, None] * (1 - inside)
    new = image * keep[:, None] + image[donors] * (1 - keep[:, None])
    gain = torch.where((how == 1)[:, None], torch.rand(rows, 3, device=image.device) * 0.4 + 0.8, torch.ones(rows, 3))
    covered = mask * keep + mask[donors] * (1 - keep)
    mixed = share * label + (1 - share) * label[donors]
    pasted = (covered.flatten(1).amax(1) > 0).float()
    same = (how == 1) | (batch["kind"] == batch["kind"][donors])
    return {
        "image": (new * gain[:, :, None, None]).clamp(-1, 1),
        "label": torch.where(how == 2, pasted, mixed),
        "kind": torch.where(same, batch["kind"], torch.full_like(batch["kind"], IGNORED)),
        "mask": covered,
    }
