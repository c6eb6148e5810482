"""Every error Vultus raises.

VultusError
├── InputError (ValueError)          what was given cannot be used
│   ├── ShapeError                   an array has the wrong shape or dtype
│   ├── ImageError                   a picture cannot be read
│   ├── VideoError                   a video or stream cannot be read
│   ├── ConfigError                  a setting has a wrong value
│   ├── UnknownNameError             no such pack, person, method, ...
│   └── UnsupportedTargetError       an error rate that the calibration data cannot support
├── NoFaceError (LookupError)        a face was needed and none was found
├── WeightsError                     model files are missing, damaged or refused
│   ├── LicenceError                 the licence policy or a missing consent forbids the load
│   └── OfflineError                 a download is needed and downloads are off
├── MissingExtraError (ImportError)  an optional dependency is not installed
├── StoreError                       a gallery, or what a long run keeps, cannot be read or written
│   ├── LockedError                  the key of an encrypted gallery is not at hand
│   ├── ContractError                embeddings of two contracts would be mixed
│   └── NameClashError               a person of that name exists already
├── RemoteError                      a service refused a request, or cannot be reached
└── TrainingError                    a training run cannot go on

Catch `VultusError`, or the builtin in brackets. Data stand in attributes, so that a service can report them.
"""

from __future__ import annotations

import math
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class VultusError(Exception):
    """Root of the tree: catch this to catch everything Vultus raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way out of a worker process: pickle would call the class with the message alone."""
        return _again, (type(self), self.args, vars(self))


def _again(kind: type[VultusError], args: tuple[object, ...], data: dict[str, object]) -> VultusError:
    error = kind.__new__(kind, *args)
    vars(error).update(data)
    return error


class InputError(VultusError, ValueError):
    """What was given cannot be used."""


class ShapeError(InputError):
    """An array has the wrong shape or dtype.

    Attributes:
        name: what the array is.
        expected: the shape or dtype asked for.
        actual: the one that came.
    """

    def __init__(self, name: str, expected: str, actual: str) -> None:
        super().__init__(f"{name} must be {expected}, but is {actual}")
        self.name, self.expected, self.actual = name, expected, actual


class ImageError(InputError):
    """A picture cannot be read.

    Attributes:
        source: path, or a word for bytes and arrays.
        reason: one sentence.
    """

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"cannot read image {source}: {reason}")
        self.source, self.reason = source, reason


class VideoError(InputError):
    """A video or stream cannot be read.

    Attributes:
        source: path, address or camera index.
        reason: one sentence.
    """

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"cannot read video {source}: {reason}")
        self.source, self.reason = source, reason


class ConfigError(InputError):
    """A setting has a wrong value."""


class UnknownNameError(InputError):
    """No such pack, person, method or setting.

    Attributes:
        kind: what was looked for, e.g. "pack".
        name: the name given.
        suggestion: the nearest known name, if one is near.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str] = (), hint: str = "") -> None:
        near = get_close_matches(name, list(known), n=1)
        self.kind, self.name = kind, name
        self.suggestion = near[0] if near else None
        message = f"unknown {kind} '{name}'"
        if self.suggestion:
            message += f"; did you mean '{self.suggestion}'?"
        elif hint[:1].isalpha():
            message += "."
        super().__init__(f"{message} {hint}".rstrip())


class UnsupportedTargetError(InputError):
    """An error rate that the calibration data cannot support (rule of three).

    Attributes:
        target: the rate asked for.
        smallest: the smallest rate of the same kind that the data support.
        kind: "FMR", "FPIR" or "APCER".
    """

    def __init__(self, kind: str, target: float, smallest: float, why: str) -> None:
        super().__init__(
            f"{kind} {target:g} is not supported: {why}; the smallest supported {kind} is {_told(smallest)}"
        )
        self.kind, self.target, self.smallest = kind, target, smallest


def _told(rate: float) -> str:
    """A rate in two digits, never less than it is: what is told must be supported when it is asked for."""
    if not 0 < rate < 1:
        return f"{rate:.2g}"
    step = 10.0 ** (math.floor(math.log10(rate)) - 1)
    return f"{math.ceil(rate / step - 1e-6) * step:.2g}"


class NoFaceError(VultusError, LookupError):
    """A face was needed and none was found (failure to acquire, ISO/IEC 19795-1), or the one found was refused.

    Attributes:
        source: the picture.
        reason: code of the refusal, e.g. "presentation_attack"; "" when there was no face.
    """

    def __init__(self, source: str, reason: str = "") -> None:
        super().__init__(f"the face in {source} was refused: {reason}" if reason else f"no face found in {source}")
        self.source, self.reason = source, reason


class WeightsError(VultusError):
    """Model files are missing, damaged or refused."""


class LicenceError(WeightsError):
    """The licence policy forbids the load, or the licence has not been accepted."""


class OfflineError(WeightsError):
    """A download is needed and downloads are off."""


class MissingExtraError(VultusError, ImportError):
    """An optional dependency is not installed.

    Attributes:
        package: the missing package.
        extra: the extra that brings it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f'{package} is not installed; run: pip install "vultus[{extra}]"')
        self.package, self.extra = package, extra


class StoreError(VultusError):
    """A gallery, or the journal or table of a long run, cannot be read or written."""


class LockedError(StoreError):
    """The key of an encrypted gallery is not at hand, or is another one."""


class ContractError(StoreError):
    """Embeddings of two contracts would be mixed.

    Attributes:
        gallery: contract stored in the gallery.
        engine: contract of the engine or embedding that came.
    """

    def __init__(self, gallery: str, engine: str) -> None:
        super().__init__(
            f"this gallery holds embeddings of contract {gallery}, but these are of {engine}; "
            "open it with the pack it was made with, or move it to the other: vultus gallery migrate --to PACK"
        )
        self.gallery, self.engine = gallery, engine


class NameClashError(StoreError):
    """A person of that name exists already; a hint brings its own punctuation.

    Attributes:
        name: the name.
    """

    def __init__(self, name: str, hint: str = "") -> None:
        super().__init__(f"a person named '{name}' exists already{hint}")
        self.name = name


class RemoteError(VultusError):
    """A service refused a request, or could not be reached.

    Attributes:
        code: e.g. "not_found"; "unreachable" where there was no answer.
        message: one sentence.
        status: of HTTP; 0 where there was no answer.
        details: JSON values for programs.
        request_id: by which the service's log knows the request.
    """

    def __init__(
        self, code: str, message: str, status: int = 0, details: dict[str, object] | None = None, request_id: str = ""
    ) -> None:
        super().__init__(f"{message} ({code})")
        self.code, self.message, self.status, self.request_id = code, message, status, request_id
        self.details = dict(details or {})


class TrainingError(VultusError):
    """A training run cannot go on."""
