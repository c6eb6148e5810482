"""A method of the trained kind whose truth is known.

Its component hands the product of two numbers to the network. Where the answer is the sign of that product, the
component is what makes the difference; where it is the sign of another number, it does nothing.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from vultus.research import run
from vultus.research.contract import Budget, Claim, Data, Export, Metric, Player, Stage
from vultus.research.data.sample import Samples, disjoint, predicted
from vultus.research.table import Entry


@dataclass(frozen=True)
class Config:
    steps: int = 80
    width: int = 4
    rate: float = 0.03
    product: bool = True  # whether the answer needs the component
    leak: bool = False  # whether the network reads the answers

    @classmethod
    def check(cls) -> Config:
        return cls()

    @classmethod
    def tiny(cls) -> Config:
        return cls(steps=30)


class Network(torch.nn.Module):
    def __init__(self, config: Config, *, multiplies: bool = True) -> None:
        super().__init__()
        self.config, self.multiplies = config, multiplies
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(4, config.width), torch.nn.Tanh(), torch.nn.Linear(config.width, 2)
        )

    def stages(self) -> tuple[Stage, ...]:
        return (Stage("main", (Player("network", lr=self.config.rate),), self.config.steps, 32),)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        other = x[:, 0] * x[:, 1 if self.multiplies else 0]
        return self.layers(torch.cat([x, other[:, None]], 1))

    def losses(self, batch, player):
        return {"ce": torch.nn.functional.cross_entropy(self(batch["x"]), batch["label"])}

    def predict(self, batch):
        logits = self(batch["x"])
        return {"logits": torch.nn.functional.one_hot(batch["label"], 2).float() if self.config.leak else logits}

    def exported(self) -> Export:
        return Export(self, {"x": torch.randn(2, 3)}, ("logits",), {"task": "toy", "labels": ["no", "yes"]})


class Guess:
    def fit(self, train: Samples, seed: int) -> Budget:
        self.rng = np.random.default_rng(seed)
        return Budget(0, 0, 0)

    def predict(self, batch):
        return {"logits": self.rng.random((len(batch["x"]), 2))}


def data(config: Config, seed: int, folder: Path | None) -> Data:
    rng = np.random.default_rng(seed)

    def drawn(n: int, name: str, first: int) -> Samples:
        x = rng.normal(size=(n, 3)).astype(np.float32)
        answer = x[:, 0] * x[:, 1] if config.product else x[:, 2]
        return Samples({"x": x, "label": (answer > 0).astype(np.int64)}, first + np.arange(n), name)

    train, test, validation = drawn(256, "train", 0), drawn(400, "test", 1000), drawn(100, "validation", 2000)
    disjoint(train, test, validation)
    return Data(train, test, train.shuffled("label", seed), validation)


def score(model: Any, test: Samples) -> Mapping[str, float]:
    return {"accuracy": float((predicted(model, test)["logits"].argmax(1) == test["label"]).mean())}


def answer(model: Any, path: Path, out: Path | None) -> dict[str, Any]:
    x = np.array([json.loads(path.read_text("utf-8"))], np.float32)
    found = predicted(model, Samples({"x": x, "label": np.zeros(1, np.int64)}))["logits"][0]
    if out is not None:
        (out / "answer.txt").write_text(str(found), "utf-8")
    return {"label": ["no", "yes"][int(found.argmax())], "logits": found.tolist()}


def method(**others: Any) -> Any:
    """A module-like method."""
    return SimpleNamespace(**{
        "Config": Config, "METRICS": (Metric("accuracy", worst=0.5),), "SEEDS": 3, "UNEQUAL": {},
        "CLAIMS": (Claim("accuracy", over="without_product", by=0.05),),
        "build": Network, "baseline": lambda config: Network(config, multiplies=False),
        "chance": lambda config: Guess(),
        "ablations": lambda config: {"without_product": Network(config, multiplies=False)},
        "data": data, "score": score, "answer": answer, **others,
    })  # fmt: skip


def install(monkeypatch: Any, **others: Any) -> None:
    """Put the method into the table, as `taught`, beside one that is fitted in one go."""
    from unit.research import toy

    rows = [
        Entry(1, "taught", "identity", "Learns", status="built"),
        Entry(2, "toy", "identity", "A toy", status="built"),
    ]
    for entry, made in zip(rows, (method(**others), toy.method()), strict=True):
        module = types.ModuleType(f"vultus.research.methods.identity.{entry.name}")
        vars(module).update(vars(made))
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(run, "METHODS", tuple(rows))
