from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from unit.gallery.encrypted.keys import KINDS, key
from vultus.errors import InputError, StoreError
from vultus.gallery.encrypted import keyfile
from vultus.gallery.encrypted.scheme import decrypt, encrypt, fingerprint


@pytest.mark.parametrize("kind", KINDS)
def test_keys_come_back_from_their_files(kind: tuple[str, int | None, str], tmp_path: Path) -> None:
    private = key(*kind)
    keyfile.save_private(private, tmp_path / "owner.key")
    keyfile.save_public(private.public, tmp_path / "owner.pub")
    assert (tmp_path / "owner.key").stat().st_mode & 0o777 == 0o600
    again, public = keyfile.load_private(tmp_path / "owner.key"), keyfile.load_public(tmp_path / "owner.pub")
    assert again == private
    assert public == private.public == keyfile.load_public(tmp_path / "owner.key")
    assert fingerprint(public) == fingerprint(private.public)
    assert decrypt(again, encrypt(public, -77, public.hider(table=False))) == -77
    assert keyfile.size(public) == (tmp_path / "owner.pub").stat().st_size
    assert keyfile.size(private) == (tmp_path / "owner.key").stat().st_size
    secret = f"{private.numbers()['p']:x}"
    assert secret in (tmp_path / "owner.key").read_text()
    assert secret not in (tmp_path / "owner.pub").read_text()


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    keyfile.save_private(key(), tmp_path / "owner.key")
    with pytest.raises(StoreError, match="exists already and is not replaced"):
        keyfile.save_private(key(seed=1), tmp_path / "owner.key")


def test_a_private_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    keyfile.save_private(key(), tmp_path / "owner.key")
    (tmp_path / "owner.key").chmod(0o644)
    with pytest.raises(StoreError, match=r"others may read"):
        keyfile.load_private(tmp_path / "owner.key")


def test_a_truncated_file_is_told_at_every_length(tmp_path: Path) -> None:
    keyfile.save_private(key(), tmp_path / "owner.key")
    content = (tmp_path / "owner.key").read_bytes()
    for length in range(0, len(content) - 2, 7):
        (tmp_path / "owner.key").write_bytes(content[:length])
        with pytest.raises(InputError, match="is cut short or damaged"):
            keyfile.load_private(tmp_path / "owner.key")


def test_the_public_half_is_no_private_key(tmp_path: Path) -> None:
    keyfile.save_public(key().public, tmp_path / "owner.pub")
    (tmp_path / "owner.pub").chmod(0o600)
    with pytest.raises(InputError, match=r"must be a JSON object with the schema vultus.encrypted.private-key/1"):
        keyfile.load_private(tmp_path / "owner.pub")
    (tmp_path / "other").write_text("{}")
    with pytest.raises(InputError, match=r"must be a JSON object with the schema vultus.encrypted.public-key/1"):
        keyfile.load_public(tmp_path / "other")


def spoil(document: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy with one value changed, or left out for None."""
    copy = json.loads(json.dumps(document))
    *above, last = path.split(".")
    inner = copy
    for name in above:
        inner = inner[name]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return copy


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("scheme", "rsa", "which Vultus does not know"),
        ("nonces", "none", "which Vultus does not know"),
        ("scheme", 3, "has no valid 'scheme'"),
        ("numbers", [], "has no valid 'numbers'"),
        ("numbers.n", None, "lacks the number 'n'"),
        ("numbers.n", "xyz", "no hexadecimal number"),
        ("numbers.n", "ff", "its modulus is no odd number of 384 to 16384 bits"),
        ("numbers.n", "f" * 8000, "its modulus is no odd number"),
        ("numbers.s", "9", "s must be 1 for paillier, and 1 to 4 for damgard_jurik"),
        ("numbers.s", "2", "s must be 1 for paillier"),
        ("numbers.h", "1", "its residue is out of range"),
        ("numbers.nonce_bits", "2", "its nonces are out of range"),
        ("numbers.nonce_bits", "ffff", "its nonces are out of range"),
        ("fingerprint", "00", "does not have the fingerprint it says"),
        ("secret.p", None, "lacks the number 'p'"),
        ("secret.p", "5", "is no key: the primes do not multiply"),
        ("secret", None, "has no valid 'secret'"),
    ],
)
def test_a_spoiled_key_is_told(path: str, value: object, told: str, tmp_path: Path) -> None:
    file = tmp_path / "owner.key"
    file.touch(mode=0o600)
    file.write_text(json.dumps(spoil(keyfile.private_document(key()), path, value)))
    with pytest.raises(InputError, match=told):
        keyfile.load_private(file)


def test_a_spoiled_okamoto_key_is_told() -> None:
    document = keyfile.public_document(key("okamoto_uchiyama").public)
    for path, value in (("numbers.plain_bits", "ffff"), ("numbers.g", "1")):
        with pytest.raises(InputError, match="its numbers are out of range"):
            keyfile.public_from(spoil(document, path, value))
