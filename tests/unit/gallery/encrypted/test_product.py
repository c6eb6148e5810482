from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.gallery.encrypted.product import multiply, plan

MODULUS = 2**127 - 1
EXPONENTS = st.lists(st.integers(1, 127) | st.sampled_from([1, 127, 2047, 32767]), min_size=1, max_size=40)


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


@pytest.mark.parametrize(
    ("n", "bits", "most"), [(128, 8, 215), (128, 12, 400), (128, 16, 550), (512, 8, 640), (1, 16, 28)]
)
def test_many_powers_cost_few_multiplications(n: int, bits: int, most: int) -> None:
    top = 2 ** (bits - 1) - 1
    values = np.abs(np.rint(np.random.default_rng(0).normal(size=n) * top / 3)).clip(1, top).astype(int)
    assert plan(dict(enumerate(values.tolist()))).multiplications < most


def test_far_exponents_take_no_long_way() -> None:
    """Steps alone would count down from the larger one."""
    assert plan({0: 1, 1: 32767}).multiplications < 40
    assert plan({0: 32767, 1: 32766, 2: 5}).multiplications < 60
