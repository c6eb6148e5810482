"""Load for a service: so many clients at once, each with one connection, in a process of their own.

Requests are ready-made bytes, so that the clients take as little of the machine as can be.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Shot:
    """A request, ready to be sent.

    Attributes:
        name: what it is, for the report.
        raw: head and body.
    """

    name: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Hit:
    """What came of it.

    Attributes:
        name: of the request.
        status: of the answer; 0 where the connection broke.
        seconds: from the first byte sent to the last one received.
        body: of the answer, where it was asked for.
    """

    name: str
    status: int
    seconds: float
    body: bytes = b""


def shot(
    name: str,
    method: str,
    path: str,
    key: str,
    body: bytes = b"",
    kind: str = "",
    more: Mapping[str, str] | None = None,
) -> Shot:
    """A request with a key."""
    lines = [f"{method} {path} HTTP/1.1", "Host: vultus", f"Content-Length: {len(body)}"]
    lines += [f"Authorization: Bearer {key}"] if key else []
    lines += [f"Content-Type: {kind}"] if kind else []
    lines += [f"{name}: {value}" for name, value in (more or {}).items()]
    return Shot(name, "\r\n".join([*lines, "", ""]).encode() + body)


def form(fields: Mapping[str, str], files: Sequence[tuple[str, str, bytes]]) -> tuple[bytes, str]:
    """A multipart body and its content type."""
    edge = "vultus-load-7f3a"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts += [
        f'--{edge}\r\nContent-Disposition: form-data; name="{field}"; filename="{filename}"\r\n\r\n'.encode()
        + data + b"\r\n"
        for field, filename, data in files
    ]  # fmt: skip
    return b"".join(parts) + f"--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


def fire(
    address: tuple[str, int], shots: Iterator[Shot], clients: int, *, keep: Callable[[Hit], bool] = lambda hit: False
) -> list[Hit]:
    """Send requests until there are none left, each client one after another.

    Args:
        address: host and port.
        shots: taken by whichever client is free.
        clients: at once.
        keep: whether the body of an answer is kept.
    """
    hits: list[Hit] = []

    async def client() -> None:
        line = _Line(address)
        for one in shots:
            began = time.perf_counter()
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    status, body = await line.ask(one.raw)
            except (OSError, EOFError, asyncio.IncompleteReadError, ValueError, TimeoutError):
                status, body = 0, b""
                await line.close()
            hit = Hit(one.name, status, time.perf_counter() - began, body)
            hits.append(hit if keep(hit) else Hit(hit.name, hit.status, hit.seconds))
        await line.close()

    async def everybody() -> None:
        await asyncio.gather(*(client() for _ in range(clients)))

    asyncio.run(everybody())
    return hits


class _Line:
    """A connection that is opened when it is needed."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, raw: bytes) -> tuple[int, bytes]:
        if self._ends is None:
            self._ends = await asyncio.open_connection(*self._address, limit=1 << 20)
        reader, writer = self._ends
        writer.write(raw)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0].strip()
        body = await reader.readexactly(int(length)) if length else b""
        if b"connection: close" in head or not length:
            await self.close()
        return status, body

    async def close(self) -> None:
        if self._ends is not None:
            self._ends[1].close()
            self._ends = None


def document(hit: Hit) -> Any:
    """The JSON values of an answer whose body was kept."""
    return json.loads(hit.body)
