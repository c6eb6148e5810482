from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.gallery.encrypted import bignum


def test_a_missing_gmpy2_is_named_with_its_extra() -> None:
    code = (
        "import sys; sys.modules['gmpy2'] = None\n"
        "from vultus.errors import MissingExtraError\n"
        "try: import vultus.gallery.encrypted\n"
        "except MissingExtraError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == 'gmpy2 is not installed; run: pip install "vultus[encrypted]"'


@given(st.lists(st.integers(0, 2**19 - 1), max_size=40))
def test_numbers_side_by_side_come_back(values: list[int]) -> None:
    joined = bignum.join(values, 19)
    assert joined == sum(value << (19 * at) for at, value in enumerate(values))
    assert bignum.split(joined, 19, len(values) + 2) == [*values, 0, 0]


@given(st.integers(0, 2**100 - 1), st.integers(2, 2**80), st.integers(3, 2**80))
def test_powers_are_those_of_python(exponent: int, base: int, half: int) -> None:
    modulus = 2 * half + 1
    wanted = pow(base, exponent, modulus)
    assert bignum.power(base, exponent, modulus) == wanted
    assert bignum.FixedBase(bignum.mpz(base), bignum.mpz(modulus), 100).power(bignum.mpz(exponent)) == wanted
    if exponent:
        assert bignum.secret_power(base, exponent, modulus) == wanted


def test_primes_have_the_bits_and_the_rest_asked_for() -> None:
    for bits in (32, 61, 128):
        found = {bignum.random_prime(bits, 4, 3) for _ in range(20)}
        assert len(found) > 15
        for prime in found:
            assert prime.bit_length() == bits
            assert (prime >> (bits - 2), prime % 4) == (3, 3)
            assert all(prime % small for small in range(3, 1000, 2) if small < prime)


def test_remainders_come_together() -> None:
    p, q = bignum.mpz(101), bignum.mpz(103)
    for value in (0, 1, 5000, 101 * 103 - 1):
        assert bignum.remainder_pair(value % p, value % q, p, q, bignum.inverse(p, q)) == value


def test_draws_lie_within_their_bound_and_cover_it() -> None:
    assert {int(bignum.random_below(bignum.mpz(5))) for _ in range(300)} == {1, 2, 3, 4}


def test_what_has_no_inverse_is_told() -> None:
    with pytest.raises(ZeroDivisionError):
        bignum.inverse(bignum.mpz(6), bignum.mpz(9))
    assert bignum.product([2, 3, 4], 7) == 3
    assert bignum.mpz("ff", 16) == 255
