"""Large whole numbers by gmpy2, with secrets drawn from the operating system's generator.

Numbers are gmpy2's `mpz`, typed as `int`: they add and multiply like it. gmpy2 lets other threads run during its longer
operations, so that decryption of several answers fills several cores.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from vultus.errors import MissingExtraError

try:
    import gmpy2
except ImportError as error:  # pragma: no cover - tested in a process of its own
    raise MissingExtraError("gmpy2", "encrypted") from error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# Quotient and remainder, rounded down; gmpy2's own function, because the innermost loop calls it.
divide: Callable[[int, int], tuple[int, int]] = gmpy2.f_divmod

_ROUNDS = 40  # of the primality test: a composite passes with probability below 4 ** -40


def mpz(value: int | str, digits: int = 10) -> int:
    """A large number of a number, or of its text in base `digits`."""
    return gmpy2.mpz(value, digits) if isinstance(value, str) else gmpy2.mpz(value)  # type: ignore[no-any-return]


def power(base: int, exponent: int, modulus: int) -> int:
    """base ** exponent mod modulus, for an exponent that anybody may know; negative ones invert."""
    return gmpy2.powmod(base, exponent, modulus)  # type: ignore[no-any-return]


def secret_power(base: int, exponent: int, modulus: int) -> int:
    """base ** exponent mod an odd modulus, in a time that does not depend on the bits of a positive exponent."""
    return gmpy2.powmod_sec(base, exponent, modulus)  # type: ignore[no-any-return]


def whole_power(base: int, exponent: int) -> int:
    """base ** exponent, whole."""
    found: int = base**exponent
    return found


def inverse(value: int, modulus: int) -> int:
    """1 / value mod modulus.

    Raises:
        ZeroDivisionError: there is none.
    """
    return gmpy2.invert(value, modulus)  # type: ignore[no-any-return]


def greatest_common_divisor(first: int, second: int) -> int:
    """The greatest common divisor."""
    return gmpy2.gcd(first, second)  # type: ignore[no-any-return]


def join(values: Iterable[int], width: int) -> int:
    """Numbers from 0 to 2 ** width - 1 side by side, the first one lowest."""
    return gmpy2.pack(list(values), width)  # type: ignore[no-any-return]


def split(value: int, width: int, count: int) -> list[int]:
    """The `count` numbers that `join` has put together."""
    parts: list[int] = gmpy2.unpack(value, width)
    return parts + [0] * (count - len(parts))


def random_below(bound: int) -> int:
    """An even draw from 1 to bound - 1."""
    return gmpy2.mpz(1 + secrets.randbelow(int(bound) - 1))  # type: ignore[no-any-return]


def random_prime(bits: int, step: int = 2, rest: int = 1) -> int:
    """A random prime of exactly `bits` bits, its two highest set, that leaves `rest` when divided by `step`."""
    top = 0b11 << (bits - 2)
    while True:
        value = gmpy2.mpz(secrets.randbits(bits - 2) | top)
        value += (rest - value) % step
        if value.bit_length() == bits and gmpy2.is_prime(value, _ROUNDS):
            return value  # type: ignore[no-any-return]


def remainder_pair(first: int, second: int, p: int, q: int, p_inverse: int) -> int:
    """The number below p * q that leaves `first` mod p and `second` mod q (Chinese remainders).

    Args:
        first, second: the remainders.
        p, q: without a common factor.
        p_inverse: 1 / p mod q.
    """
    return first + (second - first) * p_inverse % q * p


class FixedBase:
    """Powers of one number by a table: an exponent costs one multiplication per 8 bits and no squaring.

    Args:
        base: what is raised.
        modulus: everything is taken modulo this.
        bits: of the longest exponent.
    """

    def __init__(self, base: int, modulus: int, bits: int) -> None:
        self._modulus, self._bytes = modulus, -(-bits // 8)
        self._rows: list[list[int]] = []
        step = base % modulus
        for _ in range(self._bytes):
            row = [mpz(1)]
            for _ in range(255):
                row.append(row[-1] * step % modulus)
            self._rows.append(row)
            step = row[-1] * step % modulus

    def power(self, exponent: int) -> int:
        """base ** exponent."""
        modulus = self._modulus
        digits = int(exponent).to_bytes(self._bytes, "little")
        result = self._rows[0][digits[0]]
        for row, digit in zip(self._rows[1:], digits[1:], strict=True):
            result = result * row[digit] % modulus
        return result


def product(values: Sequence[int], modulus: int) -> int:
    """All numbers multiplied."""
    result = mpz(1)
    for value in values:
        result = result * value % modulus
    return result


def parallel() -> None:
    """Let other threads run during this thread's longer operations."""
    gmpy2.set_context(gmpy2.context(allow_release_gil=True))


def to_bytes(value: int, size: int) -> bytes:
    """A number below 256 ** size as so many bytes, the highest first."""
    return int(value).to_bytes(size, "big")


def from_bytes(data: bytes | memoryview) -> int:
    """The number of these bytes, the highest first."""
    return mpz(int.from_bytes(data, "big"))
