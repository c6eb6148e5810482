from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vultus.errors import ConfigError, InputError
from vultus.research.data import world
from vultus.research.data.world import albedo, bundle, ict, renderer
from vultus.research.data.world.actions import NAMES
from vultus.research.data.world.scene import Scene


@pytest.mark.shared
def test_heads_of_ict_are_rendered_from_the_same_scenes(shared: Path, still: Scene) -> None:
    basis = ict.IctFaceKit(shared / "data/face3d_ict")
    some = still.take(slice(0, 4))
    ours, theirs = (world.render(some, 96, ("rgb", "regions", "landmarks68"), basis=b) for b in (bundle.OURS, basis))
    far = np.linalg.norm(ours["landmarks68"][:, 17:] - theirs["landmarks68"][:, 17:], axis=-1)
    assert far.mean() < 4, "pixels of 96"
    for name in ("skin", "nose", "lips", "eye", "brow", "cloth"):
        assert (theirs["regions"] == albedo.REGIONS.index(name)).any((1, 2)).all(), name
    assert np.ptp(theirs["rgb"][1].astype(int) - theirs["rgb"][0]) > 50, "two people"


@pytest.mark.shared
def test_its_actions_pull_the_same_way(shared: Path, still: Scene) -> None:
    basis = ict.IctFaceKit(shared / "data/face3d_ict")
    one = still.take([0])
    at_rest = renderer.tracks(one, 96, basis)[0]

    def moved(name: str) -> np.ndarray:
        rows = np.zeros_like(one.actions)
        rows[:, NAMES.index(name)] = 1
        found: np.ndarray = renderer.tracks(one.but(actions=rows), 96, basis)[0] - at_rest
        return found

    assert moved("AU26")[8, 1] > 1, "the chin falls"
    assert moved("AU12")[[48, 54], 1].max() < -0.5, "corners rise"
    assert moved("AU1")[[21, 22], 1].max() < -0.5, "inner brows rise"
    assert moved("AU43")[[37, 38], 1].min() > 0.3, "upper lids fall"
    assert {*ict.SHAPES} == {*NAMES}


def test_a_folder_without_the_model_is_told(tmp_path: Path, still: Scene) -> None:
    with pytest.raises(InputError, match="no ICT-FaceKit model at"):
        ict.IctFaceKit(tmp_path).body(1)
    np.savez(tmp_path / ict.FILE, neutral=np.zeros(3))
    with pytest.raises(InputError, match="is no ICT-FaceKit model: it lacks faces"):
        ict.IctFaceKit(tmp_path).body(1)


def test_a_basis_must_name_its_landmarks(still: Scene) -> None:
    class Blind(bundle.Procedural):
        def body(self, fineness: int) -> bundle.Bundle:
            from dataclasses import replace

            return replace(super().body(fineness), landmarks=None)

    with pytest.raises(ConfigError, match="the body of a basis must say which vertices"):
        world.tracks(still, 96, Blind())
