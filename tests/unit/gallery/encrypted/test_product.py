from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vultus.gallery.encrypted.product import multiply, plan

MODULUS = 2**127 - 1
EXPONENTS = st.lists(st.integers(1, 127) | st.sampled_from([1, 127, 2047]), min_size=1, max_size=40)


@given(EXPONENTS)
def test_products_of_powers_are_those_of_python(exponents: list[int]) -> None:
    random = np.random.default_rng(len(exponents))
    bases = [int(one) for one in random.integers(2, 2**62, 2 * len(exponents))]
    order = plan({2 * at: exponent for at, exponent in enumerate(exponents)})
    wanted = math.prod(pow(bases[2 * at], exponent, MODULUS) for at, exponent in enumerate(exponents)) % MODULUS
    count = 0

    def times(first: int, second: int) -> int:
        nonlocal count
        count += 1
        return first * second % MODULUS

    assert multiply(order, bases, times) == wanted
    assert count == order.multiplications


def test_a_probe_of_128_numbers_costs_few_multiplications() -> None:
    values = np.abs(np.rint(np.random.default_rng(0).normal(size=128) * 40)).clip(1, 127).astype(int)
    assert plan(dict(enumerate(values.tolist()))).multiplications < 215
