"""System 02: attacks on face recognition told by patches, with training pictures from pattern conversion (PCGAN).

"Domain-generalizable Face Anti-Spoofing with Patch-based Multi-tasking and Artifact Pattern Conversion", arXiv
2604.09018. No code is public; only names and sizes of parts are known.

In: pictures of faces, uint8 (B, S, S, 3). Out: P(attack) of each (B,), and of each of its patches (B, h, w), which
tells where a partial attack lies; pictures with the pattern of one and the content of another.

Parts: encoder to content and pattern with reversed heads (`latents.py`), style-modulated generator (`generator.py`),
critics of pictures and of patches (`critics.py`), the losses and the conversion (`convert.py`), the patch-based
multi-task network (`detector.py`). Two stages: the converter plays against the critics; then the detector learns from
real pictures and as many converted ones.

Deviations: what the abstract leaves open is read after Swapping Autoencoders and StyleGAN2, see docs/methods/pcgan.md;
the generator is given a bank of waves and a loss on the strength of fine waves, and converted pictures of people keep
what the generator does not know of them, so that its blur is no cue. Real attacks are not at hand; made ones stand in.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from vultus.research.contract import BASELINE, Budget, Claim, Data, Export, Metric, Player, Stage
from vultus.research.data.sample import disjoint
from vultus.research.methods.spoofing.pcgan.convert import (
    Converter,
    Critics,
    converted,
    converter_losses,
    critic_losses,
    generic,
    picture,
)
from vultus.research.methods.spoofing.pcgan.critics import cut
from vultus.research.methods.spoofing.pcgan.detector import PatchNetwork
from vultus.research.methods.spoofing.pcgan.judged import figures
from vultus.research.methods.spoofing.pcgan.material import KINDS, Making, made
from vultus.research.methods.spoofing.pcgan.published import SETS, published

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vultus.research.data.sample import Samples

    Batch = dict[str, Tensor]
    Converts = Literal["pattern", "identity", "generic", "none"]


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes; the defaults are the paper's where it tells them.

    Attributes:
        widths: channels of the encoder, the generator and the critics, from the picture down; each but the first
            halves the map.
        content: channels of the content.
        pattern: length of the pattern.
        pitches, turns: gratings the generator may draw, cycles per pixel, and in how many directions.
        patches: that the patch critic sees of a picture; their sides are an eighth to a fourth of the picture's.
        smallest_patch: pixels, where an eighth would be too few.
        slope_every, slope: R1 of pictures and patches.
        backbone: of the detector, "clip" (ViT-B/16) or "conv".
        clip_weights: folder or name on the hub, e.g. openai/clip-vit-base-patch16; "" starts from nothing.
        detector_width: of "conv".
        convert_steps, detect_steps: of the two stages.
        convert_batch, detect_batch: pictures in a step.
        convert_lr, critic_lr, detect_lr: rates of learning.
        making: how pictures are made.
    """

    widths: tuple[int, ...] = (64, 128, 256, 512)
    content: int = 8
    pattern: int = 512
    pitches: tuple[float, ...] = (0.24, 0.3, 0.36, 0.42)
    turns: int = 12
    patches: int = 8
    smallest_patch: int = 8
    slope_every: int = 16
    slope: tuple[float, float] = (10.0, 1.0)
    backbone: str = "clip"
    clip_weights: str = ""
    detector_width: int = 64
    convert_steps: int = 100_000
    detect_steps: int = 20_000
    convert_batch: int = 16
    detect_batch: int = 32
    convert_lr: float = 2e-3
    critic_lr: float = 2e-3
    detect_lr: float = 1e-4
    making: Making = field(default_factory=lambda: Making(side=1024, train=2000, target=500))

    @classmethod
    def check(cls) -> Config:
        """Minutes on two processors."""
        small = Making(side=32, train=60, development=24, target=40, each=4, strength=(0.15, 0.5))
        return cls(widths=(16, 24, 48), pattern=16, turns=8, patches=4, backbone="conv", detector_width=16,
                   convert_steps=250, detect_steps=250, detect_batch=24, detect_lr=2e-3, making=small)  # fmt: skip

    @classmethod
    def tiny(cls) -> Config:
        """Seconds."""
        small = Making(side=32, train=24, development=12, target=16, each=2, strength=(0.7, 1.0))
        return replace(cls.check(), convert_steps=20, detect_steps=60, making=small)


class PCGAN(nn.Module):
    """Converter, critics and detector.

    Args:
        config: sizes.
        converts: "pattern" (the method), "identity" (reconstructions instead), "generic" (mixing, colours and pasted
            rectangles instead) or "none".
        local: with the patch head.
        tasks: with all heads of the detector; else live or not alone.
    """

    def __init__(
        self, config: Config, *, converts: Converts = "pattern", local: bool = True, tasks: bool = True
    ) -> None:
        super().__init__()
        self.config, self.converts = config, converts
        making = config.making
        if converts in ("pattern", "identity"):
            sizes = (config.content, config.pattern, config.pitches, config.turns)
            self.converter = Converter(config.widths, *sizes, len(KINDS), making.train, len(SETS))
            largest = making.side // 4
            smallest = min(max(making.side // 8, config.smallest_patch), largest)
            self.critics = Critics(config.widths, config.patches, smallest, largest)
        self.detector = PatchNetwork(
            config.backbone, config.detector_width, len(KINDS), tasks=tasks, local=local, weights=config.clip_weights
        )

    def stages(self) -> tuple[Stage, ...]:
        """First conversion, where there is any, then detection."""
        config = self.config
        detector = Player("detector", ("detector",), config.detect_lr, weight_decay=1e-4, clip=5.0)
        detect = Stage("detect", (detector,), config.detect_steps, config.detect_batch, 0.98, collect="gathered")
        if not hasattr(self, "converter"):
            return (detect,)
        players = (
            Player("converter", ("converter",), config.convert_lr, "adam", (0.5, 0.99), clip=5.0),
            Player("critics", ("critics",), config.critic_lr, "adam", (0.5, 0.99), clip=5.0),
        )
        return Stage("convert", players, config.convert_steps, config.convert_batch, 0.98), detect

    def begin(self, stage: str) -> None:
        """While the detector learns, the converter is what it is."""
        if stage == "detect" and hasattr(self, "converter"):
            self.converter.eval()

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Half of the pictures are mirrored."""
        turned = torch.rand(len(batch["image"]), generator=generator, device=generator.device) < 0.5
        image = torch.where(turned[:, None, None, None], batch["image"].flip(2), batch["image"])
        mask = torch.where(turned[:, None, None], batch["mask"].flip(2), batch["mask"])
        return {**batch, "image": image, "mask": mask}

    def gathered(self, batch: Batch) -> Batch:
        """Real pictures, and as many new ones behind them."""
        real = {**{key: batch[key] for key in ("label", "kind")}, "image": picture(batch["image"]),
                "mask": batch["mask"].float()}  # fmt: skip
        real["label"] = real["label"].float()
        if self.converts == "none":
            return real
        new = generic(real) if self.converts == "generic" else self._converted(batch)
        return {key: torch.cat([real[key], new[key].to(real[key].dtype)]) for key in real}

    def losses(self, batch: Batch, player: str) -> Batch:
        """See `convert.converter_losses`, `convert.critic_losses` and `detector.PatchNetwork.losses`."""
        if player == "detector":
            ready = batch if batch["image"].is_floating_point() else self.gathered(batch)
            side = self.config.making.side // 2
            both = torch.cat([ready["image"], ready["mask"][:, None]], 1)
            crops = cut(both, 1, side)[:, 0]
            return self.detector.losses(ready["image"], ready, (crops[:, :3], crops[:, 3]))
        ready = {**batch, "image": picture(batch["image"])}
        donors = torch.randperm(len(batch["image"]), device=batch["image"].device)
        if player == "critics":
            return critic_losses(
                self.converter, self.critics, ready, donors, self.config.slope_every, self.config.slope
            )
        return converter_losses(self.converter, self.critics, ready, donors)

    def predict(self, batch: Batch) -> Batch:
        """`score` (B,), P(attack), and `patches` (B, h, w)."""
        score, local = self.detector(picture(batch["image"]))
        return {"score": score, "patches": local}

    def exported(self) -> Export:
        """The detector; pictures 0 to 255, P(person) and P(attack), and the map of patches."""
        side = self.config.making.side
        example = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0)) * 255
        manifest = {
            "task": "presentation_attack", "labels": ["live", "attack"], "side": side,
            "trained_on": "rendered attacks, not real ones",
            "outputs": {"probabilities": "live, attack", "patches": "P(attack) of each patch"},
        }  # fmt: skip
        return Export(Gate(self.detector), {"image": example}, ("probabilities", "patches"), manifest)

    def _converted(self, batch: Batch) -> Batch:
        ready = {**batch, "image": picture(batch["image"])}
        return converted(self.converter, ready, swap=self.converts == "pattern", partial=self.config.making.partial)


class Gate(nn.Module):
    """The detector as a classifier of two classes, as `inference/liveness.py` wants it."""

    def __init__(self, detector: PatchNetwork) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures (N, 3, S, S), 0 to 255, to (N, 2), live and attack, and patches (N, h, w)."""
        score, local = self.detector(image / 127.5 - 1)
        return torch.stack([1 - score, score], 1), local


class Guess:
    """Scores by lot."""

    def fit(self, train: Samples, seed: int) -> Budget:
        """Nothing to learn."""
        self._seed = seed
        return Budget(0, 0, 0)

    def predict(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Noise."""
        rng = np.random.default_rng([self._seed, len(batch["image"])])
        rows = len(batch["image"])
        return {"score": rng.random(rows, np.float32), "patches": rng.random((rows, 8, 8), np.float32)}


METRICS = (
    Metric("auc", worst=0.5, slack=0.02),
    Metric("partial_auc", worst=0.5, slack=0.02),
    Metric("new_kinds_auc", worst=0.5, slack=0.02),
    Metric("acer", worst=0.5, best=0.0),
    Metric("acer_worst", worst=1.0, best=0.0),
    Metric("hter", worst=0.5, best=0.0),
    Metric("bpcer", worst=1.0, best=0.0),
    *(Metric(f"apcer_{name}", worst=1.0, best=0.0) for name in KINDS[1:]),
    Metric("localisation", worst=0.5),
    Metric("pattern_kind"),
    Metric("pattern_person", worst=100.0, best=0.0),
    Metric("content_kind", worst=1.0, best=0.0),
    Metric("grating_r"),
    Metric("grating_r_content", worst=1.0, best=0.0),
)
CLAIMS = (
    Claim("auc", "chance", by=0.2),
    Claim("acer", BASELINE),
    Claim("acer", "identity_conversion"),
    Claim("partial_auc", "without_patch_head"),
    Claim("auc", "generic_augmentation", by=-0.01),
    Claim("pattern_kind", by=0.8),
    Claim("pattern_person", by=2.0),
    Claim("content_kind", by=round(1 / 3 + 0.15, 3)),
    Claim("grating_r", by=0.5),
)
SEEDS = 4
UNEQUAL = {
    BASELINE: "one head on the same backbone, and no converter to train; its detector takes the same steps",
    "detector_alone": "no converter to train; its detector takes the same steps",
    "generic_augmentation": "no converter to train; its detector takes the same steps on as many pictures",
    "chance": "draws lots",
}


def build(config: Config) -> PCGAN:
    """The method itself."""
    return PCGAN(config)


def baseline(config: Config) -> PCGAN:
    """A convolutional classifier of whole pictures."""
    return PCGAN(config, converts="none", local=False, tasks=False)


def chance(config: Config) -> Guess:
    """Lots."""
    return Guess()


def ablations(config: Config) -> dict[str, PCGAN]:
    """Without converted pictures, with generic ones or reconstructions in their place, and without the patch head."""
    return {
        "detector_alone": PCGAN(config, converts="none"),
        "generic_augmentation": PCGAN(config, converts="generic"),
        "identity_conversion": PCGAN(config, converts="identity"),
        "without_patch_head": PCGAN(config, local=False),
    }


def data(config: Config, seed: int, folder: Path | None) -> Data:
    """Made pictures, or published sets in folders of their names; another camera or set is left out for each seed.

    Raises:
        ConfigError: somebody is on both sides.
    """
    train, test = made(config.making, seed) if folder is None else published(config.making, seed, folder)
    disjoint(train, test)
    order = np.random.default_rng([seed, 3]).permutation(len(train))
    shuffled = {key: train[key][order] for key in ("label", "kind", "mask", "partial")}
    return Data(train, test, train.with_fields(**shuffled))


def score(model: Any, test: Samples) -> dict[str, float]:
    """See `judged.figures`."""
    return figures(model, test)


def answer(model: PCGAN, path: Path, out: Path | None) -> dict[str, Any]:
    """Scores and maps of the faces of a picture or a folder; `attacks.png` and `converted.png` in `out`.

    Raises:
        InputError: there is no picture, or no face.
    """
    from vultus.research.methods.spoofing.pcgan.look import looked_at

    return looked_at(model, path, out)
