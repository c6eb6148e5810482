"""Products of ciphertexts in digits: numbers modulo n^(s+1) as s + 1 digits in base n.

A product modulo n^(s+1) needs only the lower half of the products of digits, and divisions by n instead of by n^(s+1):
a fifth less time than one large product and division for s = 1, a third less for s = 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.gallery.encrypted.bignum import divide, inverse, mpz, whole_power

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Digits = tuple[int, ...]


class Ring:
    """Whole numbers modulo n^n_digits.

    Args:
        n: the base.
        n_digits: at least 1.

    Attributes:
        times: the product of two.
    """

    def __init__(self, n: int, n_digits: int) -> None:
        self._n, self._n_digits = n, n_digits
        self.times: Callable[[Digits, Digits], Digits] = _products(n).get(n_digits) or self._times

    def digits(self, value: int) -> Digits:
        """Of a number below n^n_digits, the lowest first."""
        found = []
        for _ in range(self._n_digits - 1):
            value, digit = divide(value, self._n)
            found.append(digit)
        return (*found, value)

    def whole(self, digits: Digits) -> int:
        """The number of these digits."""
        value = mpz(0)
        for digit in reversed(digits):
            value = value * self._n + digit
        return value

    def inverses(self, values: Sequence[Digits]) -> list[Digits]:
        """1 / value for each, by one inversion for all.

        Raises:
            ZeroDivisionError: there is none for one of them.
        """
        before = [self.digits(mpz(1))]
        for value in values:
            before.append(self.times(before[-1], value))
        left = self.digits(inverse(self.whole(before[-1]), whole_power(self._n, self._n_digits)))
        found = []
        for value, so_far in zip(reversed(values), reversed(before[:-1]), strict=True):
            found.append(self.times(left, so_far))
            left = self.times(left, value)
        return found[::-1]

    def _times(self, first: Digits, second: Digits) -> Digits:
        """Digit by digit, for any number of digits."""
        found, carry = [], mpz(0)
        for at in range(self._n_digits):
            total = carry + sum(first[i] * second[at - i] for i in range(at + 1))
            carry, digit = divide(total, self._n)
            found.append(digit)
        return tuple(found)


def _products(n: int) -> dict[int, Callable[[Digits, Digits], Digits]]:
    """The same written out for few digits, with Karatsuba's trick for the middle ones."""

    def one(first: Digits, second: Digits) -> Digits:
        return (first[0] * second[0] % n,)

    def two(first: Digits, second: Digits) -> Digits:
        a, b = first
        c, d = second
        carry, low = divide(a * c, n)
        return low, (a * d + b * c + carry) % n

    def three(first: Digits, second: Digits) -> Digits:
        a, b, c = first
        d, e, f = second
        low, high = a * d, b * e
        carry, digit = divide(low, n)
        carry, middle = divide((a + b) * (d + e) - low - high + carry, n)
        return digit, middle, (a * f + c * d + high + carry) % n

    return {1: one, 2: two, 3: three}
