"""Where a monitor looks, and how little of it is ever shown: passwords are sealed on the disk and nowhere else.

Whoever names an address makes the service connect to it, and cameras live in private networks, so no list of forbidden
networks could be right. Instead: only keys with the role enrol may name one; only rtsp:// and rtsps:// are spoken, to
whatever host, and what comes back is decoded in a process of its own; where `stream_hosts` is set, only those hosts;
addresses that no camera has, such as those that clouds answer with secrets, are refused; and why a stream does not
answer is told in the same words whatever the reason, so that nobody can look around with it.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import SplitResult, urlsplit, urlunsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vultus.errors import LockedError
from vultus.gallery.keys import find_or_make_key
from vultus.service.envelope import ServiceError
from vultus.service.jobs.sources import below

if TYPE_CHECKING:
    from vultus.service.settings import Settings

LONGEST = 1000
_NONCE = 12
_SCHEMES = ("rtsp", "rtsps")
_HIDDEN = "***"


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """A source; its text is a secret, and not in its repr.

    Attributes:
        kind: what it is.
        text: as the caller gave it; of a file, absolute.
        shown: the same without secrets.
    """

    kind: Literal["camera", "stream", "file"]
    text: str
    shown: str

    @property
    def target(self) -> str | int | Path:
        """What is to be opened."""
        return Path(self.text) if self.kind == "file" else int(self.text) if self.kind == "camera" else self.text


def address_of(given: str, settings: Settings) -> Address:
    """What a caller names: the number of a camera, an rtsp address, or a film below the folder for jobs.

    Raises:
        ServiceError: it is none of these, or may not be read here.
    """
    if not given.isprintable() or len(given) > LONGEST:
        raise _refused(f"it must be one line of at most {LONGEST:,} characters")
    text = given.strip()
    if text.isascii() and text.isdigit() and len(text) < 4:
        return Address("camera", str(int(text)), f"camera {int(text)}")
    if "://" not in text:
        path = below(settings.job_root, text, "video")
        return Address("file", str(path), text)
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _refused("the address cannot be read") from None
    if parts.scheme.lower() not in _SCHEMES or not host:
        raise _refused("give the number of a camera, rtsp://host/path, or a film below the folder for jobs")
    _check_host(host.lower().rstrip("."), settings)
    return Address("stream", text, shown(parts))


def shown(parts: SplitResult) -> str:
    """An address without its password, and without what stands behind a question mark."""
    place = parts.netloc.rpartition("@")[2]
    user = (parts.username or "") + (f":{_HIDDEN}" if parts.password is not None else "")
    whole = f"{user}@{place}" if user else place
    return urlunsplit((parts.scheme.lower(), whole, parts.path, _HIDDEN if parts.query else "", ""))


class Seal:
    """Seals addresses with a key that follows from the user's master key, which is not in the data folder.

    Args:
        secret: of the service.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def seal(self, monitor_id: str, text: str) -> bytes:
        """An address as it lies on the disk.

        Raises:
            LockedError: there is no master key, and none can be made.
        """
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._box().encrypt(nonce, text.encode(), monitor_id.encode())

    def open(self, monitor_id: str, sealed: bytes) -> str:
        """The address again.

        Raises:
            LockedError: the master key is another one now.
        """
        try:
            return self._box().decrypt(sealed[:_NONCE], sealed[_NONCE:], monitor_id.encode()).decode()
        except InvalidTag:
            raise LockedError(
                "the address of a monitor was sealed with another master key; bring that key, or add the monitor anew"
            ) from None

    def _box(self) -> AESGCM:
        master = find_or_make_key()
        return AESGCM(HKDF(SHA256(), 32, self._secret, b"vultus service addresses").derive(master.secret))


def _check_host(host: str, settings: Settings) -> None:
    if settings.stream_hosts and host not in settings.stream_hosts:
        raise _refused("streams of this host are not watched here")
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return
    mapped = getattr(number, "ipv4_mapped", None) or number
    if mapped.is_link_local or mapped.is_multicast or mapped.is_unspecified or mapped.is_reserved:
        raise _refused("no camera has such an address")


def _refused(why: str) -> ServiceError:
    return ServiceError("invalid_request", f"source: {why}")
