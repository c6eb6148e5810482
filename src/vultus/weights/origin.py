"""Whose faces a calibration was measured on, as keyed digests: enough to notice that a test is on the same ones.

The key lies in the file beside the digests, a new one in each, so names cannot be read from it and two files cannot be
joined. It is no secret: whoever holds the file can try a name or a picture that they have and see whether it is in it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vultus.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_LENGTH = 8  # bytes of a digest: one of a million people meets another's by chance in one of 10 million files


@dataclass(frozen=True, slots=True)
class Origin:
    """What a calibration was measured on.

    Attributes:
        key: of the digests, 16 bytes.
        people: digests of their names, as a list or folder calls them.
        pictures: digests of the bytes of each picture.
        source: digest of the bytes of the list; b"" where there was none.
    """

    key: bytes
    people: frozenset[bytes] = frozenset()
    pictures: frozenset[bytes] = frozenset()
    source: bytes = b""

    def document(self) -> dict[str, str]:
        """Plain values for JSON; digests one after the other in Base64, sorted."""
        return {
            "key": self.key.hex(),
            "people": base64.b64encode(b"".join(sorted(self.people))).decode(),
            "pictures": base64.b64encode(b"".join(sorted(self.pictures))).decode(),
            "list": self.source.hex(),
        }

    def known_people(self, names: Iterable[str]) -> list[str]:
        """Those of the names that are of somebody it was measured on, sorted."""
        return sorted(name for name in set(names) if _name(self.key, name) in self.people)

    def known_pictures(self, pictures: Iterable[Path | bytes]) -> int:
        """How many of the pictures it was measured on, to the byte; one that cannot be read is none."""
        if not self.pictures:
            return 0
        return sum(_picture(self.key, picture) in self.pictures for picture in pictures)

    def is_source(self, path: Path) -> bool:
        """Whether it was measured on this very list."""
        return bool(self.source) and path.is_file() and _digest(self.key, b"list", path.read_bytes()) == self.source


def origin_of(
    people: Iterable[str] = (), pictures: Iterable[Path | bytes] = (), source: Path | None = None
) -> Origin:  # fmt: skip
    """Take down what is calibrated on, under a key of its own.

    Args:
        people: names; () where nobody tells them.
        pictures: files, or their bytes; one that cannot be read is left out.
        source: the list, where there is one.

    Raises:
        InputError: the list cannot be read.
    """
    key = secrets.token_bytes(16)
    found = frozenset(_picture(key, picture) for picture in pictures)
    try:
        listed = b"" if source is None else _digest(key, b"list", source.read_bytes())
    except OSError as error:
        raise InputError(f"cannot read {source}: {error.strerror}") from error
    return Origin(key, frozenset(_name(key, name) for name in people), found - {b""}, listed)


def parse_origin(document: Mapping[str, Any], where: str) -> Origin:
    """What `Origin.document` gave.

    Raises:
        ConfigError: it is something else.
    """
    try:
        key, source = bytes.fromhex(document["key"]), bytes.fromhex(document["list"])
        people, pictures = (base64.b64decode(document[name], validate=True) for name in ("people", "pictures"))
    except (TypeError, KeyError, ValueError, binascii.Error) as error:
        raise ConfigError(
            f"{where}: measured_on must hold key, people, pictures and list, as calibrate does"
        ) from error
    return Origin(key, _cut(people), _cut(pictures), source)


def _cut(packed: bytes) -> frozenset[bytes]:
    return frozenset(packed[at : at + _LENGTH] for at in range(0, len(packed), _LENGTH))


def _name(key: bytes, name: str) -> bytes:
    """However a file system writes accents."""
    return _digest(key, b"person", unicodedata.normalize("NFC", name.strip()).encode())


def _picture(key: bytes, picture: Path | bytes) -> bytes:
    try:
        content = picture if isinstance(picture, bytes) else picture.read_bytes()
    except OSError:
        return b""
    return _digest(key, b"picture", content)


def _digest(key: bytes, kind: bytes, content: bytes) -> bytes:
    return hmac.new(key, kind + b"\0" + content, hashlib.sha256).digest()[:_LENGTH]
