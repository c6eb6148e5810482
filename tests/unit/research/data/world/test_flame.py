"""Heads in FLAME's layout: a made-up model, since the real one is licensed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.research.data import world
from vultus.research.data.world import albedo, bundle, head, identity, renderer
from vultus.research.data.world.actions import NAMES
from vultus.research.data.world.flame import FILE, Flame
from vultus.research.data.world.landmarks import vertices
from vultus.research.data.world.scene import Scene


def model() -> dict[str, np.ndarray]:
    """Our own head in metres with two eyeballs behind the skin, as FLAME has them, and shapes like our warps."""
    skin, points = head.grid(2), head.shape(2)
    balls = np.array([[3.1, 0.5, 7.0], [-3.1, 0.5, 7.0]]).repeat(3, axis=0) + np.eye(3)[[0, 1, 2, 0, 1, 2]]
    whole = np.concatenate([points, balls])
    count = len(points)
    weights = np.zeros((len(whole), 5))
    weights[:count, 1], weights[count : count + 3, 3], weights[count + 3 :, 4] = 1, 1, 1
    faces = np.concatenate([skin.triangles, [[count, count + 1, count + 2], [count + 3, count + 4, count + 5]]])
    shapes = np.concatenate([identity.warps(whole), np.zeros((5, len(whole), 3))])
    return {"v_template": whole / 100, "f": faces, "shapedirs": np.moveaxis(shapes, 0, 2) / 100, "weights": weights,
            "landmark68": vertices(2)}  # fmt: skip


def saved(folder: Path, **changed: np.ndarray) -> Flame:
    np.savez(folder / FILE, **{**model(), **changed})
    return Flame(folder)


def test_its_heads_are_rendered_from_the_same_scenes(tmp_path: Path, still: Scene) -> None:
    some, basis = still.take(slice(0, 3)), saved(tmp_path)
    ours, theirs = (world.render(some, 96, ("rgb", "regions", "landmarks68"), basis=b) for b in (bundle.OURS, basis))
    far = np.linalg.norm(ours["landmarks68"] - theirs["landmarks68"], axis=-1)
    assert far.mean() < 0.5, "pixels of 96: it is the same head"
    for name in ("skin", "nose", "lips", "eye", "brow", "cloth"):
        assert (theirs["regions"] == albedo.REGIONS.index(name)).any((1, 2)).all(), name
    assert basis.extras(1, 0, 1) is not None
    assert len(basis.body(1).points) < len(model()["v_template"]) + sum(len(p.points) for p in world.parts.anatomy(2))


def test_our_muscles_move_its_skin(tmp_path: Path, still: Scene) -> None:
    basis, one = saved(tmp_path), still.take([0])
    for name in ("AU1", "AU12", "AU26", "AU43"):
        rows = np.zeros_like(one.actions)
        rows[:, NAMES.index(name)] = 1
        moved, expected = (
            renderer.tracks(one.but(actions=rows), 96, b)[0] - renderer.tracks(one, 96, b)[0]
            for b in (basis, bundle.OURS)
        )
        strong = np.abs(expected).max()
        assert strong > 0.5
        assert np.abs(moved - expected).max() < 0.2 * strong, name


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    (tmp_path / "generic_model.pkl").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(InputError, match=r"generic_model\.pkl is a pickle, which runs as a program .* see docs/world"):
        Flame(tmp_path).body(1)


@pytest.mark.parametrize(
    ("changed", "told"),
    [({"landmark68": np.zeros(51, int)}, r"landmark68 must be of shape \(68,\), but is \(51,\)"),
     ({"weights": np.zeros((3, 5))}, r"weights must be of shape \(\d+, 5\), but is \(3, 5\)"),
     ({"shapedirs": np.zeros((9, 3, 2))}, r"shapedirs must be of shape \(\d+, 3, \d+ or more\), but is \(9, 3, 2\)"),
     ({"f": np.full((4, 3), 10**6)}, "f names vertices beyond the"),
     ({"landmark68": np.full(68, len(model()["v_template"]) - 1)}, "a landmark lies on an eyeball, not on the skin"),
     ({"weights": np.array([{}])}, "cannot be read as arrays without objects")],
)  # fmt: skip
def test_what_is_not_this_model_is_told(tmp_path: Path, changed: dict[str, np.ndarray], told: str) -> None:
    with pytest.raises(InputError, match=told):
        saved(tmp_path, **changed).body(1)


def test_a_folder_without_the_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no FLAME model at .*flame\.npz: the folder must hold flame\.npz"):
        Flame(tmp_path).body(1)
    np.savez(tmp_path / FILE, f=np.zeros((1, 3), int))
    with pytest.raises(InputError, match="is no FLAME model: it lacks v_template, shapedirs, weights, landmark68"):
        Flame(tmp_path).body(1)
    (tmp_path / FILE).write_bytes(b"PK nothing")
    with pytest.raises(InputError, match="cannot be read as arrays without objects"):
        Flame(tmp_path).body(1)
