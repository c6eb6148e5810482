"""Small networks for tests of the loop."""

from __future__ import annotations

import numpy as np
import torch

from vultus.research.contract import Player, Stage
from vultus.research.data.sample import Samples
from vultus.research.training.seed import plant

STEPS = 12


class Net(torch.nn.Module):
    """Classes of points; what it is made of lies in the data, so it learns in a few steps."""

    def __init__(self, *stages: Stage) -> None:
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.BatchNorm1d(16), torch.nn.ReLU())
        self.drop, self.head = torch.nn.Dropout(0.2), torch.nn.Linear(16, 3)
        self._stages = stages or (Stage("main", (Player("net", lr=0.05),), STEPS, 16),)
        self.begun: list[str] = []

    def stages(self):
        return self._stages

    def begin(self, stage):
        self.begun.append(stage)

    def augment(self, batch, generator):
        noise = torch.randn(batch["x"].shape, generator=generator, device=batch["x"].device)
        return {**batch, "x": batch["x"] + 0.01 * noise}

    def forward(self, x):
        return self.head(self.drop(self.body(x)))

    def losses(self, batch, player):
        return {"ce": torch.nn.functional.cross_entropy(self(batch["x"]), batch["label"])}

    def predict(self, batch):
        return {"logits": self(batch["x"])}


def net(*stages: Stage, seed: int = 5, kind: type[Net] = Net) -> Net:
    plant(seed)
    return kind(*stages)


def points(n: int = 96, seed: int = 0) -> Samples:
    x = np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float32)
    return Samples({"x": x, "label": x[:, :3].argmax(1), "name": np.full(n, "nobody")}, np.arange(n), "points")


def weights(model: torch.nn.Module) -> np.ndarray:
    return np.concatenate([value.detach().double().flatten().numpy() for value in model.state_dict().values()])
