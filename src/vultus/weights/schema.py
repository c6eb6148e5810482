"""From JSON to a `Pack`, with a message that says where and what was wrong.

Checked once, here: after this every name in a spec is a file of the pack, every number is finite and in range, and no
name can leave the folder it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from vultus.errors import ConfigError, UnknownNameError
from vultus.types import Calibration, CalibrationPoint
from vultus.weights.manifest import (
    SCHEMA,
    AlignerSpec,
    Colour,
    Crop,
    DetectorSpec,
    EmbedderSpec,
    FileSpec,
    Layout,
    Licence,
    LivenessSpec,
    Pack,
    Use,
    View,
)

T = TypeVar("T")
Check = Callable[[Any, str], Any]

DETECTORS = ("mtcnn", "mtcnn+mmod", "mmod", "yunet", "scrfd")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
SHA256 = re.compile(r"[0-9a-f]{64}")

_LARGEST = 2**53  # beyond it a float no longer tells one whole number from the next


def parse_pack(data: Any, *, where: str, directory: Path | None = None) -> Pack:
    """Check a manifest and build the pack.

    Args:
        data: the JSON document.
        where: what to call it in messages, e.g. its path.
        directory: folder of a user's manifest, in which files without url and package are looked for.

    Raises:
        ConfigError: something is missing, of the wrong kind or out of range.
        UnknownNameError: a key or a kind is unknown.
    """
    top = _mapping(data, where)
    if top.get("schema") != SCHEMA:
        raise ConfigError(f"{where}: schema must be {SCHEMA!r}, but is {top.get('schema')!r}")
    content = {key: value for key, value in top.items() if key != "schema"}
    pack = replace(_record(Pack, _PACK, content, where), directory=directory)
    _check_names(pack, where)
    return pack


def parse_calibration(data: Any, where: str) -> Calibration:
    """Check one calibration; keys beside those of `Calibration` are kept for people and ignored here.

    Raises:
        ConfigError: something is missing, of the wrong kind, or the points are not in order.
    """
    known = {part.name for part in fields(Calibration)}
    content = {key: value for key, value in _mapping(data, where).items() if key in known}
    checks: dict[str, Check] = {
        "calibration_id": _text,
        "dataset": _text,
        "n_impostor": _count,
        "n_subjects": _count,
        "points": _points,
    }
    found: Calibration = _record(Calibration, checks, content, where)
    for last, this in zip(found.points, found.points[1:], strict=False):
        if not (this.fmr < last.fmr and this.threshold >= last.threshold):
            raise ConfigError(
                f"{where}.points must fall in fmr and rise in threshold, but fmr {this.fmr:g} at {this.threshold:g} "
                f"follows fmr {last.fmr:g} at {last.threshold:g}"
            )
    return found


def _record(kind: type[T], checks: Mapping[str, Check], data: Any, where: str) -> T:
    """Build a dataclass from a mapping: each key known, each required one there, each value checked."""
    content = _mapping(data, where)
    parts = {part.name: part for part in fields(kind)}  # type: ignore[arg-type]
    known = [name for name in parts if name in checks]
    for key in content:
        if key not in known:
            raise UnknownNameError(f"key in {where}:", key, known, f"Known: {', '.join(known)}")
    values = {}
    for name in known:
        if name in content:
            values[name] = checks[name](content[name], f"{where}.{name}")
        elif parts[name].default is MISSING and parts[name].default_factory is MISSING:
            raise ConfigError(f"{where}.{name} is missing")
    return kind(**values)


def _check_names(pack: Pack, where: str) -> None:
    """Files are listed once, each named one is there, and each has one clear origin."""
    listed = [spec.name for spec in pack.files]
    double = sorted({name for name in listed if listed.count(name) > 1})
    if double:
        raise ConfigError(f"{where}.files lists {', '.join(double)} more than once")
    whole = [spec.url for spec in pack.files if spec.url is not None]
    for spec in pack.files:
        if spec.member is None and spec.url is not None and whole.count(spec.url) > 1:
            raise ConfigError(f"{where}.files has {spec.url} twice; name a member of it for each file, or list it once")
    used = [
        *pack.detector.files,
        *pack.aligner.files,
        pack.embedder.file,
        *([pack.liveness.file] if pack.liveness else []),
    ]
    for name in used:
        if name not in listed:
            raise UnknownNameError(f"file in {where}:", name, listed, f"Listed: {', '.join(listed)}")
    _check_sizes(pack, where)
    for spec in pack.files:
        _check_origin(spec, f"{where}.files[{spec.name}]")
        if spec.origin == "local" and pack.directory is None:
            raise ConfigError(f"{where}.files[{spec.name}] needs a url or a package: no folder comes with this pack")


def _check_sizes(pack: Pack, where: str) -> None:
    """Aligner and embedder fit each other."""
    if (pack.aligner.kind == "dlib5") != (len(pack.aligner.files) == 1) or len(pack.aligner.files) > 1:
        raise ConfigError(f"{where}.aligner needs one file, the landmark model, when its kind is dlib5, else none")
    if pack.aligner.size != pack.embedder.size:
        raise ConfigError(
            f"{where}.aligner.size is {pack.aligner.size} and {where}.embedder.size is {pack.embedder.size}; they must "
            "be equal, because the crop is what the embedder sees"
        )
    if pack.embedder.centre is not None and len(pack.embedder.centre) != pack.embedder.dimension:
        raise ConfigError(
            f"{where}.embedder.centre must have {pack.embedder.dimension} numbers, but has {len(pack.embedder.centre)}"
        )


def _check_origin(spec: FileSpec, where: str) -> None:
    if spec.url is not None and spec.package is not None:
        raise ConfigError(f"{where} has both url and package; give one")
    if (spec.package is None) != (spec.package_path is None):
        raise ConfigError(f"{where} needs package and package_path together")
    if spec.url is not None and not spec.url.startswith("https://"):
        raise ConfigError(f"{where}.url must start with https://, but is {spec.url}")
    if spec.member is not None and spec.url is None:
        raise ConfigError(f"{where}.member names a file of an archive, but there is no url to pull that from")
    if spec.member is None and (spec.archive_sha256 or spec.archive_bytes):
        raise ConfigError(f"{where} describes an archive, but names no member of it")
    for path in (spec.package_path, spec.member):
        if path is not None and (path.startswith("/") or "\\" in path or ".." in path.split("/")):
            raise ConfigError(f"{where}: {path} must be a path inside the package or archive")


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where} must be a JSON object, but is {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{where} must be a text, but is {_kind(value)}")
    return value


def _name(value: Any, where: str) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ConfigError(
            f"{where} must be a plain name of letters, digits, '_', '-' and '.' (100 at most), but is {_kind(value)}"
        )
    return value


def _file_name(value: Any, where: str) -> str:
    name = _name(value, where)
    if not name.endswith((".onnx", ".npz")):
        raise ConfigError(f"{where} must end in .onnx or .npz, but is {name!r}")
    return name


def _module(value: Any, where: str) -> str:
    # a dotted name would import the package to find what is in it
    if not isinstance(value, str) or not value.isidentifier():
        raise ConfigError(f"{where} must be the name of a top-level package, but is {_kind(value)}")
    return value


def _digest(value: Any, where: str) -> str:
    if not isinstance(value, str) or not SHA256.fullmatch(value):
        raise ConfigError(f"{where} must be 64 lowercase hex digits or null, but is {_kind(value)}")
    return value


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_LARGEST < value < _LARGEST:
        raise ConfigError(f"{where} must be a finite number, but is {_kind(value)}")
    return float(value)


def _positive(value: Any, where: str) -> float:
    number = _number(value, where)
    if number <= 0:
        raise ConfigError(f"{where} must be above 0, but is {number:g}")
    return number


def _share(value: Any, where: str) -> float:
    number = _number(value, where)
    if not 0 <= number <= 1:
        raise ConfigError(f"{where} must lie between 0 and 1, but is {number:g}")
    return number


def _count(value: Any, where: str, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < _LARGEST:
        raise ConfigError(f"{where} must be a whole number of at least {least}, but is {_kind(value)}")
    return value


def _index(value: Any, where: str) -> int:
    return _count(value, where, least=0)


def _truth(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{where} must be true or false, but is {_kind(value)}")
    return value


def _one_of(*allowed: str) -> Check:
    def check(value: Any, where: str) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise UnknownNameError(f"value of {where}:", str(value), allowed, f"Allowed: {', '.join(allowed)}")
        return value

    return check


def _optional(check: Check) -> Check:
    return lambda value, where: None if value is None else check(value, where)


def _many(check: Check, length: int | None = None) -> Check:
    def checked(value: Any, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list) or length not in (None, len(value)) or not value:
            wanted = "at least one item" if length is None else f"{length} items"
            raise ConfigError(f"{where} must be a list of {wanted}, but is {_kind(value)}")
        return tuple(check(item, f"{where}[{index}]") for index, item in enumerate(value))

    return checked


def _options(value: Any, where: str) -> dict[str, float | int | str]:
    options: dict[str, float | int | str] = {}
    for key, item in _mapping(value, where).items():
        options[_name(key, where)] = item if isinstance(item, str) else _number(item, f"{where}.{key}")
    return options


def _part(kind: type[Any], checks: Mapping[str, Check]) -> Check:
    return lambda value, where: _record(kind, checks, value, where)


def _calibrations(value: Any, where: str) -> tuple[Calibration, ...]:
    return () if value == [] else _many(parse_calibration)(value, where)


def _frozen_mapping(value: Any, where: str) -> Mapping[str, Any]:
    return MappingProxyType(dict(_mapping(value, where)))


_LICENCE = {"id": _text, "use": _one_of(*get_args(Use)), "summary": _text, "url": _text}
_FILE = {
    "name": _file_name,
    "sha256": _optional(_digest),
    "size_bytes": _optional(_count),
    "licence": _text,
    "url": _optional(_text),
    "package": _optional(_module),
    "package_path": _optional(_text),
    "rebuild": _optional(_name),
    "member": _optional(_text),
    "archive_sha256": _optional(_digest),
    "archive_bytes": _optional(_count),
}
_DETECTOR = {"kind": _one_of(*DETECTORS), "files": _many(_name), "options": _options}
_VIEW = {"zoom": _positive, "mirror": _truth}
_ALIGNER = {
    "kind": _one_of("similarity", "dlib5"),
    "template": _many(_many(_number, 2), 5),
    "size": _count,
    "views": _many(_part(View, _VIEW)),
    "files": _many(_name),
}
_EMBEDDER = {
    "kind": _one_of("onnx"),
    "file": _name,
    "dimension": _count,
    "size": _count,
    "colour": _one_of(*get_args(Colour)),
    "mean": _many(_number, 3),
    "scale": _positive,
    "layout": _one_of(*get_args(Layout)),
    "flip": _truth,
    "centre": _optional(_many(_number)),
}
_LIVENESS = {
    "kind": _one_of("minifasnet"),
    "file": _name,
    "crop_scale": _positive,
    "size": _count,
    "live_index": _index,
    "colour": _one_of(*get_args(Colour)),
    "scale": _positive,
    "threshold": _share,
    "operating_point": _text,
    "crop": _one_of(*get_args(Crop)),
}
_points = _many(_part(CalibrationPoint, {"fmr": _share, "threshold": _number, "low": _number, "high": _number}))
_PACK: dict[str, Check] = {
    "name": _name,
    "title": _text,
    "version": _text,
    "licence": _part(Licence, _LICENCE),
    "provenance": _text,
    "detector": _part(DetectorSpec, _DETECTOR),
    "aligner": _part(AlignerSpec, _ALIGNER),
    "embedder": _part(EmbedderSpec, _EMBEDDER),
    "liveness": _optional(_part(LivenessSpec, _LIVENESS)),
    "files": _many(_part(FileSpec, _FILE)),
    "calibrations": _calibrations,
    "golden": _optional(_frozen_mapping),
}
