from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.gallery.encrypted.bignum import mpz
from vultus.gallery.encrypted.ring import Ring

N = 1000003 * 999983
EDGES = [0, 1, N - 1, N, N + 1]


@pytest.mark.parametrize("n_digits", [1, 2, 3, 4, 5])
def test_products_in_digits_are_those_of_whole_numbers(n_digits: int) -> None:
    ring = Ring(mpz(N), n_digits)
    modulus = N**n_digits
    number = st.integers(0, modulus - 1) | st.sampled_from([one % modulus for one in [*EDGES, modulus - 1]])

    @given(number, number)
    def agree(first: int, second: int) -> None:
        one, other = ring.digits(mpz(first)), ring.digits(mpz(second))
        assert len(one) == n_digits
        assert all(0 <= digit < N for digit in one)
        assert ring.whole(one) == first
        assert ring.whole(ring.times(one, other)) == first * second % modulus

    agree()


@pytest.mark.parametrize("n_digits", [1, 2, 3, 4])
def test_inverses_come_out_for_all_at_once(n_digits: int) -> None:
    ring = Ring(mpz(N), n_digits)
    values = [ring.digits(mpz(one)) for one in (2, 3, 12345678901, N**n_digits - 1)]
    found = ring.inverses(values)
    assert [ring.whole(ring.times(one, other)) for one, other in zip(values, found, strict=True)] == [1] * 4
    with pytest.raises(ZeroDivisionError):
        ring.inverses([*values, ring.digits(mpz(1000003))])
