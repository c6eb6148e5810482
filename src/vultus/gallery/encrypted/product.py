"""Many powers multiplied, the same exponents for every block of a gallery: the whole work of an encrypted search.

Wanted is the product of `bases[i] ** exponents[i]` for short exponents. With the exponents in falling order, and
`run` the product of the bases seen so far, it is the product of `run ** gap` over the steps down to the next exponent:
exponents 5, 5, 3, 1 give (b0 b1)^2 (b0 b1 b2)^2 (b0 b1 b2 b3)^1. Steps of equal height share one power, and the few
powers that remain are multiplied the same way. So each base costs one multiplication and each distinct exponent
another: about 240 for 128 signed numbers of 8 bits, where a power each would cost 1,300. (Buckets, after Pippenger,
1976; differences of sorted exponents, after Bos and Coster, 1989.)

The order of the steps depends only on the exponents. It is worked out once per probe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vultus.gallery.encrypted.bignum import inverse, power

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Climb:
    """How to multiply positive powers.

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
        return here + (self.rest.multiplications if self.rest else 2 * self.last.bit_length() - 2)


@dataclass(frozen=True, slots=True)
class Plan:
    """How to multiply signed powers: one product over another.

    Attributes:
        above: of the positive exponents; None where there is none.
        below: of the negative ones.
    """

    above: Climb | None
    below: Climb | None


def plan(exponents: Sequence[int]) -> Plan:
    """The order of work for these exponents."""
    above = {at: int(one) for at, one in enumerate(exponents) if one > 0}
    below = {at: -int(one) for at, one in enumerate(exponents) if one < 0}
    return Plan(_climb(above) if above else None, _climb(below) if below else None)


def multiply(climb: Climb, bases: Sequence[int], modulus: int) -> int:
    """The product of powers of these bases."""
    products: list[int | None] = [None] * climb.n_gaps
    run: int | None = None
    for members, gap in climb.steps:
        for at in members:
            run = bases[at] if run is None else run * bases[at] % modulus
        known = products[gap]
        products[gap] = run if known is None or run is None else known * run % modulus
    found = [one for one in products if one is not None]
    return multiply(climb.rest, found, modulus) if climb.rest else power(found[0], climb.last, modulus)


def multiply_blocks(order: Plan, blocks: Sequence[Sequence[int]], modulus: int) -> list[int]:
    """The product of signed powers for each block of bases; all divisions cost a single inversion.

    Raises:
        ZeroDivisionError: a base has no inverse.
    """
    above = [multiply(order.above, block, modulus) for block in blocks] if order.above else [1] * len(blocks)
    if order.below is None or not blocks:
        return above
    below = [multiply(order.below, block, modulus) for block in blocks]
    before = [below[0]]
    for one in below[1:]:
        before.append(before[-1] * one % modulus)
    left = inverse(before[-1], modulus)
    result = list(above)
    for at in range(len(blocks) - 1, 0, -1):
        result[at] = above[at] * (left * before[at - 1] % modulus) % modulus
        left = left * below[at] % modulus
    result[0] = above[0] * left % modulus
    return result


def multiply_naively(exponents: Sequence[int], bases: Sequence[int], modulus: int) -> int:
    """The same with a power per base: what the buckets are measured against."""
    result = power(bases[0], int(exponents[0]), modulus)
    for base, exponent in zip(bases[1:], exponents[1:], strict=True):
        result = result * power(base, int(exponent), modulus) % modulus
    return result


def _climb(exponents: Mapping[int, int]) -> Climb:
    members: dict[int, list[int]] = {}
    for at, exponent in exponents.items():
        members.setdefault(exponent, []).append(at)
    levels = sorted(members, reverse=True)
    heights = [level - lower for level, lower in zip(levels, [*levels[1:], 0], strict=True)]
    gaps = {height: number for number, height in enumerate(sorted(set(heights)))}
    steps = tuple((tuple(members[level]), gaps[height]) for level, height in zip(levels, heights, strict=True))
    if len(gaps) == 1:
        return Climb(steps, 1, heights[0], None)
    return Climb(steps, len(gaps), 0, _climb({number: height for height, number in gaps.items()}))
