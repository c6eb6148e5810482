"""The Paillier cryptosystem (1999) with g = 1 + n, and its generalisation by Damgård and Jurik (2001).

A ciphertext of m is (1 + n)^m r mod n^(s+1), where r hides: a random n^s-th power. s is 1 for Paillier; a larger s has
room for s times the plaintext in (s + 1) / 2 times the ciphertext.

Where r comes from decides the speed:

- "full": x^(n^s) of a random x. Safe if composite residuosity is hard, the classical assumption.
- "short": h^a for a fixed random square h times -1 and a of half as many bits as n (Damgård, Jurik and Nielsen, 2010):
  assumes besides that such short powers look like long ones. Powers of a fixed h come from a table.
- "subgroup": h has a secret order of two primes of 256 bits (Paillier's own third scheme, 1999): assumes that the
  subgroup cannot be told from the whole group. Decryption then raises to 256 bits instead of half of n's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from vultus.errors import InputError
from vultus.gallery.encrypted import bignum
from vultus.gallery.encrypted.bignum import (
    FixedBase,
    greatest_common_divisor,
    inverse,
    mpz,
    power,
    random_below,
    random_prime,
    remainder_pair,
    secret_power,
    whole_power,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_ORDER_BITS = 256  # of each prime of the subgroup: collisions in it cost 2 ** 128
_SLACK_BITS = 64  # exponents longer than the order by this are even to 2 ** -64


@dataclass(frozen=True)
class PaillierPublic:
    """What encrypts, adds and scales.

    Attributes:
        scheme: "paillier" or "damgard_jurik".
        n: the product of two secret primes.
        s: see above.
        nonces: "short", "full" or "subgroup".
        h: the n^s-th residue that short nonces are powers of; 0 for "full".
        nonce_bits: of an exponent of h; 0 for "full".
    """

    scheme: str
    n: int
    s: int
    nonces: str
    h: int
    nonce_bits: int

    @property
    def bits(self) -> int:
        """Of n, which the security depends on."""
        return self.n.bit_length()

    @cached_property
    def plain_modulus(self) -> int:
        """Plaintexts count modulo this."""
        return whole_power(self.n, self.s)

    @cached_property
    def modulus(self) -> int:
        """Ciphertexts count modulo this."""
        return whole_power(self.n, self.s + 1)

    @property
    def plain_bits(self) -> int:
        """A plaintext lies between -2^plain_bits and 2^plain_bits."""
        return self.plain_modulus.bit_length() - 2

    @property
    def cipher_bytes(self) -> int:
        """Length of every ciphertext."""
        return -(-self.modulus.bit_length() // 8)

    def numbers(self) -> dict[str, int]:
        """What a key file holds, without the names."""
        return {"n": self.n, "s": self.s, "h": self.h, "nonce_bits": self.nonce_bits}

    def bare(self, plain: int) -> int:
        """A ciphertext that hides nothing yet: (1 + n)^plain."""
        if self.s == 1:
            return (1 + plain * self.n) % self.modulus
        # By the binomial theorem: n^(s+1) and beyond are 0.
        term, result = mpz(1), mpz(1)
        plain %= self.plain_modulus
        for i in range(1, self.s + 1):
            term = term * (plain - i + 1) % self.modulus * inverse(mpz(i), self.modulus) % self.modulus * self.n
            result += term
        return result % self.modulus

    def hider(self, *, table: bool = True) -> Callable[[], int]:
        """A source of encryptions of 0, for anybody.

        Args:
            table: raise by a table, which takes a moment to make.
        """
        if self.nonces == "full":
            return lambda: power(random_below(self.n), self.plain_modulus, self.modulus)
        bound = mpz(1) << self.nonce_bits
        if table:
            fixed = FixedBase(self.h, self.modulus, self.nonce_bits)
            return lambda: fixed.power(random_below(bound))
        return lambda: power(self.h, random_below(bound), self.modulus)


@dataclass(frozen=True)
class PaillierPrivate:
    """What decrypts.

    Attributes:
        public: the other half.
        p, q: the primes of n.
        p_order, q_order: orders of h modulo each, for "subgroup"; 0 otherwise.
    """

    public: PaillierPublic
    p: int
    q: int
    p_order: int = 0
    q_order: int = 0

    def numbers(self) -> dict[str, int]:
        """What a key file holds besides the public half."""
        return {"p": self.p, "q": self.q, "p_order": self.p_order, "q_order": self.q_order}

    def problem(self) -> str:
        """Why these numbers are no key; empty if they are one."""
        public = self.public
        if self.p < 3 or self.q < 3 or self.p * self.q != public.n or self.p == self.q:
            return "the primes do not multiply to the modulus"
        if public.nonces == "subgroup" and (
            self.p_order < 2 or self.q_order < 2 or power(public.h, self.p_order * self.q_order, public.modulus) != 1
        ):
            return "the subgroup does not fit the modulus"
        if (public.nonces == "subgroup") != bool(self.p_order or self.q_order) or any(
            order and (prime - 1) % order for prime, order in ((self.p, self.p_order), (self.q, self.q_order))
        ):
            return "the orders of its nonces do not fit the primes"
        return ""

    def decrypt(self, cipher: int, *, crt: bool = True) -> int:
        """The plaintext, between -2^plain_bits and 2^plain_bits.

        Args:
            cipher: checked before, see `scheme.check`.
            crt: work modulo each prime; without, modulo n, four times slower.

        Raises:
            InputError: made with another kind of nonces or tampered with, where that shows.
        """
        modulus = self.public.plain_modulus
        if crt:
            p_part, q_part, inverted = self._parts
            plain = remainder_pair(p_part.read(cipher), q_part.read(cipher), p_part.plain, q_part.plain, inverted)
        else:
            plain = self._whole.read(cipher)
        return plain - modulus if plain > modulus // 2 else plain

    def hider(self, *, table: bool = True, crt: bool = True) -> Callable[[], int]:
        """A source of encryptions of 0 for the owner: modulo each prime, where exponents are shorter.

        Args:
            table: raise by tables, which take a moment to make.
            crt: False does it like anybody without the primes.
        """
        if not crt:
            return self.public.hider(table=table)
        draws = [self._draw(prime, order, table) for prime, order in ((self.p, self.p_order), (self.q, self.q_order))]
        p_big, q_big = (whole_power(prime, self.public.s + 1) for prime in (self.p, self.q))
        inverted = inverse(p_big, q_big)
        return lambda: remainder_pair(draws[0](), draws[1](), p_big, q_big, inverted)

    def _draw(self, prime: int, order: int, table: bool) -> Callable[[], int]:
        """Random hiding factors modulo a power of one prime."""
        public = self.public
        modulus = whole_power(prime, public.s + 1)
        if public.nonces == "full":
            # x^(p^s) takes every value of order p - 1 equally often: the same as a full nonce modulo n, only shorter.
            return lambda: secret_power(random_below(prime), whole_power(prime, public.s), modulus)
        base, bound = public.h % modulus, order or prime - 1
        if table:
            fixed = FixedBase(base, modulus, bound.bit_length())
            return lambda: fixed.power(random_below(bound))
        return lambda: secret_power(base, random_below(bound), modulus)

    @cached_property
    def _parts(self) -> tuple[_Reader, _Reader, int]:
        n, s = self.public.n, self.public.s
        p_part = _Reader(self.p, self.p_order or self.p - 1, n, s)
        q_part = _Reader(self.q, self.q_order or self.q - 1, n, s)
        return p_part, q_part, inverse(p_part.plain, q_part.plain)

    @cached_property
    def _whole(self) -> _Reader:
        order = self.p_order * self.q_order or (self.p - 1) * (self.q - 1) // 2
        return _Reader(self.public.n, order, self.public.n, self.public.s)


class _Reader:
    """Plaintexts modulo root^s, from ciphertexts modulo root^(s+1).

    Raised to `order` a ciphertext loses its nonce, and its logarithm, a short sum in powers of root, is the plaintext
    times a constant.

    Args:
        root: p, q or n.
        order: of every nonce modulo root^(s+1).
        n, s: of the public key.
    """

    def __init__(self, root: int, order: int, n: int, s: int) -> None:
        self._root, self._order, self._s = root, order, s
        self.plain, self._modulus = whole_power(root, s), whole_power(root, s + 1)
        self._unit = inverse(self._logarithm((1 + n) % self._modulus) * order, self.plain)

    def read(self, cipher: int) -> int:
        """The plaintext modulo root^s."""
        bare = secret_power(cipher % self._modulus, self._order, self._modulus)
        if bare % self._root != 1:
            raise InputError("a ciphertext was not made with this key, or was tampered with")
        return self._logarithm(bare) * self._unit % self.plain

    def _logarithm(self, value: int) -> int:
        """log(value) / root modulo root^s, for a value that is 1 modulo root."""
        rest = value - 1
        total, term = mpz(0), mpz(1)
        for i in range(1, self._s + 1):
            term = term * rest % self._modulus
            total += (term if i % 2 else -term) * inverse(mpz(i), self._modulus)
        return total % self._modulus // self._root


def generate(scheme: str, bits: int, s: int, nonces: str) -> PaillierPrivate:
    """A new key.

    Args:
        scheme: "paillier" or "damgard_jurik".
        bits: of n, even.
        s: 1 for "paillier".
        nonces: "short", "full" or "subgroup".
    """
    half = bits // 2
    order_bits = min(_ORDER_BITS, half // 3) if nonces == "subgroup" else 0
    while True:
        p, p_order = _prime(half, order_bits)
        q, q_order = _prime(half, order_bits)
        # 3 mod 4 and nothing else in common: what short nonces ask for; harmless for the others.
        if (
            p != q
            and greatest_common_divisor(p - 1, q - 1) == 2
            and greatest_common_divisor(p * q, (p - 1) * (q - 1)) == 1
        ):
            break
    n = p * q
    h, nonce_bits = mpz(0), 0
    if nonces == "short":
        h, nonce_bits = -power(random_below(n), 2, n) % n, half
    elif nonces == "subgroup":
        first, second = _element(p, p_order), _element(q, q_order)
        h, nonce_bits = remainder_pair(first, second, p, q, inverse(p, q)), 2 * order_bits + _SLACK_BITS
    if h:
        h = power(h, whole_power(n, s), whole_power(n, s + 1))
    return PaillierPrivate(PaillierPublic(scheme, n, s, nonces, h, nonce_bits), p, q, p_order, q_order)


def _prime(bits: int, order_bits: int) -> tuple[int, int]:
    """A prime that is 3 mod 4, and a prime factor of it less 1; 0 where none is asked for."""
    if not order_bits:
        return random_prime(bits, 4, 3), mpz(0)
    order = random_prime(order_bits)
    return bignum.random_prime(bits, 4 * order, 2 * order + 1), order


def _element(prime: int, order: int) -> int:
    """A random element of this order."""
    while True:
        found = power(random_below(prime), (prime - 1) // order, prime)
        if found != 1:
            return found
