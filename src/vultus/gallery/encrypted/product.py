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
_SHORT = 256  # exponents below are not cut in two where steps will do
_FEWER = 0.8  # steps are worth it if they leave fewer powers than this part


@dataclass(frozen=True, slots=True)
class Climb:
    """Multiply along the steps.

    Attributes:
        steps: which bases join the running product, and to which of the `n_gaps` products it is then multiplied.
        n_gaps: different heights of steps.
        rest: how to multiply the powers of these products; None for a single one to the power of 1.
        multiplications: what it costs in all.
    """

    steps: tuple[tuple[tuple[int, ...], int], ...]
    n_gaps: int
    rest: Climb | Cut | None
    multiplications: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Multiply the powers by the upper and by the lower bits of the exponents.

    Attributes:
        high: how to multiply by the upper bits; the product is then squared `shift` times.
        low: by the lower bits; None where they are all 0.
        shift: how many the lower bits are.
        multiplications: what it costs in all.
    """

    high: Climb | Cut
    low: Climb | Cut | None
    shift: int
    multiplications: int


def plan(exponents: Mapping[int, int]) -> Climb | Cut:
    """The order of work.

    Args:
        exponents: of some bases, by their position; positive, one at least.
    """
    members: dict[int, list[int]] = {}
    for at, exponent in exponents.items():
        members.setdefault(exponent, []).append(at)
    levels = sorted(members, reverse=True)
    if levels == [1]:
        return Climb(((tuple(exponents), 0),), 1, None, len(exponents) - 1)
    heights = [level - lower for level, lower in zip(levels, [*levels[1:], 0], strict=True)]
    gaps = {height: number for number, height in enumerate(sorted(set(heights)))}
    if len(gaps) > _FEWER * len(exponents):
        return _cut(exponents)
    steps = tuple((tuple(members[level]), gaps[height]) for level, height in zip(levels, heights, strict=True))
    rest = None if heights == [1] else plan({number: height for height, number in gaps.items()})
    cost = len(exponents) - 1 + len(levels) - len(gaps) + (rest.multiplications if rest else 0)
    climb = Climb(steps, len(gaps), rest, cost)
    if levels[0] < _SHORT:
        return climb
    cut = _cut(exponents)
    return cut if cut.multiplications < cost else climb


def multiply(order: Climb | Cut, bases: Sequence[T], times: Callable[[T, T], T]) -> T:
    """The product of powers of these bases."""
    if isinstance(order, Cut):
        result = multiply(order.high, bases, times)
        for _ in range(order.shift):
            result = times(result, result)
        return result if order.low is None else times(result, multiply(order.low, bases, times))
    products: list[T | None] = [None] * order.n_gaps
    run: T | None = None
    for members, gap in order.steps:
        for at in members:
            run = bases[at] if run is None else times(run, bases[at])
        known = products[gap]
        products[gap] = run if known is None or run is None else times(known, run)
    found = [one for one in products if one is not None]
    return multiply(order.rest, found, times) if order.rest else found[0]


def _cut(exponents: Mapping[int, int]) -> Cut:
    shift = 1 if len(exponents) == 1 else max(max(exponents.values()).bit_length() // 2, 1)
    high = plan({at: one >> shift for at, one in exponents.items() if one >> shift})
    lower = {at: one % (1 << shift) for at, one in exponents.items() if one % (1 << shift)}
    low = plan(lower) if lower else None
    return Cut(high, low, shift, high.multiplications + shift + (low.multiplications + 1 if low else 0))
