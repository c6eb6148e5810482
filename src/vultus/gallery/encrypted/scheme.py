"""Additively homomorphic encryption: whole numbers that can be added and scaled without being read.

Three schemes answer alike: "paillier" (the default), "damgard_jurik" (shorter ciphertexts per template) and
"okamoto_uchiyama" (faster decryption, but see its warning). Scaling by a probe's numbers and adding gives the encrypted
dot product of a template and a probe, which only the owner of the private key can read.

The security is that of a modulus of `bits` bits: 2048 for 112 bits, good until 2030 (NIST SP 800-57), 3072 for 128.
"""

from __future__ import annotations

import hashlib
import warnings
from typing import TYPE_CHECKING, Protocol

from vultus.errors import ConfigError, InputError
from vultus.gallery.encrypted import okamoto, paillier
from vultus.gallery.encrypted.bignum import greatest_common_divisor, power, product

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SCHEMES = ("paillier", "damgard_jurik", "okamoto_uchiyama")
NONCES = ("short", "full", "subgroup")
BITS = 3072
_LEAST_BITS, _GOOD_BITS, _MOST_BITS = 1024, 2048, 16384
_LEAST_TOY_BITS = 384
_MOST_S = 4


class PublicKey(Protocol):
    """Encrypts and computes; anybody may have it.

    Attributes:
        scheme: one of `SCHEMES`.
        bits: of the modulus n, which the security depends on.
        n: that modulus.
        s: plaintexts count modulo n^s with "damgard_jurik"; 1 otherwise.
        nonces: one of `NONCES`.
        modulus: ciphertexts are whole numbers below it.
        plain_bits: a plaintext lies between -2^plain_bits and 2^plain_bits.
        cipher_bytes: length of every ciphertext.
    """

    @property
    def scheme(self) -> str: ...
    @property
    def bits(self) -> int: ...
    @property
    def n(self) -> int: ...
    @property
    def s(self) -> int: ...
    @property
    def nonces(self) -> str: ...
    @property
    def modulus(self) -> int: ...
    @property
    def plain_bits(self) -> int: ...
    @property
    def cipher_bytes(self) -> int: ...

    def numbers(self) -> dict[str, int]:
        """What a key file holds."""

    def bare(self, plain: int) -> int:
        """A ciphertext that hides nothing yet."""

    def hider(self, *, table: bool = True) -> Callable[[], int]:
        """A source of encryptions of 0."""


class PrivateKey(Protocol):
    """Decrypts; for the owner only."""

    @property
    def public(self) -> PublicKey: ...

    def numbers(self) -> dict[str, int]:
        """What a key file holds besides the public half."""

    def problem(self) -> str:
        """Why these numbers are no key; empty if they are one."""

    def decrypt(self, cipher: int, *, crt: bool = True) -> int:
        """The plaintext of a ciphertext that `check` has passed."""

    def hider(self, *, table: bool = True, crt: bool = True) -> Callable[[], int]:
        """A source of encryptions of 0, faster than anybody's."""


def generate(
    scheme: str = "paillier", bits: int = BITS, *, s: int | None = None, nonces: str = "short", toy: bool = False
) -> PrivateKey:
    """A new key, drawn from the operating system's generator.

    Args:
        scheme: one of `SCHEMES`.
        bits: of the modulus; even.
        s: of "damgard_jurik": 1 to 4, 2 if not given.
        nonces: "short" (default), "full" (fewest assumptions, slow to encrypt) or "subgroup" (fast to decrypt);
            see `paillier`. Okamoto-Uchiyama always has full ones.
        toy: allow moduli so short that anybody can break them, for tests.

    Raises:
        ConfigError: there is no such scheme, size, s or kind of nonces.
    """
    if scheme not in SCHEMES:
        raise ConfigError(f"scheme must be one of {', '.join(SCHEMES)}, but is '{scheme}'")
    if nonces not in NONCES:
        raise ConfigError(f"nonces must be one of {', '.join(NONCES)}, but is '{nonces}'")
    _check_bits(bits, toy)
    if s is not None and (scheme != "damgard_jurik" or not 1 <= s <= _MOST_S):
        raise ConfigError(f"s is for damgard_jurik, from 1 to {_MOST_S}, but is {s} for {scheme}")
    if scheme == "okamoto_uchiyama":
        return okamoto.generate(bits)
    return paillier.generate(scheme, bits, (s or 2) if scheme == "damgard_jurik" else 1, nonces)


def fingerprint(public: PublicKey) -> str:
    """A short name of a public key: 32 hexadecimal digits of a SHA-256."""
    numbers = ";".join(f"{name}={number:x}" for name, number in sorted(public.numbers().items()))
    return hashlib.sha256(f"{public.scheme};{public.nonces};{numbers}".encode()).hexdigest()[:32]


def check(public: PublicKey, ciphers: Sequence[int]) -> None:
    """Refuse what cannot be a ciphertext of this key.

    Raises:
        InputError: one is out of range, or shares a factor with the modulus.
    """
    modulus = public.modulus
    for cipher in ciphers:
        if not 0 < cipher < modulus:
            raise InputError("a ciphertext must lie between 0 and its key's modulus: it is damaged, or of another key")
    if ciphers and greatest_common_divisor(product(ciphers, public.n), public.n) != 1:
        raise InputError("a ciphertext shares a factor with the modulus: it is damaged, or was forged")


def encrypt(public: PublicKey, plain: int, hider: Callable[[], int]) -> int:
    """A ciphertext.

    Args:
        public: the key.
        plain: between -2^plain_bits and 2^plain_bits.
        hider: from the key, public or private; made once, used often.

    Raises:
        InputError: plain is out of range.
    """
    if abs(plain) >> public.plain_bits:
        raise InputError(f"a plaintext must lie between -2^{public.plain_bits} and 2^{public.plain_bits}")
    return public.bare(plain) * hider() % public.modulus


def add(public: PublicKey, first: int, second: int) -> int:
    """A ciphertext of the sum of two."""
    return first * second % public.modulus


def times(public: PublicKey, cipher: int, factor: int) -> int:
    """A ciphertext of the product with a known whole number."""
    return power(cipher, factor, public.modulus)


def decrypt(private: PrivateKey, cipher: int, *, crt: bool = True) -> int:
    """The plaintext, between -2^plain_bits and 2^plain_bits.

    Raises:
        InputError: this cannot be a ciphertext of this key.
    """
    check(private.public, [cipher])
    return private.decrypt(cipher, crt=crt)


def _check_bits(bits: int, toy: bool) -> None:
    if bits % 2 or not (_LEAST_TOY_BITS if toy else _LEAST_BITS) <= bits <= _MOST_BITS:
        raise ConfigError(
            f"bits must be an even number from {_LEAST_BITS} to {_MOST_BITS}, but is {bits}; "
            f"{_GOOD_BITS} is good until 2030, {BITS} after"
        )
    if bits < _GOOD_BITS and not toy:
        warnings.warn(
            f"a modulus of {bits} bits is too short to protect anybody's face; "
            f"use {_GOOD_BITS} until 2030, {BITS} after",
            stacklevel=3,
        )
