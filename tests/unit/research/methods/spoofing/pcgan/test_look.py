from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from unit.inference.portraits import portrait
from vultus.errors import InputError
from vultus.inference.image import read, write
from vultus.research.methods.spoofing import pcgan
from vultus.research.methods.spoofing.pcgan import look
from vultus.types import Box

FACE = SimpleNamespace(box=Box(np.float32([60, 40, 160, 160])))


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch):
    """A tiny one, and an engine that finds one face in every picture that is not black."""

    class Engine:
        def __init__(self, **options: object) -> None:
            assert options == {"liveness": False}

        def find(self, image: np.ndarray, *, embed: bool) -> list[SimpleNamespace]:
            return [FACE] if image.any() and not embed else []

    monkeypatch.setattr(look, "FaceEngine", Engine)
    return pcgan.build(pcgan.Config.tiny()).eval()


def test_a_folder_is_answered_and_drawn(model, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in "ab":
        write(tmp_path / f"in/{name}.png", portrait())
    found = pcgan.answer(model, tmp_path / "in", tmp_path / "out")
    assert [face["file"] for face in found["faces"]] == ["a.png", "b.png"]
    assert 0 <= found["faces"][0]["attack_score"] <= 1
    assert np.array(found["faces"][0]["map"]).shape == (8, 8)
    assert "rendered" in found["trained_on"]
    assert read(tmp_path / "out/attacks.png").shape == (194, 194, 3)
    assert read(tmp_path / "out/converted.png").shape == (3 * 98 - 2, 7 * 98 - 2, 3)


def test_a_detector_without_a_converter_draws_maps_alone(model, tmp_path: Path) -> None:
    write(tmp_path / "a.png", portrait())
    alone = pcgan.baseline(pcgan.Config.tiny()).eval()
    assert pcgan.answer(alone, tmp_path / "a.png", tmp_path / "out")["faces"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["attacks.png"]
    assert pcgan.answer(alone, tmp_path / "a.png", None)["faces"]


def test_nothing_to_look_at(model, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no pictures"):
        pcgan.answer(model, tmp_path, None)
    write(tmp_path / "black.png", np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(InputError, match="no face was found in"):
        pcgan.answer(model, tmp_path / "black.png", None)


def test_red_is_where_an_attack_is() -> None:
    patches = np.zeros((1, 8, 8), np.float32)
    patches[0, :, 4:] = 1
    drawn = look.mapped(np.full((1, 32, 32, 3), 100, np.uint8), patches)
    assert drawn[98 + 48, 10].tolist() == [100, 100, 100]
    assert drawn[98 + 48, 90, 0] > 180
