from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.gallery.encrypted.keys import KINDS, key
from vultus.errors import ConfigError, InputError
from vultus.gallery.encrypted.scheme import add, check, decrypt, encrypt, fingerprint, generate, times

every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_sums_and_multiples_are_those_of_whole_numbers(kind: tuple[str, int | None, str]) -> None:
    private = key(*kind)
    public, hider = private.public, private.hider()
    small = st.integers(-(2 ** (public.plain_bits - 10)), 2 ** (public.plain_bits - 10))

    @given(small, small, st.integers(-255, 255))
    def holds(first: int, second: int, factor: int) -> None:
        one, other = encrypt(public, first, hider), encrypt(public, second, hider)
        assert decrypt(private, add(public, one, other)) == first + second
        assert decrypt(private, times(public, one, factor)) == first * factor

    holds()


@every_kind
def test_equal_plaintexts_never_look_equal(kind: tuple[str, int | None, str]) -> None:
    private = key(*kind)
    hider = private.public.hider()
    assert len({int(encrypt(private.public, 0, hider)) for _ in range(300)}) == 300
    hider = private.hider()
    assert len({int(encrypt(private.public, 0, hider)) for _ in range(1000)}) == 1000


@every_kind
def test_what_does_not_fit_is_refused(kind: tuple[str, int | None, str]) -> None:
    private = key(*kind)
    public, hider = private.public, private.public.hider(table=False)
    top = 2**public.plain_bits
    assert decrypt(private, encrypt(public, top - 1, hider)) == top - 1
    for plain in (top, -top, top * 5):
        with pytest.raises(InputError, match=r"a plaintext must lie between -2\^"):
            encrypt(public, plain, hider)


@every_kind
def test_what_can_be_no_ciphertext_is_refused(kind: tuple[str, int | None, str]) -> None:
    private = key(*kind)
    public = private.public
    good = encrypt(public, 5, public.hider(table=False))
    for bad in (0, -1, int(public.modulus), int(public.modulus) + 7):
        with pytest.raises(InputError, match="must lie between 0 and its key's modulus"):
            check(public, [good, bad])
    numbers = private.numbers()
    with pytest.raises(InputError, match="shares a factor with the modulus"):
        decrypt(private, numbers["p"])
    check(public, [])


def test_a_key_that_protects_nobody_is_refused_or_warned_of() -> None:
    with pytest.raises(ConfigError, match="bits must be an even number from 1024 to 16384, but is 512"):
        generate(bits=512)
    with pytest.raises(ConfigError, match="2048 is good until 2030, 3072 after"):
        generate(bits=2049)
    with pytest.warns(UserWarning, match="too short to protect anybody's face"):
        generate(bits=1024)


def test_settings_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ConfigError, match="scheme must be one of paillier, damgard_jurik, okamoto_uchiyama"):
        generate("rsa")
    with pytest.raises(ConfigError, match="nonces must be one of short, full, subgroup"):
        generate(nonces="none")
    for scheme, s in (("paillier", 2), ("damgard_jurik", 0), ("damgard_jurik", 5)):
        with pytest.raises(ConfigError, match="s is for damgard_jurik, from 1 to 4"):
            generate(scheme, s=s)


def test_every_key_has_its_own_fingerprint() -> None:
    found = {fingerprint(key(*kind).public) for kind in KINDS}
    assert len(found) == len(KINDS)
    assert all(len(one) == 32 for one in found)
    assert fingerprint(key().public) == fingerprint(key().public)
