"""The honest judge: every arm of a method over the same seeds, and what that says about its claims.

Arms are chance, baseline, the full method, each ablation, and the full method fitted on a destroyed signal. Each seed
gives all of them the same material. An arm that is compared must have the budget of the full method within a tenth, or
the method says why it cannot. If the destroyed signal still scores above chance, the answers leak and no claim holds.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import ConfigError
from vultus.evaluation.measured import finite
from vultus.research.contract import BASELINE, CHANCE, DESTROYED, FULL
from vultus.research.data.sample import Samples, disjoint
from vultus.research.training.seed import plant
from vultus.research.verdict import judge, leaks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.research.contract import Budget, Data, Method
    from vultus.research.training.machine import Machine
    from vultus.research.verdict import Verdict

SCHEMA = "vultus.ablate/1"
SAME_BUDGET = 0.1
FIRST_SEED = 1000  # methods are tuned on seeds below


@dataclass(frozen=True, slots=True)
class Measured:
    """What one seed gave.

    Attributes:
        figures: of each arm, by the name of the metric.
        budgets: of each arm.
        details: of each arm, where the method gives any: JSON values.
    """

    figures: dict[str, dict[str, float]]
    budgets: dict[str, Budget]
    details: dict[str, Any] = field(default_factory=dict)


def ablate(
    method: Method,
    config: Any,
    seeds: Sequence[int],
    folder: Path | None = None,
    tell: Callable[[str], None] = lambda line: None,
    machine: Machine | None = None,
) -> dict[str, Any]:
    """Run every arm over the seeds, one after another, and judge the claims.

    Args:
        method: a module of `research/methods`.
        config: its configuration.
        seeds: two at least, all of them at or above `FIRST_SEED`.
        folder: real data; None for what the method makes itself.
        tell: called with a line for each arm of each seed.
        machine: what networks are trained on; one processor without.

    Returns:
        JSON values: arms with their figures, claims with their verdicts, the control, budgets, seeds, configuration.

    Raises:
        ConfigError: seeds are too few, meant for tuning, or twice there; a claim names an arm or metric that is not
            there; an arm has another budget than the full method; somebody is trained on and tested on.
    """
    check(method, config, seeds)
    return judged(method, config, seeds, [measure(method, config, seed, folder, tell, machine) for seed in seeds])


def check(method: Method, config: Any, seeds: Sequence[int]) -> None:
    """Refuse what would be measured in vain; errors as of `ablate`."""
    if len(seeds) < 2 or len(set(seeds)) != len(seeds):
        raise ConfigError(f"an ablation needs at least 2 different seeds, but they are {list(seeds)}")
    if min(seeds) < FIRST_SEED:
        raise ConfigError(f"seeds below {FIRST_SEED} are for tuning, but one of these is {min(seeds)}")
    names, metrics = set(arms(method, config)), {metric.name for metric in method.METRICS}
    for claim in method.CLAIMS:
        for arm in {claim.arm, claim.over} - {""} - names:
            raise ConfigError(f"a claim is about the arm '{arm}', but there are: {', '.join(sorted(names))}")
        if claim.metric not in metrics:
            raise ConfigError(f"a claim is about {claim.metric}, but measured are: {', '.join(sorted(metrics))}")


def measure(
    method: Method,
    config: Any,
    seed: int,
    folder: Path | None = None,
    tell: Callable[[str], None] = lambda line: None,
    machine: Machine | None = None,
) -> Measured:
    """Run every arm on the material of one seed; arguments and errors as of `ablate`."""
    data = method.data(config, seed, folder)
    _apart(data)
    found = Measured({}, {})
    for name, model in arms(method, config, seed).items():
        tell(f"seed {seed}: {name}")
        found.budgets[name] = fit(model, data.destroyed if name == DESTROYED else data.train, seed, machine)
        scored = method.score(model, data.test)
        found.figures[name] = {metric.name: float(scored[metric.name]) for metric in method.METRICS}
        if hasattr(method, "details"):
            found.details[name] = method.details(model, data.test)
    return found


def judged(method: Method, config: Any, seeds: Sequence[int], measured: Sequence[Measured]) -> dict[str, Any]:
    """What the seeds say about the claims; arguments, result and errors as of `ablate`."""
    budgets = measured[-1].budgets
    _same_budget(budgets, method.UNEQUAL)
    values = {
        name: {key: np.array([one.figures[name][key] for one in measured]) for key in row}
        for name, row in measured[-1].figures.items()
    }
    report = _report(method, config, seeds, values, budgets)
    for name in measured[-1].details:
        report["arms"][name]["details"] = [one.details[name] for one in measured]
    return report


def arms(method: Method, config: Any, seed: int = FIRST_SEED) -> dict[str, Any]:
    """Fresh models of every arm, by name; the random numbers of each start at the seed."""

    def made(build: Callable[[Any], Any]) -> Any:
        plant(seed)
        return build(config)

    return {
        CHANCE: made(method.chance),
        BASELINE: made(method.baseline),
        FULL: made(method.build),
        **made(method.ablations),
        DESTROYED: made(method.build),
    }


def fit(model: Any, train: Any, seed: int, machine: Machine | None = None) -> Budget:
    """Fit a model in one go, or train it by steps, as its kind is; both are done by the judge, never by a method."""
    if not hasattr(model, "stages"):
        spent: Budget = model.fit(train, seed)
        return spent
    from vultus.research.training.loop import train as by_steps

    return by_steps(model, train, seed, machine=machine)


def _apart(data: Data) -> None:
    """Nobody who is trained on is tested on, where the samples say who is in them."""
    parts = (data.train, data.test, data.validation)
    disjoint(*(part for part in parts if isinstance(part, Samples) and part.subjects is not None))


def _same_budget(budgets: Mapping[str, Budget], unequal: Mapping[str, str]) -> None:
    full = asdict(budgets[FULL])
    for name, budget in budgets.items():
        if name in unequal or name == CHANCE:
            continue
        for what, ours in full.items():
            theirs = asdict(budget)[what]
            if abs(theirs - ours) > SAME_BUDGET * max(ours, 1):
                raise ConfigError(
                    f"the arm '{name}' has {theirs:g} {what} and the full method {ours:g}: a comparison needs the same "
                    f"budget within {SAME_BUDGET:.0%}; if that cannot be, the method says why in UNEQUAL"
                )


def _report(
    method: Method,
    config: Any,
    seeds: Sequence[int],
    values: Mapping[str, Mapping[str, NDArray[np.float64]]],
    budgets: Mapping[str, Budget],
) -> dict[str, Any]:
    by_name = {metric.name: metric for metric in method.METRICS}
    leak = leaks(method.METRICS[0], values)
    verdicts = [judge(claim, by_name[claim.metric], values) for claim in method.CLAIMS]
    if leak:
        verdicts = [replace(one, verdict="does not hold", reason=leak) for one in verdicts]
    return {
        "schema": SCHEMA,
        "arms": {
            name: {
                "metrics": {key: _summary(one) for key, one in row.items()},
                "budget": asdict(budgets[name]),
                "note": method.UNEQUAL.get(name, ""),
            }
            for name, row in values.items()
        },
        "claims": [_claim(one) for one in verdicts],
        "control": leak or "the destroyed signal scores no better than chance",
        "holds": all(one.verdict == "holds" for one in verdicts),
        "seeds": list(seeds),
        "config": asdict(config) if is_dataclass(config) and not isinstance(config, type) else {},
    }


def _summary(values: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "mean": _number(float(np.mean(values))),
        "std": _number(float(np.std(values, ddof=1))),
        "values": [_number(float(value)) for value in values],
    }


def _claim(one: Verdict) -> dict[str, Any]:
    low, high = one.interval
    return {
        "text": one.text,
        "verdict": one.verdict,
        "difference": _number(one.difference),
        "interval": [_number(low), _number(high)],
        "reason": one.reason,
    }


def _number(value: float) -> float | None:
    """JSON has no NaN."""
    return finite(round(value, 6))
