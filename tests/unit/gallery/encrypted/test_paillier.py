from __future__ import annotations

from dataclasses import replace

import pytest

from unit.gallery.encrypted.keys import key
from vultus.errors import InputError
from vultus.gallery.encrypted import paillier
from vultus.gallery.encrypted.bignum import mpz

KINDS = [("paillier", None, nonces) for nonces in ("short", "full", "subgroup")]
KINDS += [("damgard_jurik", s, nonces) for s in (1, 2, 3, 4) for nonces in ("short", "full", "subgroup")]


@pytest.mark.parametrize(("scheme", "s", "nonces"), KINDS)
def test_every_way_of_hiding_and_reading_agrees(scheme: str, s: int | None, nonces: str) -> None:
    private = key(scheme, s, nonces)
    public = private.public
    top = 2**public.plain_bits - 1
    hiders = [
        private.hider(), private.hider(table=False), private.hider(crt=False),
        public.hider(), public.hider(table=False),
    ]  # fmt: skip
    for hider in hiders:
        for plain in (0, 1, -1, 127, top, -top):
            cipher = public.bare(mpz(plain)) * hider() % public.modulus
            assert private.decrypt(cipher) == plain == private.decrypt(cipher, crt=False)


def test_a_ciphertext_is_the_one_of_the_definition() -> None:
    """(1 + n)^m by plain powers: the shortcut by the binomial theorem must be the same number."""
    for s in (1, 2, 3, 4):
        public = key("damgard_jurik", s, "full").public
        for plain in (0, 1, 5, -3, 2**public.plain_bits - 1):
            wanted = pow(1 + int(public.n), plain % int(public.n) ** s, int(public.modulus))
            assert public.bare(mpz(plain)) == wanted


def test_the_plaintext_space_grows_with_s() -> None:
    for s in (1, 2, 3, 4):
        public = key("damgard_jurik", s, "short").public
        assert 0 <= s * 512 - 2 - public.plain_bits < s
        assert public.cipher_bytes == (s + 1) * 64


def test_the_moduli_have_exactly_the_bits_asked_for() -> None:
    for _ in range(5):
        private = paillier.generate("paillier", 512, 1, "short")
        assert private.public.bits == 512
        assert private.p % 4 == private.q % 4 == 3
        assert private.problem() == ""


def test_a_foreign_nonce_shows_where_nonces_lie_in_a_subgroup() -> None:
    private = key(nonces="subgroup")
    public = private.public
    forged = public.bare(mpz(7)) * pow(12345, int(public.n), int(public.modulus)) % public.modulus
    with pytest.raises(InputError, match="was not made with this key, or was tampered with"):
        private.decrypt(forged)


def test_numbers_that_are_no_key_are_told() -> None:
    private, other = key(nonces="subgroup"), key(nonces="subgroup", seed=1)
    assert "do not multiply" in replace(private, p=other.p).problem()
    assert "do not multiply" in replace(private, p=mpz(1), q=private.public.n).problem()
    assert "subgroup does not fit" in replace(private, p_order=other.p_order).problem()
    assert "orders of its nonces" in replace(private, p_order=private.p_order * private.q_order).problem()
    short = key(nonces="short")
    assert short.problem() == private.problem() == ""
    assert "orders of its nonces" in replace(short, p_order=mpz(4)).problem(), "nonces would be guessed"
    assert private.numbers().keys() == {"p", "q", "p_order", "q_order"}
