"""The public names. One that disappears breaks somebody's program: taking one out is a decision, made here."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import vultus

NAMES = {
    "FaceEngine", "Gallery", "load_pack",
    "Box", "Calibration", "CalibrationPoint", "Candidate", "Decision", "Embedding", "Expression", "FAILURE_TO_ACQUIRE",
    "Face", "Identification", "Liveness", "Quality", "Track",
    "ConfigError", "ContractError", "ImageError", "InputError", "LicenceError", "LockedError", "MissingExtraError",
    "NameClashError", "NoFaceError", "OfflineError", "RemoteError", "ShapeError", "StoreError", "TrainingError",
    "UnknownNameError", "UnsupportedTargetError", "VideoError", "VultusError", "WeightsError",
}  # fmt: skip

# What other programs lean on from the first release (docs/tour.md): method -> parameters it must keep.
METHODS = {
    "FaceEngine": {"find": {"image"}, "embed": {"image"}, "verify": {"a", "b", "fmr"}, "track": {"video"}},
    "Gallery": {
        "open": {"path"}, "enroll": {"name", "images"}, "identify": {"image", "fpir"}, "remove": {"name"},
        "rename": {"old", "new"}, "people": set(), "export": {"path"}, "check": set(),
    },
}  # fmt: skip
FIELDS = {
    "Box": {"xyxy"},
    "Embedding": {"vector", "contract"},
    "Face": {"box", "landmarks", "score", "quality", "embedding", "liveness", "expression"},
    "Expression": {"label", "scores"},
    "Decision": {"matched", "similarity", "threshold", "fmr_target", "fpir_target", "gallery_size", "calibration_id"},
    "Identification": {"face", "decision", "candidates", "name"},
    "Candidate": {"name", "similarity", "face_id"},
    "Quality": {"score", "reasons", "measures", "ok"},
    "Track": {"track_id", "start_s", "end_s", "n_frames", "faces", "embedding", "identification"},
}


def test_the_inventory_is_the_list() -> None:
    assert set(vultus.__all__) == NAMES
    assert len(vultus.__all__) == len(NAMES) == 35


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_name_resolves_and_says_what_it_is(name: str) -> None:
    value = getattr(vultus, name)
    assert name in dir(vultus)
    if isinstance(value, type):
        assert value.__doc__
        assert value.__name__ == name


def test_every_error_is_public() -> None:
    errors = import_module("vultus.errors")
    tree = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert len(tree) >= 16
    assert tree <= set(vultus.__all__)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(AttributeError, match="module 'vultus' has no attribute 'FaceEngin'; its names: FaceEngine"):
        vultus.FaceEngin  # noqa: B018


@pytest.mark.parametrize(("owner", "method"), [(owner, name) for owner, some in METHODS.items() for name in some])
def test_methods_keep_their_parameters(owner: str, method: str) -> None:
    import inspect

    parameters = set(inspect.signature(getattr(getattr(vultus, owner), method)).parameters)
    assert METHODS[owner][method] <= parameters


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_values_keep_their_fields(name: str) -> None:
    assert FIELDS[name] <= set(dir(getattr(vultus, name))) | set(getattr(vultus, name).__dataclass_fields__)


def test_versions_agree_and_the_types_are_shipped(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]
    assert vultus.__version__ in {project["version"], "0+source"}
    assert re.search(rf"^## \[?({re.escape(project['version'])}|Unreleased)", _changelog(checkout), re.MULTILINE)
    assert (checkout / "src/vultus/py.typed").exists()


def _changelog(checkout: Path) -> str:
    return (checkout / "CHANGELOG.md").read_text("utf-8")
