from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vultus.gallery.encrypted.bignum import mpz
from vultus.gallery.encrypted.product import multiply_blocks, multiply_naively, plan

MODULUS = mpz(2**127 - 1)
EXPONENTS = st.lists(st.integers(-127, 127) | st.sampled_from([-2047, -127, 0, 1, 127, 2047]), min_size=1, max_size=40)


@given(EXPONENTS, st.integers(0, 5))
def test_products_of_powers_are_those_of_python(exponents: list[int], n_blocks: int) -> None:
    random = np.random.default_rng(len(exponents))
    blocks = [[mpz(int(one)) for one in random.integers(2, 2**62, len(exponents))] for _ in range(n_blocks)]
    wanted = [
        math.prod(pow(int(b), e, int(MODULUS)) for b, e in zip(block, exponents, strict=True)) % int(MODULUS)
        for block in blocks
    ]
    assert multiply_blocks(plan(exponents), blocks, MODULUS) == wanted
    assert [multiply_naively(exponents, block, MODULUS) for block in blocks] == wanted


def test_a_probe_of_128_numbers_costs_few_multiplications() -> None:
    random = np.random.default_rng(0)
    values = np.rint(random.normal(size=128) * 40).clip(-127, 127).astype(int)
    order = plan(values.tolist())
    assert order.above is not None
    assert order.below is not None
    assert order.above.multiplications + order.below.multiplications < 250


def test_nothing_but_zeros_multiplies_to_one() -> None:
    assert multiply_blocks(plan([0, 0]), [[mpz(3), mpz(5)]], MODULUS) == [1]
