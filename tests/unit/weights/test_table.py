from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from unit.weights.conftest import write_toy
from vultus.errors import ConfigError, UnknownNameError, WeightsError
from vultus.weights import PACKS, load_pack
from vultus.weights.rebuild import REBUILDERS

SOURCE = str(Path(sys.modules["vultus.weights"].__file__ or "").parents[2])


@pytest.mark.parametrize("name", PACKS)
def test_every_pack_of_the_table_loads(name: str) -> None:
    pack = load_pack(name)
    assert pack.name == name
    assert pack.directory is None
    assert pack.contract().startswith(f"{name}:")
    for spec in pack.files:
        assert spec.sha256 is not None
        assert spec.size_bytes is not None
        assert spec.rebuild is None or spec.rebuild in REBUILDERS


def test_the_table_names_every_manifest_shipped() -> None:
    folder = Path(sys.modules["vultus.weights"].__file__ or "").parent / "packs"
    assert sorted(path.stem for path in folder.glob("*.json")) == sorted(PACKS)


def test_the_default_pack_is_free_and_the_research_pack_says_so() -> None:
    assert load_pack("dlib").licence.use == "commercial"
    assert load_pack("opencv").licence.use == "commercial"
    assert load_pack("buffalo_l").licence.use == "research"


def test_no_pack_touches_the_68_point_model() -> None:
    for name in PACKS:
        assert not any("68" in str(spec.package_path) for spec in load_pack(name).files)


def test_a_manifest_is_loaded_from_its_path_or_its_folder(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "Gesichter äöü")
    for given in (folder, folder / "manifest.json", str(folder)):
        pack = load_pack(given)
        assert pack.name == "toy"
        assert pack.directory == folder.resolve()


def test_unknown_pack_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown pack 'dlibb'; did you mean 'dlib'. List: vultus packs list"):
        load_pack("dlibb")


def test_unreadable_manifest(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot read the pack manifest .*none.json"):
        load_pack(tmp_path / "none.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WeightsError, match=r"cannot read the pack manifest .*bytes.json"):
        load_pack(tmp_path / "bytes.json")


def test_manifest_that_is_no_json(tmp_path: Path) -> None:
    for text in ("{", "[" * 100_000):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(ConfigError, match=r"bad.json is not valid JSON"):
            load_pack(tmp_path / "bad.json")


def test_weights_need_neither_opencv_nor_onnxruntime() -> None:
    code = (
        "import sys, vultus.weights, vultus.weights.store, vultus.weights.pull, vultus.weights.golden; "
        "sys.exit(bool({'cv2', 'onnxruntime', 'torch'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ, "PYTHONPATH": SOURCE}).returncode
        == 0
    )
