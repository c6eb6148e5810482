"""Pictures from addresses, where that was switched on: only public hosts, few bytes, little time.

The host is looked up once, every address it has must be public, and the connection goes to the address that was
checked: a name that changes its address in between leads nowhere. Redirects are checked like the first address.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from vultus.service.envelope import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vultus.service.settings import Settings

_PORTS = {"http": 80, "https": 443}
_REDIRECTS = 3
_SECONDS = 10.0
_PART = 64 * 1024
_LONGEST = 2000
_MOVED = (301, 302, 303, 307, 308)


def fetch(url: str, settings: Settings, lookup: Callable[[str, int], list[str]] | None = None) -> bytes:
    """The bytes at an address.

    Args:
        url: http or https.
        settings: hosts that are allowed, and how large a picture may be.
        lookup: addresses of a host, for tests.

    Raises:
        ServiceError: the address may not be asked, does not answer, or is too large.
    """
    until = time.monotonic() + _SECONDS
    for _ in range(_REDIRECTS + 1):
        status, target, data = _get(url, settings, lookup or _lookup, until)
        if status == 200:
            return data
        if status not in _MOVED or not target:
            raise _refused(f"the address answers with status {status}")
        url = urljoin(url, target)
    raise _refused(f"the address leads to more than {_REDIRECTS} others")


def _get(url: str, settings: Settings, lookup: Callable[[str, int], list[str]], until: float) -> tuple[int, str, bytes]:
    scheme, host, port, path = _parts(url, settings)
    address = _public(host, port, lookup)
    connection = _Pinned(host, address, port, scheme == "https", _left(until))
    try:
        connection.request("GET", path, headers={"Host": host, "User-Agent": "vultus", "Accept": "image/*"})
        response = connection.getresponse()
        if response.status != 200:
            return response.status, response.headers.get("location", "")[:_LONGEST], b""
        return 200, "", _body(response, settings.max_bytes, until)
    except (OSError, http.client.HTTPException, ValueError):
        raise _refused("the address does not answer as it should") from None
    finally:
        connection.close()


def _body(response: http.client.HTTPResponse, most: int, until: float) -> bytes:
    parts, size = [], 0
    while part := response.read(_PART):
        size += len(part)
        if size > most:
            raise ServiceError("too_large", f"a picture may have {most:,} bytes", limit_bytes=most)
        parts.append(part)
        _left(until)
    return b"".join(parts)


def _parts(url: str, settings: Settings) -> tuple[str, str, int, str]:
    try:
        split = urlsplit(url)
        host, port = (split.hostname or "").rstrip("."), split.port or _PORTS.get(split.scheme, 0)
    except ValueError:
        raise _refused("this is no address") from None
    whole = f"{split.path or '/'}{f'?{split.query}' if split.query else ''}"
    if len(url) > _LONGEST or not host or not whole.isascii() or not whole.isprintable() or " " in whole:
        raise _refused("this is no address")
    if split.scheme not in _PORTS or port != _PORTS[split.scheme]:
        raise _refused("only http on port 80 and https on port 443 are read")
    if split.username is not None or split.password is not None:
        raise _refused("an address must not hold a password")
    if settings.fetch_hosts and host.lower() not in settings.fetch_hosts:
        raise _refused("pictures are not read from this host")
    return split.scheme, host, port, whole


def _public(host: str, port: int, lookup: Callable[[str, int], list[str]]) -> str:
    """An address of a host, all of whose addresses are public."""
    try:
        found = lookup(host, port)
    except (OSError, UnicodeError):
        found = []
    for text in found:
        if not _is_public(text):
            raise _refused("the host is not public")
    if not found:
        raise _refused("the host is not known")
    return found[0]


def _is_public(text: str) -> bool:
    """Whether an address belongs to the internet at large, whatever it is wrapped in."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None and not inner.is_global:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _lookup(host: str, port: int) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was checked, in the name of its host."""

    def __init__(self, host: str, address: str, port: int, secure: bool, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address, self._secure = address, secure

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = plain
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise _refused("the address takes too long")
    return left


def _refused(why: str) -> ServiceError:
    return ServiceError("unreadable_picture", f"the picture cannot be fetched: {why}", reason=why)
