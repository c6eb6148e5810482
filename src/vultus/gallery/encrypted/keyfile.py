"""Key files: JSON with hexadecimal numbers, the private one for its owner's eyes only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from vultus.errors import InputError
from vultus.gallery.encrypted import files
from vultus.gallery.encrypted.okamoto import OkamotoPrivate, OkamotoPublic
from vultus.gallery.encrypted.paillier import PaillierPrivate, PaillierPublic
from vultus.gallery.encrypted.scheme import NONCES, SCHEMES, fingerprint

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from vultus.gallery.encrypted.scheme import PrivateKey, PublicKey

PUBLIC, PRIVATE = "vultus.encrypted.public-key/1", "vultus.encrypted.private-key/1"
_MOST_BYTES = 1 << 18
_BITS = range(384, 16385)
_MOST_S = 4


def public_document(public: PublicKey) -> dict[str, Any]:
    """The public half as a JSON object."""
    numbers = {name: f"{number:x}" for name, number in public.numbers().items()}
    return {"schema": PUBLIC, "scheme": public.scheme, "nonces": public.nonces, "fingerprint": fingerprint(public),
            "numbers": numbers}  # fmt: skip


def private_document(private: PrivateKey) -> dict[str, Any]:
    """Both halves as a JSON object: a secret."""
    secret = {name: f"{number:x}" for name, number in private.numbers().items()}
    return {**public_document(private.public), "schema": PRIVATE, "secret": secret}


def public_from(document: dict[str, Any], what: str = "the public key") -> PublicKey:
    """The public key of a JSON object.

    Raises:
        InputError: it is damaged.
    """
    scheme, nonces = files.field(document, "scheme", str, what), files.field(document, "nonces", str, what)
    numbers = _numbers(document, "numbers", what)
    if scheme not in SCHEMES or nonces not in NONCES:
        raise InputError(f"{what} is of the scheme '{scheme}' with '{nonces}' nonces, which Vultus does not know")
    try:
        public = _public(scheme, nonces, numbers)
    except KeyError as error:
        raise InputError(f"{what} lacks the number {error}: it is cut short or damaged") from None
    problem = _problem(public, numbers)
    if problem:
        raise InputError(f"{what} is no key: {problem}")
    if fingerprint(public) != document.get("fingerprint"):
        raise InputError(f"{what} does not have the fingerprint it says: it is damaged")
    return public


def save_public(public: PublicKey, path: Path) -> None:
    """Write the public half; an existing file is never replaced.

    Raises:
        StoreError: there is one, or it cannot be written.
    """
    files.write_json(path, public_document(public), private=False)


def save_private(private: PrivateKey, path: Path) -> None:
    """Write both halves to a file that only its owner may read; an existing file is never replaced.

    Raises:
        StoreError: there is one, or it cannot be written.
    """
    files.write_json(path, private_document(private), private=True)


def load_public(path: Path) -> PublicKey:
    """The public key of a file of either half.

    Raises:
        StoreError: it cannot be read.
        InputError: it is no key file, or damaged.
    """
    what, content = f"the key file {path}", files.read(path, _MOST_BYTES)
    try:
        return public_from(files.document(content, PUBLIC, what), what)
    except InputError:
        if PRIVATE.encode() not in content:
            raise
    return load_private(path).public


def load_private(path: Path) -> PrivateKey:
    """The private key of a file.

    Raises:
        StoreError: it cannot be read, or others may read it too.
        InputError: it is no private key file, or damaged.
    """
    what = f"the private key file {path}"
    document = files.document(files.read(path, _MOST_BYTES, private=True), PRIVATE, what)
    public, secret = public_from(document, what), _numbers(document, "secret", what)
    try:
        private = _private(public, secret)
    except KeyError as error:
        raise InputError(f"{what} lacks the number {error}: it is cut short or damaged") from None
    problem = private.problem()
    if problem:
        raise InputError(f"{what} is no key: {problem}")
    return private


def size(key: PublicKey | PrivateKey) -> int:
    """Bytes of the key file."""
    text = public_document(key) if hasattr(key, "modulus") else private_document(key)  # type: ignore[arg-type]
    return len(json.dumps(text, indent=1)) + 1


def _numbers(document: dict[str, Any], name: str, what: str) -> dict[str, int]:
    texts = files.field(document, name, dict, what)
    return {key: files.number(text, what) for key, text in texts.items()}


def _public(scheme: str, nonces: str, numbers: dict[str, int]) -> PublicKey:
    n = numbers["n"]
    if scheme == "okamoto_uchiyama":
        return OkamotoPublic(n, numbers["g"], numbers["h"], int(numbers["plain_bits"]))
    return PaillierPublic(scheme, n, int(numbers["s"]), nonces, numbers["h"], int(numbers["nonce_bits"]))


def _private(public: PublicKey, secret: dict[str, int]) -> PrivateKey:
    p, q = secret["p"], secret["q"]
    if isinstance(public, OkamotoPublic):
        return OkamotoPrivate(public, p, q)
    return PaillierPrivate(cast("PaillierPublic", public), p, q, secret["p_order"], secret["q_order"])


def _problem(public: PublicKey, numbers: dict[str, int]) -> str:
    """What is out of range, before anything is computed with it."""
    if public.bits not in _BITS or public.n % 2 == 0:
        return "its modulus is no odd number of 384 to 16384 bits"
    if not 1 <= public.s <= _MOST_S or (public.scheme == "paillier" and public.s != 1):
        return f"s must be 1 for paillier, and 1 to {_MOST_S} for damgard_jurik"
    if not 0 <= numbers["h"] < public.modulus or (public.nonces != "full" and numbers["h"] < 2):
        return "its residue is out of range"
    if isinstance(public, OkamotoPublic):
        return (
            ""
            if 8 <= public.plain_bits < public.bits // 3 and 1 < public.g < public.n
            else "its numbers are out of range"
        )
    wanted = public.nonces != "full"
    return "" if (64 if wanted else 0) <= numbers["nonce_bits"] <= public.bits else "its nonces are out of range"
