"""Face detectors, one file per kind; `build` makes the one a pack names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.errors import ConfigError, UnknownNameError
from vultus.inference.detectors.knobs import read_options

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnxruntime

    from vultus.inference.detect import Detector
    from vultus.weights.manifest import DetectorSpec

    Open = Callable[[str], onnxruntime.InferenceSession]

FILES = {"mtcnn": 3, "mtcnn+mmod": 4, "mmod": 2, "yunet": 1, "scrfd": 1}


def build(spec: DetectorSpec, open_file: Open) -> Detector:
    """Make the detector of a pack.

    Args:
        spec: its kind, files and options.
        open_file: gives the session of a file by its name.

    Raises:
        UnknownNameError: no such kind, or no such option.
        ConfigError: too few or too many files, or an option out of range.
    """
    if spec.kind not in FILES:
        raise UnknownNameError("detector", spec.kind, FILES, f"Known: {', '.join(FILES)}")
    if len(spec.files) != FILES[spec.kind]:
        raise ConfigError(f"detector {spec.kind} takes {FILES[spec.kind]} files, but {len(spec.files)} are given")
    sessions = [open_file(name) for name in spec.files]
    if spec.kind == "yunet":
        from vultus.inference.detectors.yunet import Yunet, YunetOptions

        return Yunet(sessions[0], read_options(YunetOptions, spec.options, spec.kind))
    if spec.kind == "scrfd":
        from vultus.inference.detectors.scrfd import Scrfd, ScrfdOptions

        return Scrfd(sessions[0], read_options(ScrfdOptions, spec.options, spec.kind))
    return _dlib_or_mtcnn(spec, sessions)


def _dlib_or_mtcnn(spec: DetectorSpec, sessions: list[onnxruntime.InferenceSession]) -> Detector:
    from vultus.inference.detectors.mmod import Mmod, MmodOptions
    from vultus.inference.detectors.mtcnn import Finisher, Mtcnn, MtcnnOptions

    if spec.kind == "mmod":
        return Mmod(sessions[0], Finisher(sessions[1]), read_options(MmodOptions, spec.options, spec.kind))
    finisher = Finisher(sessions[2])
    first = Mtcnn(sessions[0], sessions[1], finisher, read_options(MtcnnOptions, spec.options, spec.kind))
    if spec.kind == "mtcnn":
        return first
    from vultus.inference.detectors.second_look import SecondLook

    return SecondLook(first, Mmod(sessions[3], finisher, MmodOptions(max_side_px=800)), finisher)
