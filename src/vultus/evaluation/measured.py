"""What an evaluation comes to: figures with intervals, curves, and what to know before believing them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

SCHEMA = "vultus.evaluate/1"


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure.

    Attributes:
        name: lowercase, e.g. "tmr", "eer", "bpcer".
        at: the condition it holds at, in words, e.g. "fmr 0.001"; "" without one.
        value: of it; None where it could not be measured.
        low, high: 95 % interval over resampled people; None where there is none.
        threshold: of the decision, where there is one.
        remark: how to read it, or why there is no value.
    """

    name: str
    at: str
    value: float | None
    low: float | None = None
    high: float | None = None
    threshold: float | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """An evaluation.

    Attributes:
        task: "verification", "identification", "pad", "quality", "expression" or "spotting".
        source: what was evaluated.
        sizes: how many comparisons, people and so on, by name.
        measures: in the order in which they are read.
        curves: columns of equal length by name of the curve; None stands for an infinite value.
        warnings: what makes the figures flatter, weaker or narrower than they look.
    """

    task: str
    source: str
    sizes: Mapping[str, int]
    measures: tuple[Measure, ...]
    curves: Mapping[str, Mapping[str, Sequence[float | None]]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Plain values for JSON; what is not finite becomes None."""
        return {
            "schema": SCHEMA,
            "task": self.task,
            "source": self.source,
            "sizes": dict(self.sizes),
            "measures": [jsonable(asdict(one)) for one in self.measures],
            "curves": {name: {key: column(values) for key, values in curve.items()}
                       for name, curve in self.curves.items()},
            "warnings": list(self.warnings),
        }  # fmt: skip

    def value(self, name: str, at: str = "") -> float | None:
        """The figure of a name at a condition; None when it was not measured."""
        return next((one.value for one in self.measures if (one.name, one.at) == (name, at)), None)


def column(values: Sequence[float | None]) -> list[float | None]:
    """Numbers for JSON, short, None where infinite."""
    return [None if value is None or not math.isfinite(value) else float(f"{value:.8g}") for value in values]


def finite(value: float) -> float | None:
    """The number, None where it is infinite or none."""
    return float(value) if math.isfinite(value) else None


def jsonable(value: Any) -> Any:
    """The same with what JSON does not know (NaN, infinities, numpy numbers) as null or plain numbers."""
    if isinstance(value, dict):
        return {str(key): jsonable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    return finite(value) if isinstance(value, float) else value
