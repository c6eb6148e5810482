"""The cryptosystem of Okamoto and Uchiyama (1998): n = p^2 q, short ciphertexts, plaintexts below the secret p.

A ciphertext of m is g^m h^r mod n. Plaintexts count modulo p, which must stay secret: a decrypted value that had run
over would differ from what was encrypted by a multiple of p, and give p away to whoever knows both. So plaintexts are
bounded strictly by 2^(|p| - 2), and decrypted values must never be shown to anybody who can choose ciphertexts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from vultus.errors import InputError
from vultus.gallery.encrypted.bignum import FixedBase, inverse, power, random_below, random_prime, secret_power

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class OkamotoPublic:
    """What encrypts, adds and scales.

    Attributes:
        n: p^2 q of secret primes.
        g: of an order that p divides, modulo p^2.
        h: g^n, an encryption of 0.
        plain_bits: a plaintext lies between -2^plain_bits and 2^plain_bits.
    """

    n: int
    g: int
    h: int
    plain_bits: int

    scheme = "okamoto_uchiyama"
    nonces = "full"
    s = 1

    @property
    def bits(self) -> int:
        """Of n, which the security depends on."""
        return self.n.bit_length()

    @property
    def modulus(self) -> int:
        """Ciphertexts count modulo this."""
        return self.n

    @property
    def cipher_bytes(self) -> int:
        """Length of every ciphertext."""
        return -(-self.bits // 8)

    def numbers(self) -> dict[str, int]:
        """What a key file holds, without the names."""
        return {"n": self.n, "g": self.g, "h": self.h, "plain_bits": self.plain_bits}

    def bare(self, plain: int) -> int:
        """A ciphertext that hides nothing yet: g^plain."""
        found = self._table.power(abs(plain))
        return inverse(found, self.n) if plain < 0 else found

    def hider(self, *, table: bool = True) -> Callable[[], int]:
        """A source of encryptions of 0.

        Args:
            table: raise by a table, which takes a moment to make.
        """
        if table:
            fixed = FixedBase(self.h, self.n, self.bits)
            return lambda: fixed.power(random_below(self.n))
        return lambda: power(self.h, random_below(self.n), self.n)

    @cached_property
    def _table(self) -> FixedBase:
        return FixedBase(self.g, self.n, self.plain_bits)


@dataclass(frozen=True)
class OkamotoPrivate:
    """What decrypts.

    Attributes:
        public: the other half.
        p, q: n is p^2 q.
    """

    public: OkamotoPublic
    p: int
    q: int

    def numbers(self) -> dict[str, int]:
        """What a key file holds besides the public half."""
        return {"p": self.p, "q": self.q}

    def problem(self) -> str:
        """Why these numbers are no key; empty if they are one."""
        if self.p < 3 or self.q < 3 or self.p**2 * self.q != self.public.n:
            return "the primes do not multiply to the modulus"
        if self.public.plain_bits > self.p.bit_length() - 2:
            return "plaintexts may be longer than its prime allows"
        return ""

    def decrypt(self, cipher: int, *, crt: bool = True) -> int:
        """The plaintext, between -2^plain_bits and 2^plain_bits.

        Args:
            cipher: checked before, see `scheme.check`.
            crt: has no meaning here; the scheme works modulo p^2 by itself.

        Raises:
            InputError: it is out of range: tampered with, or of another key. The value is not told: it may give p away.
        """
        plain = self._logarithm(secret_power(cipher % self.p**2, self.p - 1, self.p**2)) * self._unit % self.p
        plain = plain - self.p if plain > self.p // 2 else plain
        if abs(plain) >> self.public.plain_bits:
            raise InputError("a decrypted value is out of range: its ciphertext was tampered with, or of another key")
        return plain

    def hider(self, *, table: bool = True, crt: bool = True) -> Callable[[], int]:
        """A source of encryptions of 0, like anybody's."""
        return self.public.hider(table=table)

    def _logarithm(self, value: int) -> int:
        return (value - 1) // self.p

    @cached_property
    def _unit(self) -> int:
        return inverse(self._logarithm(power(self.public.g, self.p - 1, self.p**2)), self.p)


def generate(bits: int) -> OkamotoPrivate:
    """A new key of a modulus with this many bits."""
    third = bits // 3
    p = random_prime(third)
    square = p * p
    while True:
        q = random_prime(bits - 2 * third)
        n = square * q
        if n.bit_length() == bits and p != q and (q - 1) % p:
            break
    while True:
        g = random_below(n)
        if power(g, p - 1, square) != 1 and g % p and g % q:
            break
    return OkamotoPrivate(OkamotoPublic(n, g, power(g, n, n), p.bit_length() - 2), p, q)
