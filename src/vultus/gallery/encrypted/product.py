"""Many powers multiplied, the same exponents for every block of a gallery: the whole work of an encrypted search.

Wanted is the product of `bases[i] ** exponents[i]` for short positive exponents. With the exponents in falling order,
and `run` the product of the bases seen so far, it is the product of `run ** gap` over the steps down to the next
exponent: exponents 5, 5, 3, 1 give (b0 b1)^2 (b0 b1 b2)^2 (b0 b1 b2 b3)^1. Steps of equal height share one power, and
the few powers that remain are multiplied the same way. So each base costs one multiplication and each distinct exponent
another: about 200 for 128 numbers of 7 bits, where a power each would cost 1,300. (Buckets, after Pippenger, 1976;
differences of sorted exponents, after Bos and Coster, 1989.)

The order of the steps depends only on the exponents. It is worked out once per probe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Climb:
    """How to multiply powers.

    Attributes:
        steps: which bases join the running product, and to which of the `n_gaps` products it is then multiplied.
        n_gaps: different heights of steps.
        last: exponent of the only product left, where there is one.
        rest: how to multiply the powers of several.
    """

    steps: tuple[tuple[tuple[int, ...], int], ...]
    n_gaps: int
    last: int
    rest: Climb | None

    @property
    def multiplications(self) -> int:
        """What it costs."""
        here = sum(len(members) for members, _ in self.steps) - 1 + len(self.steps) - self.n_gaps
        return here + (self.rest.multiplications if self.rest else self.last.bit_length() + self.last.bit_count() - 2)


def plan(exponents: Mapping[int, int]) -> Climb:
    """The order of work.

    Args:
        exponents: of some bases, by their position; positive, one at least.
    """
    members: dict[int, list[int]] = {}
    for at, exponent in exponents.items():
        members.setdefault(exponent, []).append(at)
    levels = sorted(members, reverse=True)
    heights = [level - lower for level, lower in zip(levels, [*levels[1:], 0], strict=True)]
    gaps = {height: number for number, height in enumerate(sorted(set(heights)))}
    steps = tuple((tuple(members[level]), gaps[height]) for level, height in zip(levels, heights, strict=True))
    if len(gaps) == 1:
        return Climb(steps, 1, heights[0], None)
    return Climb(steps, len(gaps), 0, plan({number: height for height, number in gaps.items()}))


def multiply(climb: Climb, bases: Sequence[T], times: Callable[[T, T], T]) -> T:
    """The product of powers of these bases."""
    products: list[T | None] = [None] * climb.n_gaps
    run: T | None = None
    for members, gap in climb.steps:
        for at in members:
            run = bases[at] if run is None else times(run, bases[at])
        known = products[gap]
        products[gap] = run if known is None or run is None else times(known, run)
    found = [one for one in products if one is not None]
    return multiply(climb.rest, found, times) if climb.rest else _power(found[0], climb.last, times)


def _power(base: T, exponent: int, times: Callable[[T, T], T]) -> T:
    """base ** exponent for a small positive exponent."""
    result = base
    for bit in f"{exponent:b}"[1:]:
        result = times(result, result)
        if bit == "1":
            result = times(result, base)
    return result
