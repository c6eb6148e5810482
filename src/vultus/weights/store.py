"""Model files on this machine: found, checked against their digest, rebuilt once, kept in the user's cache.

Layout of the cache, one folder per pack:

    <cache>/<pack>/source/<file>                 pulled from the pack's url
    <cache>/<pack>/<stem>.<key16>.onnx           rebuilt from a source; .sha256 beside it is the digest of the result
    <cache>/<pack>/pins.json                     digests recorded by --trust-first-use
    <cache>/<pack>/licence.json                  the licence that was accepted, and when

`key16` covers the source's digest, the rebuild function and the code it lives in, so that two Vultus versions share a
cache. Every file is written beside its place and renamed onto it, so a reader sees the old file or the new one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from vultus.errors import LicenceError, OfflineError, UnknownNameError, WeightsError
from vultus.weights.manifest import FileSpec, Pack, not_pinned

if TYPE_CHECKING:
    from collections.abc import Callable

LicencePolicy = Literal["any", "commercial"]
Status = Literal["ok", "missing", "damaged", "not pinned"]

_ABANDONED_S = 3600.0


@dataclass(frozen=True, slots=True)
class FileStatus:
    """What `verify` found for one file.

    Attributes:
        file: its name in the pack.
        status: "ok", "missing", "damaged" (the digest differs) or "not pinned" (there, but no digest to compare with).
        digest: sha256 of the source found, "" when there is none.
        path: where the source is, None when there is none.
        note: what to do, "" when all is well.
    """

    file: str
    status: Status
    digest: str
    path: Path | None
    note: str = ""


def cache_root(cache_dir: Path | None = None) -> Path:
    """The cache folder: `cache_dir`, else VULTUS_CACHE, else the user's cache folder of this system."""
    if cache_dir is not None:
        return Path(cache_dir)
    if named := os.environ.get("VULTUS_CACHE"):
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("vultus", appauthor=False)) / "packs"


def is_offline(offline: bool = False) -> bool:
    """Whether downloads are off, by argument or by VULTUS_OFFLINE."""
    return offline or os.environ.get("VULTUS_OFFLINE", "").strip().lower() not in ("", "0", "false", "no")


def resolve(
    pack: Pack,
    *,
    cache_dir: Path | None = None,
    offline: bool = False,
    licence_policy: LicencePolicy = "any",
    accept_licence: bool = False,
) -> dict[str, Path]:
    """Make every file of a pack ready to load.

    Args:
        pack: from `load_pack`.
        cache_dir: see `cache_root`.
        offline: nothing is pulled; files that would have to be are an error.
        licence_policy: "commercial" refuses packs for research only, whatever was accepted.
        accept_licence: the user accepts the licence of a research-only pack now; it is written down in the cache.

    Returns:
        File name to path of a file whose digest was checked now.

    Raises:
        LicenceError: the policy forbids the pack, or its licence was not accepted.
        OfflineError: a file has to be pulled and downloads are off.
        WeightsError: a file is missing, tampered with, not pinned, or the cache cannot be written.
    """
    root = cache_root(cache_dir)
    check_licence(pack, root, licence_policy=licence_policy, accept_licence=accept_licence)
    pack = pin(pack, cache_dir=root)
    if any(spec.origin == "url" and not _pulled(pack, spec, root).is_file() for spec in pack.files):
        if is_offline(offline):
            raise OfflineError(
                f"files of pack {pack.name} have to be downloaded and downloads are off (--offline, VULTUS_OFFLINE); "
                f"run this once with a connection: vultus packs pull {pack.name}"
            )
        from vultus.weights.pull import pull

        pull(pack, cache_dir=root, licence_policy=licence_policy, accept_licence=accept_licence)
    return {spec.name: _ready(pack, spec, root) for spec in pack.files}


def pin(pack: Pack, *, cache_dir: Path | None = None) -> Pack:
    """The pack with the digests that `--trust-first-use` recorded put where the manifest has none."""
    if all(spec.sha256 is not None for spec in pack.files):
        return pack
    recorded = read_record(cache_root(cache_dir) / pack.name / "pins.json")
    files = tuple(
        spec if spec.sha256 is not None or spec.origin != "url" else replace(spec, sha256=recorded.get(_pin_key(spec)))
        for spec in pack.files
    )
    return replace(pack, files=files)


def record_pin(pack: Pack, spec: FileSpec, digest: str, root: Path) -> None:
    """Write down the digest of the first download of a file that its manifest does not pin."""
    place = root / pack.name / "pins.json"
    write_atomic(place, json.dumps({**read_record(place), _pin_key(spec): digest}, indent=1).encode())


def _pin_key(spec: FileSpec) -> str:
    return f"{spec.name} {spec.url}"


def check_licence(pack: Pack, root: Path, *, licence_policy: str = "any", accept_licence: bool = False) -> None:
    """Refuse a pack that the policy or a missing consent forbids; write consent down when it is given.

    Raises:
        LicenceError: forbidden, or not accepted.
        UnknownNameError: there is no such policy.
    """
    if licence_policy not in ("any", "commercial"):
        raise UnknownNameError("licence policy", licence_policy, ("any", "commercial"), "Known: any, commercial")
    terms = pack.licence
    if terms.use != "research":
        return
    if licence_policy == "commercial":
        raise LicenceError(
            f"pack {pack.name} is for non-commercial research only ({terms.id}) and the licence policy is commercial; "
            "use a pack that vultus packs list shows as commercial"
        )
    if not any(spec.origin == "url" for spec in pack.files):
        return
    place = root / pack.name / "licence.json"
    if accept_licence:
        consent = {"pack": pack.name, "licence": terms.id, "summary": terms.summary, "accepted_at": _now()}
        write_atomic(place, json.dumps(consent, indent=1).encode())
    elif read_record(place).get("licence") != terms.id:
        raise LicenceError(
            f"pack {pack.name} comes under {terms.id}: {terms.summary} "
            f"Full text: {terms.url or 'see the provenance'}. "
            f"If you accept this, run: vultus packs pull {pack.name} --accept-licence"
        )


def verify(pack: Pack, *, cache_dir: Path | None = None) -> list[FileStatus]:
    """Look at every source file of a pack and compare digests; nothing is pulled, rebuilt or written."""
    root = cache_root(cache_dir)
    pack = pin(pack, cache_dir=root)
    return [_status(pack, spec, root) for spec in pack.files]


def _status(pack: Pack, spec: FileSpec, root: Path) -> FileStatus:
    try:
        path = source(pack, spec, root)
        digest = digest_of(path)
    except WeightsError as error:
        return FileStatus(spec.name, "missing", "", None, str(error))
    if spec.sha256 is None:
        return FileStatus(spec.name, "not pinned", digest, path, not_pinned(pack, spec, digest))
    if digest != spec.sha256:
        return FileStatus(spec.name, "damaged", digest, path, _differs(pack, spec, path, digest))
    return FileStatus(spec.name, "ok", digest, path)


def source(pack: Pack, spec: FileSpec, root: Path) -> Path:
    """Where the bytes of a file lie before any rebuild; the digest is not checked.

    Raises:
        WeightsError: they are not there; the message says how to get them.
    """
    if spec.origin == "package":
        return _in_package(pack, spec)
    if spec.origin == "url":
        path, todo = _pulled(pack, spec, root), f"run: vultus packs pull {pack.name}"
    else:
        if pack.directory is None:
            raise WeightsError(f"file {spec.name} of pack {pack.name} has neither url nor package nor a folder")
        path, todo = pack.directory / spec.name, "put it beside the manifest"
    if not path.is_file():
        raise WeightsError(f"file {spec.name} of pack {pack.name} is missing: no file {path}; {todo}")
    return path


def _pulled(pack: Pack, spec: FileSpec, root: Path) -> Path:
    return root / pack.name / "source" / spec.name


def _in_package(pack: Pack, spec: FileSpec) -> Path:
    """A file among a package's data, found without importing the package."""
    package = str(spec.package)
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise WeightsError(
            f"pack {pack.name} takes {spec.name} from the package {package}, which is not installed; "
            f"run: pip install {package}"
        )
    for folder in found.submodule_search_locations:
        path = Path(folder) / str(spec.package_path)
        if path.is_file():
            return path
    raise WeightsError(
        f"pack {pack.name} takes {spec.name} from {spec.package_path} of the package {package}, "
        f"which has no such file; another version may have it: pip install --force-reinstall {package}"
    )


def _ready(pack: Pack, spec: FileSpec, root: Path) -> Path:
    """A checked source, rebuilt if it has to be."""
    path = source(pack, spec, root)
    if spec.sha256 is None:
        raise WeightsError(f"pack {pack.name}: {not_pinned(pack, spec, digest_of(path))}")
    if spec.rebuild is None:
        if (digest := digest_of(path)) != spec.sha256:
            raise WeightsError(_differs(pack, spec, path, digest))
        return path
    key = hashlib.sha256(f"{spec.sha256} {spec.rebuild} {_builder()}".encode()).hexdigest()[:16]
    name = Path(spec.name)
    target = root / pack.name / f"{name.stem}.{key}{name.suffix}"
    data = _read(path)
    if (digest := hashlib.sha256(data).hexdigest()) != spec.sha256:
        raise WeightsError(_differs(pack, spec, path, digest))
    if not _sound(target):
        _sweep(target.parent, spec)
        built = _rebuilder(pack, spec)(data)
        write_atomic(target, built)
        write_atomic(_sidecar(target), hashlib.sha256(built).hexdigest().encode())
    return target


def _differs(pack: Pack, spec: FileSpec, path: Path, digest: str) -> str:
    todo = {
        "package": f"pip install --force-reinstall {spec.package}",
        "url": f"vultus packs pull {pack.name}",
        "local": "put the right file there, or correct the manifest if the change was yours",
    }[spec.origin]
    return (
        f"file {spec.name} of pack {pack.name} is not the one it must be: {path} has sha256 {digest}, "
        f"expected {spec.sha256}; {todo}"
    )


def _rebuilder(pack: Pack, spec: FileSpec) -> Callable[[bytes], bytes]:
    from vultus.weights.rebuild import REBUILDERS

    if spec.rebuild not in REBUILDERS:
        raise UnknownNameError(f"rebuild function in pack {pack.name}:", str(spec.rebuild), REBUILDERS)
    return REBUILDERS[spec.rebuild]


@cache
def _builder() -> str:
    """Digest of the code that rebuilds, so that a change of it does not serve old results."""
    digest = hashlib.sha256()
    for part in sorted(resources.files("vultus.weights").iterdir(), key=lambda part: part.name):
        if part.name.endswith(".py"):
            digest.update(part.read_bytes())
    return digest.hexdigest()


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def _sound(path: Path) -> bool:
    """Whether a rebuilt file is there and as it was written."""
    try:
        return digest_of(path) == _sidecar(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError, WeightsError):
        return False


def _sweep(folder: Path, spec: FileSpec) -> None:
    """Throw away what killed processes left behind, and what older versions of Vultus rebuilt from this file."""
    stem, suffix = Path(spec.name).stem, Path(spec.name).suffix
    with contextlib.suppress(OSError):
        for left in (*folder.glob(f".*{suffix}.*"), *folder.glob(f"{stem}.*{suffix}*")):
            if time.time() - left.stat().st_mtime > _ABANDONED_S:
                left.unlink()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WeightsError(f"cannot read the model file {path}: {error.strerror or error}") from error


def digest_of(path: Path) -> str:
    """sha256 of a file, 64 hex digits.

    Raises:
        WeightsError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"cannot read the model file {path}: {error.strerror or error}") from error


def read_record(path: Path) -> dict[str, Any]:
    """A small JSON object of the cache; empty when it is missing or damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file of the cache so that it is there whole or not at all, also after a power cut.

    Raises:
        WeightsError: the folder cannot be written or the disk is full.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise WeightsError(cannot_write(path.parent, error)) from error


def cannot_write(folder: Path, error: OSError) -> str:
    """What to do when the cache cannot be written, in words."""
    return (
        f"cannot write to the model cache {folder}: {error.strerror or error}; free space or give the rights, "
        "or name another folder in VULTUS_CACHE"
    )


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")
