"""The factory of detectors: it makes the kind a pack names, and refuses what does not fit."""

from __future__ import annotations

import pytest

from vultus.errors import ConfigError, UnknownNameError
from vultus.inference.detectors import FILES, build
from vultus.weights.manifest import DetectorSpec
from vultus.weights.store import resolve
from vultus.weights.table import load_pack


def _never(name: str) -> object:
    raise AssertionError(f"{name} was opened")


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        UnknownNameError, match=r"unknown detector 'mtcn'; did you mean 'mtcnn'\? Known: mtcnn, "
    ) as caught:
        build(DetectorSpec("mtcn", ("a.onnx",), {}), _never)
    assert caught.value.suggestion == "mtcnn"


@pytest.mark.parametrize("kind", FILES)
def test_too_few_files_are_refused_before_any_is_opened(kind: str) -> None:
    files = tuple(f"{n}.onnx" for n in range(FILES[kind] + 1))
    with pytest.raises(ConfigError, match=rf"takes {FILES[kind]} files, but {FILES[kind] + 1} are given"):
        build(DetectorSpec(kind, files, {}), _never)


@pytest.mark.parametrize("pack", ["dlib", "dlib-mmod"])
def test_the_packs_that_come_along_are_built(pack: str) -> None:
    from vultus.inference.session import open_session

    spec = load_pack(pack)
    files = resolve(spec)
    detector = build(spec.detector, lambda name: open_session(files[name], threads=1))
    assert detector.detect([]) == []
