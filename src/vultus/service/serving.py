"""Running the app: uvicorn with our limits, and a stop that lets open requests end."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

import uvicorn

from vultus.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from vultus.service.settings import Settings
    from vultus.service.state import Service

_KEEP_ALIVE_S = 75
_BACKLOG = 512
_LOCK = "service.lock"
_MOST_HEADERS = 64 * 1024
_TRIMMED_FROM, _MAPPED_FROM, _ARENAS = -1, -3, -8  # parameters of mallopt


class Server(uvicorn.Server):
    """Uvicorn, which tells the service that it is being stopped as soon as the signal comes."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Begin to stop; a second Ctrl-C stops at once. The signal is not raised again: this is a clean end."""
        self._service.draining.set()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def server_of(app: FastAPI, settings: Settings) -> Server:
    """A server for an app; `run` or `serve` starts it.

    Raises:
        ConfigError: the certificate cannot be used.
    """
    secure: dict[str, Any] = {}
    if settings.tls_cert is not None:
        secure = {"ssl_certfile": str(settings.tls_cert), "ssl_keyfile": str(settings.tls_key)}
    config = uvicorn.Config(
        app, host=settings.host, port=settings.port, http="httptools" if _has("httptools") else "h11",
        loop="uvloop" if _has("uvloop") and sys.platform != "win32" else "asyncio", ws="none", lifespan="on",
        access_log=False, log_config=None, server_header=False, date_header=True, backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_S, timeout_graceful_shutdown=int(settings.drain_s) + 1,
        h11_max_incomplete_event_size=_MOST_HEADERS, **secure,
    )  # fmt: skip
    try:
        config.load()
    except (OSError, ValueError) as error:
        raise ConfigError(f"the certificate {settings.tls_cert} or its key cannot be used: {error}") from error
    return Server(config, app.state.service)


def listen(settings: Settings) -> socket.socket:
    """The socket a service listens on; taken before anything slow, so that a port in use is told at once.

    Raises:
        ConfigError: the address is not of this machine, or the port is in use.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((settings.host, settings.port))
        found.listen(_BACKLOG)  # who calls before it is ready waits
    except (OSError, OverflowError) as error:
        found.close()
        why = getattr(error, "strerror", None) or error
        where = f"{settings.host} port {settings.port}"
        raise ConfigError(f"cannot listen on {where}: {why}; choose another --port") from error
    return found


@contextlib.contextmanager
def only(folder: Path) -> Iterator[None]:
    """Keep other services away from a data folder; a service that was killed keeps nobody away.

    Raises:
        ConfigError: another one runs there.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(folder / _LOCK, "a", encoding="ascii") as file:
        with contextlib.suppress(ImportError):  # Windows has no such locks
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                message = f"another service runs on the folder {folder}; stop that one, or give another --data DIR"
                raise ConfigError(message) from error
        yield


def calm() -> None:
    """Keep memory in few heaps, and large blocks out of them, so that it stays flat for weeks; glibc only.

    Each of dozens of threads would have a heap of its own, and none gives back what it once held.
    """
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        for parameter, value in ((_ARENAS, 2), (_MAPPED_FROM, 4 << 20), (_TRIMMED_FROM, 64 << 20)):
            libc.mallopt(parameter, value)


def patient() -> None:
    """Wait for a processor until somebody leaves it, in all threads and processes begun from here on; Linux only.

    A request wakes ten threads, each for part of a millisecond. If each drove an engine off its processor, a fifth of
    the service's own work, and some of the engine's, would be switching.
    """
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def quiet() -> None:
    """Log lines of the service and of uvicorn go to stderr, one each; nothing of a request but its id is in them."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


def _has(package: str) -> bool:
    from importlib.util import find_spec

    return find_spec(package) is not None
