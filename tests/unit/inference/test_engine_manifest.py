"""A user's own ONNX files behind a manifest, from the first pixel to the decision."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from unit.inference.detectors.nets import picture, scrfd, yunet
from vultus.errors import ConfigError, LicenceError, UnknownNameError, WeightsError
from vultus.inference.engine import FaceEngine
from vultus.inference.liveness import PRESENTATION_ATTACK
from vultus.types import Calibration, CalibrationPoint
from vultus.weights.calibration import CalibrationFile
from vultus.weights.onnx_graph import Graph
from vultus.weights.store import digest_of

SIZE = 16


def embedder(path: Path) -> Path:
    """Four numbers: the colours of the crop, and a little."""
    graph = Graph("tiny_embedder")
    x = graph.input("x", np.float32, ("N", 3, SIZE, SIZE))
    mean = graph.node("Flatten", graph.node("GlobalAveragePool", x))
    weight = graph.constant(np.eye(3, 4, dtype=np.float32))
    out = graph.node("Add", graph.node("MatMul", mean, weight), graph.constant(np.float32([0, 0, 0, 0.01])))
    graph.output(out, np.float32, ("N", 4), "y")
    path.write_bytes(graph.save())
    return path


def liveness(path: Path, *, live: bool) -> Path:
    """Says the same of everybody."""
    graph = Graph("tiny_liveness")
    x = graph.input("x", np.float32, ("N", 3, SIZE, SIZE))
    none = graph.node(
        "MatMul",
        graph.node("Flatten", graph.node("GlobalAveragePool", x)),
        graph.constant(np.zeros((3, 2), np.float32)),
    )
    graph.output(graph.node("Add", none, graph.constant(np.float32([0, 4 if live else -4]))), np.float32, ("N", 2), "y")
    path.write_bytes(graph.save())
    return path


def _entry(path: Path) -> dict[str, Any]:
    return {"name": path.name, "sha256": digest_of(path), "size_bytes": None, "licence": "CC0-1.0"}


def make(
    folder: Path, kind: str = "yunet", *, live: bool | None = None, model: Path | None = None, **changes: Any
) -> Path:
    """A folder with a pack of tiny networks, or with a given detector."""
    folder.mkdir(exist_ok=True)
    if model is not None:
        (folder / "detector.onnx").write_bytes(model.read_bytes())
    elif kind == "yunet":
        yunet(folder / "detector.onnx")
    else:
        scrfd(folder / "detector.onnx", batched=False)
    embedder(folder / "embedder.onnx")
    names = ["detector.onnx", "embedder.onnx"]
    if live is not None:
        names.append(liveness(folder / "live.onnx", live=live).name)
    calibration = {
        "calibration_id": "tiny:1", "dataset": "made up", "n_impostor": 100000, "n_subjects": 500,
        "points": [{"fmr": 0.1, "threshold": 0.9, "low": 0.9, "high": 0.9},
                   {"fmr": 0.001, "threshold": 0.99, "low": 0.98, "high": 0.995}],
    }  # fmt: skip
    manifest = {
        "schema": "vultus.pack/1", "name": "tiny", "title": "Tiny", "version": "1", "provenance": "The tests.",
        "licence": {"id": "CC0-1.0", "use": "commercial", "summary": "None."},
        "detector": {"kind": kind, "files": ["detector.onnx"], "options": {}},
        "aligner": {"kind": "similarity", "template": [[4, 4], [12, 4], [8, 8], [4, 12], [12, 12]], "size": SIZE},
        "embedder": {"kind": "onnx", "file": "embedder.onnx", "dimension": 4, "size": SIZE, "colour": "BGR",
                     "mean": [0, 0, 0], "scale": 1 / 255, "layout": "NCHW", "flip": True},
        "files": [_entry(folder / name) for name in names],
        "calibrations": [calibration],
        **changes,
    }  # fmt: skip
    if live is not None:
        manifest["liveness"] = {
            "kind": "minifasnet", "file": "live.onnx", "crop_scale": 2, "size": SIZE, "live_index": 1, "colour": "RGB",
            "scale": 1, "threshold": 0.5, "operating_point": "none",
        }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def photo(colour: tuple[int, int, int], *cells: tuple[int, int]) -> NDArray[np.uint8]:
    """White faces whose surroundings below right have a colour."""
    image = picture(128, 128, *cells)
    for column, row in cells:
        image[row * 8 + 8 : row * 8 + 16, column * 8 : column * 8 + 8] = colour
    return image


@pytest.mark.parametrize("kind", ["yunet", "scrfd"])
def test_a_pack_of_ones_own_finds_embeds_and_decides(tmp_path: Path, kind: str) -> None:
    engine = FaceEngine(make(tmp_path / "mine", kind), cache_dir=tmp_path / "cache", threads=1)
    assert engine.contract == engine.pack.contract()
    red, blue = photo((200, 0, 0), (3, 2), (9, 9)), photo((0, 0, 200), (3, 2))
    faces = engine.find(red)
    assert len(faces) == 2
    for face in faces:
        assert face.embedding is not None
        assert face.embedding.contract == engine.contract
        assert face.embedding.vector.shape == (4,)
        assert face.liveness is None
    same, other = engine.verify(red, red), engine.verify(red, blue)
    assert same.matched
    assert same.similarity == pytest.approx(1.0, abs=1e-5)
    assert same.calibration_id == "tiny:1"
    assert not other.matched
    assert other.threshold == pytest.approx(0.99)


def test_a_calibration_file_takes_the_place_of_the_packs_thresholds(tmp_path: Path) -> None:
    folder = make(tmp_path / "mine", calibrations=[])
    cache = tmp_path / "cache"
    plain = FaceEngine(folder, cache_dir=cache, threads=1)
    red = photo((200, 0, 0), (3, 2))
    with pytest.raises(ConfigError, match="measure one with: vultus calibrate FOLDER --pack tiny --out FILE"):
        plain.verify(red, red)
    points = (CalibrationPoint(0.1, 0.7, 0.6, 0.8), CalibrationPoint(0.001, 0.9, 0.8, 0.95))
    mine = Calibration("mine:1", "my people", 5000, 60, points)
    CalibrationFile(mine, plain.contract).write(tmp_path / "mine.json")
    engine = FaceEngine(folder, cache_dir=cache, threads=1, calibration=tmp_path / "mine.json")
    assert engine.calibration == mine
    decision = engine.verify(red, red)
    assert (decision.matched, decision.threshold, decision.calibration_id) == (True, 0.9, "mine:1")
    CalibrationFile(mine, "dlib:1").write(tmp_path / "other.json")
    with pytest.raises(ConfigError, match="holds for contract dlib:1, but the engine has tiny:"):
        FaceEngine(folder, cache_dir=cache, threads=1, calibration=str(tmp_path / "other.json"))


def test_liveness_gates_matching(tmp_path: Path) -> None:
    image = photo((200, 0, 0), (3, 2))
    attack = FaceEngine(make(tmp_path / "attack", live=False), cache_dir=tmp_path / "cache", threads=1)
    (face,) = attack.find(image)
    assert face.embedding is None
    assert face.liveness is not None
    assert face.liveness.reason == PRESENTATION_ATTACK
    decision = attack.verify(image, image)
    assert (decision.matched, decision.similarity, decision.reason) == (False, None, PRESENTATION_ATTACK)
    fine = FaceEngine(make(tmp_path / "fine", live=True), cache_dir=tmp_path / "cache", threads=1)
    assert fine.verify(image, image).matched
    off = FaceEngine(make(tmp_path / "off", live=False), cache_dir=tmp_path / "cache", threads=1, liveness=False)
    assert off.verify(image, image).matched


def test_what_can_be_wrong_with_a_pack_of_ones_own(tmp_path: Path) -> None:
    def engine(folder: Path, **options: Any) -> FaceEngine:
        return FaceEngine(folder, cache_dir=tmp_path / "cache", **options)

    folder = make(tmp_path / "a")
    with pytest.raises(ConfigError, match="pack tiny has no liveness model; leave liveness out"):
        engine(folder, liveness=True)
    (folder / "embedder.onnx").write_bytes(b"tampered")
    with pytest.raises(WeightsError, match=r"embedder\.onnx of pack tiny is not the one it must be"):
        engine(folder)
    odd = make(tmp_path / "b", model=yunet(tmp_path / "x.onnx"), kind="scrfd")
    with pytest.raises(WeightsError, match="no SCRFD model with landmarks: it has 12 outputs"):
        engine(odd)
    knobs = make(tmp_path / "c", **{"detector": {"kind": "yunet", "files": ["detector.onnx"], "options": {"sid": 9}}})
    with pytest.raises(UnknownNameError, match="unknown option of detector yunet: 'sid'; did you mean 'side'"):
        engine(knobs)
    research = make(tmp_path / "d", **{"licence": {"id": "LicenceRef-R", "use": "research", "summary": "None."}})
    with pytest.raises(LicenceError, match="pack tiny is for non-commercial research only"):
        engine(research, licence_policy="commercial")


@pytest.mark.shared
@pytest.mark.parametrize("name", ["yunet_s_640_640", "yunet_n_640_640", "yunet_n_dynamic"])
def test_the_public_yunet_files_work_behind_a_manifest(shared: Path, tmp_path: Path, name: str) -> None:
    folder = make(tmp_path / "pack", model=shared / "data" / "ref_weights" / f"{name}.onnx")
    engine = FaceEngine(folder, cache_dir=tmp_path / "cache", threads=1)
    paths = [str(path) for path in sorted((shared / "data" / "celeb_examples" / "images").iterdir())[:8]]
    for source, faces in engine.find_each(paths):
        assert not isinstance(faces, Exception)
        assert faces, source
        assert faces[0].embedding is not None
        image = cv2.imread(source)
        assert 0 <= faces[0].box.centre[0] <= image.shape[1]
