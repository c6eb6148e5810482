from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from unit.weights.conftest import toy
from vultus.errors import UnknownNameError, WeightsError
from vultus.weights.manifest import Pack, plain
from vultus.weights.schema import parse_pack


def pack(**changes: object) -> Pack:
    return parse_pack(toy(**changes), where="toy", directory=Path("/nowhere"))


def test_contract_is_the_name_and_sixteen_hex_digits() -> None:
    name, digest = pack().contract().split(":")
    assert name == "toy"
    assert len(digest) == 16
    assert set(digest) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another"},
        {"version": "2"},
        {"provenance": "Elsewhere."},
        {"calibrations": [
            {"calibration_id": "c", "dataset": "d", "n_impostor": 9, "n_subjects": 3,
             "points": [{"fmr": 0.5, "threshold": 0.1, "low": 0.0, "high": 0.2}]}
        ]},
    ],
)  # fmt: skip
def test_contract_stays_when_words_or_thresholds_change(change: dict[str, object]) -> None:
    assert pack(**change).contract() == pack().contract()


@pytest.mark.parametrize("part", ["detector", "aligner", "embedder", "file", "rebuild"])
def test_contract_changes_with_whatever_shapes_a_vector(part: str) -> None:
    sound = pack()
    changed = {
        "detector": replace(sound, detector=replace(sound.detector, options={"score_threshold": 0.6})),
        "aligner": replace(sound, aligner=replace(sound.aligner, size=8)),
        "embedder": replace(sound, embedder=replace(sound.embedder, flip=True)),
        "file": replace(sound, files=(replace(sound.files[0], sha256="0" * 64), sound.files[1])),
        "rebuild": replace(sound, files=(sound.files[0], replace(sound.files[1], rebuild="dlib_resnet"))),
    }[part]
    assert changed.contract() != sound.contract()


def test_contract_does_not_tell_one_from_one_point_zero() -> None:
    whole, point = toy(), toy()
    whole["detector"]["options"] = {"side": 640}
    point["detector"]["options"] = {"side": 640.0}
    folder = Path("/nowhere")
    one = parse_pack(whole, where="toy", directory=folder).contract()
    assert one == parse_pack(point, where="toy", directory=folder).contract()


def test_contract_needs_every_digest() -> None:
    sound = pack()
    loose = replace(sound, files=(replace(sound.files[0], sha256=None), sound.files[1]))
    with pytest.raises(
        WeightsError,
        match=r"pack toy has no contract: detector\.onnx is not pinned by a sha256; vultus packs verify /nowhere",
    ):
        loose.contract()
    pulled = replace(sound, files=(replace(sound.files[0], sha256=None, url="https://x.org/d"), sound.files[1]))
    with pytest.raises(WeightsError, match="vultus packs pull toy --trust-first-use"):
        pulled.contract()


def test_unknown_file_is_named_with_the_nearest() -> None:
    with pytest.raises(
        UnknownNameError, match=r"unknown file of pack toy 'detectr\.onnx'; did you mean 'detector\.onnx'"
    ):
        pack().file("detectr.onnx")


def test_packs_are_frozen_also_inside() -> None:
    sound = pack()
    with pytest.raises(FrozenInstanceError):
        sound.name = "x"  # type: ignore[misc]
    with pytest.raises(TypeError):
        sound.detector.options["side"] = 1  # type: ignore[index]


def test_plain_gives_what_json_can_hold() -> None:
    content = plain(pack())
    assert content["detector"] == {"kind": "yunet", "files": ["detector.onnx"], "options": {"score_threshold": 0.5}}
    assert content["directory"] == "/nowhere"
    assert [file["name"] for file in content["files"]] == ["detector.onnx", "embedder.onnx"]


def test_origin_of_a_file() -> None:
    spec = pack().files[0]
    assert spec.origin == "local"
    assert replace(spec, url="https://x.org/d").origin == "url"
    assert replace(spec, package="numpy", package_path="x").origin == "package"
