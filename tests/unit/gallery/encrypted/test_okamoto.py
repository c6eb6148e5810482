from __future__ import annotations

from dataclasses import replace

import pytest

from unit.gallery.encrypted.keys import key
from vultus.errors import InputError
from vultus.gallery.encrypted.bignum import mpz

OKAMOTO = "okamoto_uchiyama"


def test_plaintexts_come_back() -> None:
    private = key(OKAMOTO)
    public = private.public
    top = 2**public.plain_bits - 1
    for hider in (private.hider(), public.hider(table=False)):
        for plain in (0, 1, -1, top, -top):
            assert private.decrypt(public.bare(mpz(plain)) * hider() % public.modulus) == plain
    assert public.bits == 512
    assert public.cipher_bytes == 64


def test_an_overrun_is_refused_without_telling_the_value_that_gives_the_prime_away() -> None:
    private = key(OKAMOTO)
    public = private.public
    cipher = pow(public.bare(mpz(2 ** (public.plain_bits - 1))), 3, public.modulus)
    with pytest.raises(InputError, match="out of range") as told:
        private.decrypt(cipher)
    assert not any(letter.isdigit() for letter in str(told.value))


def test_numbers_that_are_no_key_are_told() -> None:
    private, other = key(OKAMOTO), key(OKAMOTO, seed=1)
    assert private.problem() == ""
    assert "do not multiply" in replace(private, q=other.q).problem()
    wide = replace(private.public, plain_bits=private.p.bit_length())
    assert "longer than its prime allows" in replace(private, public=wide).problem()
