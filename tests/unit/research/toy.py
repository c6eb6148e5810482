"""Methods whose truth is known: a component with a real effect, one that does nothing, one that reads the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from vultus.research.contract import Budget, Claim, Data, Metric


@dataclass(frozen=True)
class Part:
    width: int = 3


@dataclass(frozen=True)
class Config:
    effect: float = 0.0
    noise: float = 0.02
    parameters: int = 100
    name: str = "a"
    sizes: tuple[int, ...] = (1, 2)
    part: Part = field(default_factory=Part)

    @classmethod
    def check(cls) -> Config:
        return cls(effect=0.1)

    @classmethod
    def tiny(cls) -> Config:
        return cls()


@dataclass
class Model:
    """Scores `level` where the training labels mean something, chance where they do not; a leak always scores."""

    level: float
    noise: float
    parameters: int = 100
    leak: bool = False
    seed: int = 0
    signal: bool = True

    def fit(self, train: Any, seed: int) -> Budget:
        self.seed, self.signal = seed, bool(train)
        return Budget(self.parameters, 10, 10)


def score(model: Model, test: Any) -> Mapping[str, float]:
    random = np.random.default_rng([model.seed, round(1e6 * model.level)])
    level = model.level if model.signal or model.leak else 0.2
    return {"uar": float(np.clip(level + model.noise * random.normal(), 0, 1))}


def method(*, leak: bool = False, claims: tuple[Claim, ...] | None = None, unequal: Mapping[str, str] | None = None,
           full: float | None = None, without: int = 100) -> Any:  # fmt: skip
    """A module-like method; the effect of its component is that of the configuration."""

    def built(config: Config, gain: float, parameters: int = 100) -> Model:
        base = 0.6 if full is None else full
        return Model(base + gain, config.noise, parameters, leak)

    return SimpleNamespace(
        Config=Config,
        METRICS=(Metric("uar"),),
        CLAIMS=claims or (Claim("uar", over="without_part", by=0.02),),
        SEEDS=3,
        UNEQUAL=unequal or {},
        build=lambda config: built(config, config.effect),
        baseline=lambda config: built(config, -0.1),
        chance=lambda config: Model(0.2, config.noise, 0),
        ablations=lambda config: {"without_part": built(config, 0.0, without)},
        data=lambda config, seed, folder: Data(train=1, test=1, destroyed=0),
        score=score,
    )
