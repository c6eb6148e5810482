"""What the method is held against: lots, a threshold on movement, and a classifier of windows of one length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  PyTorch's own habit

from vultus.research.contract import Budget, Player, Stage
from vultus.research.methods.micro_expression.boosting_vrme.films import LABELS, NEUTRAL
from vultus.research.methods.micro_expression.boosting_vrme.network import CHANNELS, FastSlow, jittered, still

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from vultus.research.data.sample import Samples

    Batch = dict[str, Tensor]

_AT_ONCE = 4096  # windows


class Movement:
    """What one would have done without it: the size of the flow over half a usual duration, and the commonest class."""

    prior = False

    def __init__(self) -> None:
        self._kp, self._common = 1, 0

    def fit(self, train: Samples, seed: int) -> Budget:
        """Note the commonest class."""
        label = train["label"]
        self._common = int(np.bincount(label[label != NEUTRAL], minlength=NEUTRAL).argmax())
        lengths = (label != NEUTRAL).sum(axis=1)
        self._kp = max(int(np.median(lengths[lengths > 0])) // 2, 2)
        return Budget(2, 1, len(train))

    def predict(self, batch: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
        """The same columns as `FilmRegression.predict`."""
        flow = batch["flow"][..., :CHANNELS] - np.tile(batch["flow"][..., CHANNELS:], CHANNELS // 2)
        before, after = np.roll(flow, self._kp, axis=1), np.roll(flow, -self._kp, axis=1)
        curve = np.linalg.norm(2 * flow - before - after, axis=2)
        curve[:, : self._kp], curve[:, -self._kp :] = 0, 0
        emotion = np.zeros((*curve.shape, len(LABELS)), np.float32)
        emotion[..., self._common] = 1
        return {"curve": curve.astype(np.float32), "emotion": emotion}


class Guess:
    """Curves and classes by lot."""

    prior = False

    def __init__(self) -> None:
        self._seed = 0

    def fit(self, train: Samples, seed: int) -> Budget:
        """Nothing to learn."""
        self._seed = seed
        return Budget(0, 0, 0)

    def predict(self, batch: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
        """Noise."""
        rng = np.random.default_rng(self._seed)
        shape = batch["flow"].shape[:2]
        return {"curve": rng.random(shape, np.float32), "emotion": rng.random((*shape, len(LABELS)), np.float32)}


class WindowClassifier(nn.Module):
    """One class for each window of one length, the neutral one among them; a film's curve is what is not neutral.

    It has the method's network up to its heads and sees the same windows for as many steps, of each a part that is
    drawn anew: half a window, about as long as an expression usually is. Intervals are of one length around the peaks.

    Args:
        config: sizes of the method.
    """

    prior = False

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config, self.size = config, config.window // 2 | 1
        self.body = FastSlow(config.width, config.blocks, config.kind, config.state, config.drop)
        self.head = nn.Linear(3 * config.width, len(LABELS))

    def stages(self) -> tuple[Stage, ...]:
        """One stage, one player, as the method's."""
        player = Player("classifier", lr=self.config.lr, optimiser="adam", schedule="onecycle")
        return (Stage("classification", (player,), self.config.steps, self.config.batch_size),)

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        """A part of each window, and flow a tenth larger or smaller."""
        batch = jittered(batch, generator)
        count, length = batch["label"].shape
        starts = torch.randint(length - self.size + 1, (count, 1), generator=generator, device=generator.device)
        rows = starts + torch.arange(self.size, device=starts.device)
        wide = rows[..., None].expand(-1, -1, batch["flow"].shape[2])
        return {**batch, "flow": batch["flow"].gather(1, wide),
                **{key: batch[key].gather(1, rows) for key in ("label", "weight")}}  # fmt: skip

    def losses(self, batch: Batch, player: str) -> Batch:
        """Weighted cross-entropy of the class in the middle of each window (B, T)."""
        middle = batch["label"].shape[1] // 2
        entropy = F.cross_entropy(self(batch["flow"]), batch["label"][:, middle], reduction="none")
        weight = batch["weight"][:, middle]
        return {"class": (entropy * weight).sum() / weight.sum()}

    def forward(self, flow: Tensor) -> Tensor:
        """Windows (B, T, 38) to scores of classes (B, 5)."""
        found: Tensor = self.head(self.body(still(flow)).mean(dim=-1))
        return found

    def predict(self, batch: Batch) -> Batch:
        """Films (B, T, 38) to `curve` (B, T) and `emotion` (B, T, 5): each frame by the window around it."""
        flow = batch["flow"].transpose(1, 2)
        around = F.pad(flow, (self.size // 2,) * 2, mode="replicate").unfold(2, self.size, 1)
        count, channels, length, _ = around.shape
        cut = around.permute(0, 2, 3, 1).reshape(count * length, self.size, channels)
        scores = torch.cat([self(part) for part in torch.split(cut, _AT_ONCE)]).reshape(count, length, len(LABELS))
        return {"curve": 1 - scores.softmax(dim=-1)[..., NEUTRAL], "emotion": scores}
