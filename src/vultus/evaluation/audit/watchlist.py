"""What error rates mean at a door: people flagged wrongly and missed, per day and group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.evaluation.audit.rates import GroupError, Rate


@dataclass(frozen=True, slots=True)
class Traffic:
    """Where a watch-list is used.

    Attributes:
        per_day: people who pass.
        listed: people on the list.
        prevalence: part of the people who pass that is on it.

    Raises:
        InputError: a number is out of range.
    """

    per_day: float = 10_000.0
    listed: int = 100
    prevalence: float = 1e-4

    def __post_init__(self) -> None:
        if not (self.per_day > 0 and self.listed >= 1 and 0 <= self.prevalence < 1):
            raise InputError(
                "a watch-list needs people per day above 0, at least 1 person listed and a prevalence from 0 to below "
                f"1, not {self.per_day:g}, {self.listed} and {self.prevalence:g}"
            )


@dataclass(frozen=True, slots=True)
class Reading:
    """One group, if everybody who passes were of it.

    Attributes:
        name: of the group.
        suspects: people flagged wrongly per day, with the ends of its interval.
        missed: listed people not recognised per day, with the ends of its interval.
        right: part of the flagged people who are on the list; NaN if nobody is flagged.
    """

    name: str
    suspects: tuple[float, float, float]
    missed: tuple[float, float, float]
    right: float


def readings(rows: Sequence[GroupError], traffic: Traffic) -> list[Reading]:
    """Expected numbers per day; a search among n people is false with probability 1 - (1 - FMR)^n.

    The FMR is that between people of the group: whoever is listed is taken to be of the group that passes.
    """
    strangers, wanted = traffic.per_day * (1 - traffic.prevalence), traffic.per_day * traffic.prevalence
    found = []
    for row in rows:
        one, low, high = (strangers * (1 - (1 - fmr) ** traffic.listed) for fmr in _ends(row.fmr))
        missed, least, most = (wanted * fnmr for fnmr in _ends(row.fnmr))
        flagged = one + wanted - missed
        right = (wanted - missed) / flagged if flagged > 0 else float("nan")
        found.append(Reading(row.name, (one, low, high), (missed, least, most), right))
    return found


def _ends(rate: Rate) -> tuple[float, float, float]:
    return rate.value, rate.low, rate.high
