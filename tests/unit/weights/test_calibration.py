"""Calibration files: what was measured comes back, and anything else is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vultus.errors import ConfigError, InputError
from vultus.types import Calibration, CalibrationPoint
from vultus.weights.calibration import (
    CalibrationFile,
    GroupPoint,
    GroupRates,
    _digest,
    load_calibration,
    read_calibration,
)
from vultus.weights.origin import origin_of

CONTRACT = "dlib:0123456789abcdef"
POINTS = (CalibrationPoint(0.1, 0.3, 0.2, 0.4), CalibrationPoint(0.001, 0.5 + 1e-15, 0.4, 0.6))
CALIBRATION = Calibration("mine:1", "Gesichter aus Köln", 30_000, 100, POINTS)


def _written(folder: Path, contract: str | None = CONTRACT) -> Path:
    CalibrationFile(CALIBRATION, contract, 50).write(folder / "deep" / "mine.json")
    return folder / "deep" / "mine.json"


def test_there_and_back(tmp_path: Path) -> None:
    path = _written(tmp_path)
    assert read_calibration(path) == CalibrationFile(CALIBRATION, CONTRACT, 50)
    assert load_calibration(str(path), CONTRACT) == CALIBRATION


def test_whose_faces_they_were_comes_back_and_files_without_it_are_read(tmp_path: Path) -> None:
    file = CalibrationFile(CALIBRATION, CONTRACT, 50, (), origin_of(["Ada"], [b"picture"]))
    file.write(tmp_path / "mine.json")
    assert read_calibration(tmp_path / "mine.json") == file
    assert read_calibration(_written(tmp_path)).origin is None
    document = {**file.document(), "measured_on": {}}
    document["sha256"] = _digest({key: value for key, value in document.items() if key != "sha256"})
    (tmp_path / "mine.json").write_text(json.dumps(document))
    with pytest.raises(ConfigError, match="measured_on must hold key"):
        read_calibration(tmp_path / "mine.json")


def test_a_changed_file_is_refused_and_another_layout_is_not(tmp_path: Path) -> None:
    path = _written(tmp_path)
    document = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(document.items()))))
    assert read_calibration(path).calibration == CALIBRATION
    for changed in (
        {**document, "n_impostor": 30_000_000},
        {**document, "contract": "dlib:fedcba9876543210"},
        {**document, "sha256": "0" * 64},
    ):
        path.write_text(json.dumps(changed))
        with pytest.raises(ConfigError, match=r"was changed after it was measured: its sha256 should be [0-9a-f]{64}"):
            read_calibration(path)


def test_another_contract_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"holds for contract {CONTRACT}, but the engine has opencv:1; use the pack"):
        load_calibration(_written(tmp_path), "opencv:1")


def test_scores_of_another_system_are_for_the_library_only(tmp_path: Path) -> None:
    path = _written(tmp_path, None)
    assert read_calibration(path).contract is None
    with pytest.raises(ConfigError, match="comes from scores of another system and holds for no model pack; calibrate"):
        load_calibration(path, CONTRACT)


def test_what_is_no_calibration_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    with pytest.raises(ConfigError, match=r"cannot read the calibration .*x\.json: No such file"):
        read_calibration(path)
    for text in ("{", "\xff", "[" * 100_000):
        path.write_bytes(text.encode("latin-1"))
        with pytest.raises(ConfigError, match="it is not valid JSON"):
            read_calibration(path)
    plain = CalibrationFile(CALIBRATION, CONTRACT).document()
    for other in ([], {}, {**plain, "schema": "vultus.pack/1"}, {k: v for k, v in plain.items() if k != "contract"}):
        path.write_text(json.dumps(other))
        with pytest.raises(ConfigError, match="is no calibration file; make one with: vultus calibrate FOLDER --out"):
            read_calibration(path)


def test_wrong_values_under_a_right_digest(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    CalibrationFile(CALIBRATION, 5).write(path)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="contract must be a text or null, and n_genuine a whole number"):
        read_calibration(path)
    CalibrationFile(Calibration("mine:1", "words", 30, 3, POINTS[::-1]), CONTRACT).write(path)
    with pytest.raises(ConfigError, match="points must fall in fmr and rise in threshold"):
        read_calibration(path)


def test_a_place_that_takes_no_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot write the calibration .*mine\.json: "):
        CalibrationFile(CALIBRATION, CONTRACT).write(tmp_path / "file" / "mine.json")
    (tmp_path / "mine.json").mkdir()
    with pytest.raises(InputError, match=r"cannot write the calibration .*mine\.json: Is a directory"):
        CalibrationFile(CALIBRATION, CONTRACT).write(tmp_path / "mine.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "mine.json"]


def test_groups_come_back_and_are_under_the_digest(tmp_path: Path) -> None:
    point = GroupPoint(0.1, 0.2, 0.1, 0.3, None, None, None)
    held = CalibrationFile(CALIBRATION, CONTRACT, 50, (GroupRates("gender", "female", 9, 100, 0, (point,)),))
    held.write(tmp_path / "mine.json")
    assert read_calibration(tmp_path / "mine.json") == held
    document = json.loads((tmp_path / "mine.json").read_text())
    document["groups"][0]["points"][0]["fmr"] = 0.0
    (tmp_path / "mine.json").write_text(json.dumps(document))
    with pytest.raises(ConfigError, match="was changed after it was measured"):
        read_calibration(tmp_path / "mine.json")


@pytest.mark.parametrize("groups", [[{"attribute": "x"}], [5], 5, [{"points": [{"fmr": 1}]}]])
def test_groups_that_are_none(tmp_path: Path, groups: object) -> None:
    content = {
        key: value for key, value in CalibrationFile(CALIBRATION, CONTRACT).document().items() if key != "sha256"
    }
    content["groups"] = groups
    (tmp_path / "x.json").write_text(json.dumps({**content, "sha256": _digest(content)}))
    with pytest.raises(ConfigError, match="groups must be a list of groups with their points, as calibrate writes it"):
        read_calibration(tmp_path / "x.json")
