"""What a service is set up with."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vultus.errors import ConfigError

MEGABYTE = 1024 * 1024
_COUNTS = (
    "decoders", "max_bytes", "max_pixels", "max_pictures", "max_request_bytes", "batch", "queue", "top", "jobs",
    "max_jobs", "monitors",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a service.

    Attributes:
        data: folder of its collections, keys and logs; made if it is not there.
        gallery: an existing gallery file that is served besides, as the collection named after it.
        host, port: where it listens.
        auth: ask for keys; without, everybody who reaches the port may do everything, so loopback only.
        pack, device, calibration, offline, licence_policy: of the engine, see `FaceEngine`.
        threads: processors for the engine; None takes all.
        decode: "sandbox" reads pictures in processes of their own; "none" hands the bytes to the engine, for tests.
        decoders: such processes.
        decode_s: seconds that one picture may take there.
        max_bytes, max_pixels: of one picture.
        max_pictures: in one request.
        max_request_bytes: of a whole request.
        batch: pictures that go through the networks together, at most.
        queue: pictures that may wait for the engine; more are answered with 429.
        deadline_s: seconds that a request may take.
        rate_per_s, burst: of a key that has no rate of its own; 0 for no limit.
        fmr, fpir, top: what a request gets that does not say.
        fetch_urls: read pictures from addresses too.
        fetch_hosts: only from these hosts; empty for every public one.
        cors: origins whose pages may call from elsewhere; none by default.
        tls_cert, tls_key: files, PEM; both or neither.
        drain_s: seconds that open requests have once the service is told to stop.
        job_root: folder on the server from which jobs may read; None for uploads only.
        jobs: that are worked on at once; max_jobs: that may wait or run.
        job_keep_days: how long a job and its results are kept once it has ended.
        monitors: cameras and streams that may be watched at once.
        event_keep_days: how long what they have told is kept.
        stream_hosts: only streams of these hosts may be watched; empty for every host.
        door: how galleries are searched, see `gallery/doors.py`.
        milvus_uri, allow_plain: of the door "milvus"; see docs/milvus.md.
        compreface: answer CompreFace's addresses too.
        compreface_collection: the collection these speak of.

    Raises:
        ConfigError: a value cannot be used.
    """

    data: Path
    gallery: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8600
    auth: bool = True
    pack: str = "dlib"
    device: str = "cpu"
    calibration: Path | None = None
    offline: bool = False
    licence_policy: Literal["any", "commercial"] = "any"
    threads: int | None = None
    decode: Literal["sandbox", "none"] = "sandbox"
    decoders: int = 2
    decode_s: float = 5.0
    max_bytes: int = 20 * MEGABYTE
    max_pixels: int = 50_000_000
    max_pictures: int = 32
    max_request_bytes: int = 64 * MEGABYTE
    batch: int = 16
    queue: int = 128
    deadline_s: float = 30.0
    rate_per_s: float = 0.0
    burst: int = 100
    fmr: float = 1e-3
    fpir: float = 0.01
    top: int = 5
    fetch_urls: bool = False
    fetch_hosts: tuple[str, ...] = ()
    cors: tuple[str, ...] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    drain_s: float = 20.0
    job_root: Path | None = None
    jobs: int = 2
    max_jobs: int = 100
    job_keep_days: float = 7.0
    monitors: int = 16
    event_keep_days: float = 30.0
    stream_hosts: tuple[str, ...] = ()
    door: str = "auto"
    milvus_uri: str = ""
    allow_plain: bool = False
    compreface: bool = False
    compreface_collection: str = "default"

    def __post_init__(self) -> None:
        for name in _COUNTS:
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} of a service must be at least 1, but is {getattr(self, name)}")
        for name in ("decode_s", "deadline_s", "drain_s"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} of a service must be seconds above 0, but is {getattr(self, name):g}")
        for name in ("job_keep_days", "event_keep_days"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} of a service must be days above 0, but is {getattr(self, name):g}")
        if not self.auth and not self.loopback:
            raise ConfigError(
                f"--no-auth is for this machine alone, but the service would listen on {self.host}; "
                "use --host 127.0.0.1, or let callers have keys"
            )
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ConfigError("TLS needs both a certificate and its key: --tls-cert FILE --tls-key FILE")
        if "*" in self.cors:
            raise ConfigError("name the origins that may call from other pages, e.g. https://intranet.example; not '*'")

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return of_this_machine(self.host)

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls_cert else 'http'}://{host}:{self.port}"


def of_this_machine(host: str) -> bool:
    """Whether a name or address can only be this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
