"""Vultus: recognise people in images and video, with decisions that say how sure they are.

    import vultus

    engine = vultus.FaceEngine()
    print(engine.verify("passport.jpg", "selfie.jpg"))
    with vultus.Gallery.open("people.db", engine=engine) as gallery:
        gallery.enroll("Ada", ["ada1.jpg", "ada2.jpg"])
        print([found.name for found in gallery.identify("party.jpg")])

Every name below is loaded at its first use (PEP 562), so that `import vultus` costs nothing.
"""

from __future__ import annotations

import os

# From 1.29 on, onnxruntime reports its use to Microsoft and stores an identifier of the machine, unless told not to
# before it is imported. A setting of the user's own is respected.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

TYPE_CHECKING = False  # the real one lives in `typing`, which takes longer to import than the interpreter to start
if TYPE_CHECKING:
    from typing import Any

    from vultus.errors import (
        ConfigError,
        ContractError,
        ImageError,
        InputError,
        LicenceError,
        LockedError,
        MissingExtraError,
        NameClashError,
        NoFaceError,
        OfflineError,
        RemoteError,
        ShapeError,
        StoreError,
        TrainingError,
        UnknownNameError,
        UnsupportedTargetError,
        VideoError,
        VultusError,
        WeightsError,
    )
    from vultus.gallery.collection import Gallery
    from vultus.inference.engine import FaceEngine
    from vultus.types import (
        FAILURE_TO_ACQUIRE,
        Box,
        Calibration,
        CalibrationPoint,
        Candidate,
        Decision,
        Embedding,
        Expression,
        Face,
        Identification,
        Liveness,
        Quality,
        Track,
    )
    from vultus.weights import load_pack

    __version__: str

__all__ = [
    "FaceEngine", "Gallery", "load_pack",
    "Box", "Calibration", "CalibrationPoint", "Candidate", "Decision", "Embedding", "Expression", "FAILURE_TO_ACQUIRE",
    "Face", "Identification", "Liveness", "Quality", "Track",
    "ConfigError", "ContractError", "ImageError", "InputError", "LicenceError", "LockedError", "MissingExtraError",
    "NameClashError", "NoFaceError", "OfflineError", "RemoteError", "ShapeError", "StoreError", "TrainingError",
    "UnknownNameError", "UnsupportedTargetError", "VideoError", "VultusError", "WeightsError",
]  # fmt: skip

_HOMES = {
    "FaceEngine": "vultus.inference.engine",
    "Gallery": "vultus.gallery.collection",
    "load_pack": "vultus.weights",
    **dict.fromkeys(__all__[3:16], "vultus.types"),
    **dict.fromkeys(__all__[16:], "vultus.errors"),
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = _version()
    elif name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'vultus' has no attribute '{name}'; its names: {', '.join(__all__)}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("vultus")
    except PackageNotFoundError:
        return "0+source"
