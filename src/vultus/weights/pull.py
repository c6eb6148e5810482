"""Pull the files of a pack into the cache: licence first, digest before use, never half a file."""

from __future__ import annotations

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from vultus.errors import OfflineError, WeightsError
from vultus.weights.download import MAX_BYTES, Progress, download, free_bytes
from vultus.weights.manifest import FileSpec, Pack, not_pinned
from vultus.weights.store import (
    LicencePolicy,
    cache_root,
    cannot_write,
    check_licence,
    digest_of,
    is_offline,
    pin,
    record_pin,
    write_atomic,
)

_CHUNK = 1 << 20


def pull(
    pack: Pack,
    *,
    cache_dir: Path | None = None,
    offline: bool = False,
    licence_policy: LicencePolicy = "any",
    accept_licence: bool = False,
    trust_first_use: bool = False,
    again: bool = False,
    progress: Progress | None = None,
    schemes: tuple[str, ...] = ("https",),
) -> list[Path]:
    """Download what is missing of a pack. Two processes at once take turns, and the second finds the work done.

    Args:
        pack: from `load_pack`; files that come from a package or lie beside the manifest are left alone.
        cache_dir: see `store.cache_root`.
        offline: refuse instead.
        licence_policy: "commercial" refuses packs for research only, whatever was accepted.
        accept_licence: the user accepts the licence of a research-only pack; written down in the cache with the date.
        trust_first_use: take a file that the manifest does not pin and pin it to what came.
        again: download also what is there.
        progress: called with file name, bytes so far, bytes in all.
        schemes: allowed schemes of addresses; anything but https is for tests.

    Returns:
        Paths of all pulled files of the pack.

    Raises:
        OfflineError: downloads are off.
        LicenceError: the policy forbids the pack, or its licence was not accepted.
        WeightsError: not pinned, not reachable, not what was expected, or the cache cannot be written.
    """
    root = cache_root(cache_dir)
    check_licence(pack, root, licence_policy=licence_policy, accept_licence=accept_licence)
    wanted = [spec.name for spec in pack.files if spec.origin == "url"]
    if wanted and is_offline(offline):
        raise OfflineError(f"pack {pack.name} has to be downloaded and downloads are off (--offline, VULTUS_OFFLINE)")
    folder = root / pack.name / "source"
    with _turn(folder):
        missing: dict[str, list[FileSpec]] = {}
        for spec in (pin(pack, cache_dir=root).file(name) for name in wanted):
            if again or not _there(folder / spec.name, spec):
                missing.setdefault(str(spec.url), []).append(spec)
        for url, specs in missing.items():
            for spec in specs:
                if spec.sha256 is None and not trust_first_use:
                    raise WeightsError(f"pack {pack.name}: {not_pinned(pack, spec)}")
            _check_room(folder, specs)
            for spec, digest in _take(url, specs, folder, again, progress, schemes):
                if spec.sha256 is None:
                    record_pin(pack, spec, digest, root)
    return [folder / name for name in wanted]


def _there(target: Path, spec: FileSpec) -> bool:
    return spec.sha256 is not None and target.is_file() and digest_of(target) == spec.sha256


def _take(
    url: str, specs: list[FileSpec], folder: Path, again: bool, progress: Progress | None, schemes: tuple[str, ...]
) -> Iterator[tuple[FileSpec, str]]:
    """Download one address and put the files it brings in their places, each with its digest."""
    first = specs[0]
    packed = first.member is not None
    part = _part(folder, url)
    if again:
        part.unlink(missing_ok=True)
    digest = download(
        url,
        part,
        label=url.rsplit("/", 1)[-1] if packed else first.name,
        sha256=first.archive_sha256 if packed else first.sha256,
        size_bytes=first.archive_bytes if packed else first.size_bytes,
        progress=progress,
        schemes=schemes,
    )
    if not packed:
        _move(part, folder / first.name)
        yield first, digest
        return
    for spec in specs:
        yield spec, _extract(part, spec, folder / spec.name)
    part.unlink(missing_ok=True)


def _part(folder: Path, url: str) -> Path:
    return folder / f".{hashlib.sha256(url.encode()).hexdigest()[:16]}.part"


def _extract(archive: Path, spec: FileSpec, target: Path) -> str:
    """Take one member out of a zip archive, checked before it is put in its place."""
    limit = spec.size_bytes or MAX_BYTES
    try:
        with zipfile.ZipFile(archive) as bundle, bundle.open(str(spec.member)) as stream:
            data = _bounded(stream, limit, spec)
    except KeyError as error:
        raise WeightsError(f"the archive {spec.url} holds no {spec.member}") from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError) as error:
        archive.unlink(missing_ok=True)
        raise WeightsError(f"the archive {spec.url} is no readable zip file: {error}; it was thrown away") from error
    digest = hashlib.sha256(data).hexdigest()
    if spec.sha256 not in (None, digest):
        raise WeightsError(f"{spec.member} of {spec.url} has sha256 {digest}, expected {spec.sha256}")
    write_atomic(target, data)
    return digest


def _bounded(stream: IO[bytes], limit: int, spec: FileSpec) -> bytes:
    """Read to the end, but not above the limit: an archive may claim one length and unpack to another."""
    data = bytearray()
    while chunk := stream.read(_CHUNK):
        data += chunk
        if len(data) > limit:
            raise WeightsError(f"{spec.member} of {spec.url} unpacks to more than {limit:,} bytes; stopped")
    return bytes(data)


def _move(part: Path, target: Path) -> None:
    try:
        with part.open("r+b") as stream:
            os.fsync(stream.fileno())
        os.chmod(part, 0o644)
        os.replace(part, target)
    except OSError as error:
        raise WeightsError(cannot_write(target.parent, error)) from error


def _check_room(folder: Path, specs: list[FileSpec]) -> None:
    """Refuse before the download what the disk cannot take."""
    need = (specs[0].archive_bytes or 0) + sum(spec.size_bytes or 0 for spec in specs)
    free = free_bytes(folder)
    if need > free:
        raise WeightsError(
            f"{specs[0].name} needs {need:,} bytes and the disk of {folder} has {free:,} free; "
            "free space, or name another folder in VULTUS_CACHE"
        )


@contextlib.contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Only one process at a time pulls into a folder; the system gives the lock back when a process dies."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / ".lock").open("a")
    except OSError as error:
        raise WeightsError(cannot_write(folder, error)) from error
    with stream:
        try:
            import fcntl
        except ImportError:
            # Windows: two processes may pull the same file twice; the digest still guards the result.
            yield
            return
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield  # closing the file gives the lock back
