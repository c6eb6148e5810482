"""Ground truth: what the modes say must agree with each other and with the picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vultus.errors import ConfigError, UnknownNameError
from vultus.research.data import world
from vultus.research.data.world import actions, albedo, people, renderer
from vultus.research.data.world.scene import Scene

REGION = {name: number for number, name in enumerate(albedo.REGIONS)}


def _around(regions: np.ndarray, point: np.ndarray, reach: int = 1) -> set[int]:
    x, y = (int(value) for value in point)
    return set(regions[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1).tolist())


def test_modes_have_the_shapes_that_are_promised(truth: dict[str, Any]) -> None:
    n, s = 8, 96
    shapes = {"rgb": (n, s, s, 3), "depth": (n, s, s), "normals": (n, s, s, 3), "landmarks68": (n, 68, 2),
              "landmarks5": (n, 5, 2), "regions": (n, s, s), "nir": (n, s, s), "thermal": (n, s, s)}  # fmt: skip
    assert {mode: array.shape for mode, array in truth.items()} == shapes
    assert {mode: truth[mode].dtype for mode in ("rgb", "nir", "regions")} == dict.fromkeys(
        ("rgb", "nir", "regions"), np.dtype(np.uint8)
    )


def test_landmarks_lie_on_what_they_are_called(truth: dict[str, Any]) -> None:
    for regions, points in zip(truth["regions"], truth["landmarks68"], strict=True):
        for eye in (slice(36, 42), slice(42, 48)):
            assert _around(regions, points[eye].mean(0)) & {REGION["eye"], REGION["iris"]}
            inside = regions == REGION["eye"]
            inside |= regions == REGION["iris"]
            rows, columns = np.nonzero(inside)
            side = np.abs(columns - points[eye, 0].mean()) < 8
            assert abs(rows[side].mean() - points[eye, 1].mean()) < 2
        assert REGION["nose"] in _around(regions, points[30])
        for at in (51, 57, 62, 66):
            assert {REGION["lips"], REGION["mouth"], REGION["teeth"]} & _around(regions, points[at], 2)
        rows, columns = np.nonzero(regions == REGION["lips"])
        assert columns.min() == pytest.approx(points[48, 0], abs=3)
        assert columns.max() == pytest.approx(points[54, 0], abs=3)
        assert rows.min() == pytest.approx(points[50:53, 1].min(), abs=3)
        for brow in (slice(17, 22), slice(22, 27)):
            hits = [REGION["brow"] in _around(regions, point, 3) for point in points[brow]]
            assert sum(hits) >= 3


def test_the_subjects_right_is_on_the_left_of_the_picture(truth: dict[str, Any]) -> None:
    five = truth["landmarks5"]
    assert (five[:, 0, 0] < five[:, 2, 0]).all()
    assert (five[:, 2, 0] < five[:, 1, 0]).all()
    assert (five[:, 3, 1] > five[:, 2, 1]).all()


def test_regions_depth_and_normals_are_of_the_same_things(truth: dict[str, Any], still: Scene) -> None:
    thing = truth["depth"] > 0
    assert np.array_equal(thing, truth["regions"] > 0)
    length = np.linalg.norm(truth["normals"], axis=-1)
    assert length[thing] == pytest.approx(1, abs=1e-3)
    assert np.abs(length[~thing]).max() == 0
    assert (truth["normals"][thing][:, 2] >= 0).all(), "what is seen faces the camera"
    for n in range(len(still)):
        of = {name: truth["depth"][n][truth["regions"][n] == REGION[name]] for name in ("nose", "eye", "ear")}
        assert of["nose"].min() < of["eye"].min() - 1.5, "the nose is before the eyes, centimetres"
        assert of["eye"].mean() < of["ear"].mean() - 4
        assert abs(np.median(of["nose"]) - still.camera[n, 0]) < 8


def test_normals_are_the_slope_of_depth(truth: dict[str, Any], still: Scene) -> None:
    for n in range(3):
        depth, normals = truth["depth"][n], truth["normals"][n]
        cheek = (truth["regions"][n] == REGION["skin"])[1:-1, 1:-1]
        per_px = depth[1:-1, 1:-1] * still.camera[n, 1] / still.camera[n, 0] / 96
        slope = (depth[1:-1, 2:] - depth[1:-1, :-2]) / np.maximum(2 * per_px, 1e-3)
        flat = cheek & (np.abs(slope) < 1)
        said = normals[1:-1, 1:-1, 0] / np.maximum(normals[1:-1, 1:-1, 2], 0.1)
        assert np.corrcoef(slope[flat], said[flat])[0, 1] > 0.8


def test_flow_brings_the_first_picture_onto_the_second(still: Scene) -> None:
    from scipy.ndimage import map_coordinates

    shifted = still.but(
        pose_deg=still.pose_deg + np.array([5, -3, 2], np.float32), jaw=np.full(len(still), 0.3, np.float32)
    )
    flow, seen = world.flow(still, shifted, 96)
    first, second = (world.render(scene, 96)["rgb"].mean(-1) for scene in (still, shifted))
    regions = world.render(still, 96, ("regions",))["regions"]
    y, x = np.mgrid[0:96, 0:96]
    for n in range(len(still)):
        back = map_coordinates(second[n], [y + flow[n, ..., 1], x + flow[n, ..., 0]], order=1)
        face = seen[n] & (regions[n] > 0) & (regions[n] < 9)
        assert face.mean() > 0.12
        warped, plain = (np.median(np.abs(one[face] - first[n][face])) for one in (back, second[n]))
        assert warped < 0.6 * plain
        assert np.linalg.norm(flow[n][face], axis=-1).mean() > 1
    still_flow, still_seen = world.flow(still, still, 96)
    assert np.abs(still_flow).max() < 1e-3
    assert still_seen.mean() > 0.99
    with pytest.raises(ConfigError, match="flow needs the same people in both scenes"):
        world.flow(still, shifted.take([1, 0]), 96)


def test_landmarks_move_as_flow_says(still: Scene) -> None:
    shifted = still.but(pose_deg=still.pose_deg + np.array([4, 0, 0], np.float32))
    flow, _ = world.flow(still, shifted, 96)
    before, after = world.tracks(still, 96), world.tracks(shifted, 96)
    for n in range(len(still)):
        x, y = before[n, 30].astype(int)
        assert flow[n, y, x] == pytest.approx(after[n, 30] - before[n, 30], abs=0.6)


@pytest.mark.parametrize("name", [name for name in actions.NAMES if name != "AU43"])
def test_more_action_moves_landmarks_or_skin_more(name: str, still: Scene) -> None:
    one = still.take([0])
    sizes = []
    for strength in (0.0, 0.3, 0.6, 1.0):
        rows = np.zeros_like(one.actions)
        rows[:, actions.number(name)] = strength
        ((_, points),) = renderer.placed(one.but(actions=rows), 1)
        sizes.append(points)
    moved = [np.linalg.norm(points - sizes[0], axis=1).max() for points in sizes]
    assert moved == sorted(moved)
    assert moved[3] > 0.15


def test_lids_close_and_jaws_drop(still: Scene) -> None:
    closed = world.render(still.but(eyelids=np.ones((8, 2), np.float32)), 96, ("regions",))["regions"]
    eyes = [REGION["eye"], REGION["iris"]]
    assert np.isin(closed, eyes).sum() < 8 * 6
    opened = world.render(still.but(jaw=np.ones(8, np.float32)), 96, ("regions", "landmarks68"))
    assert np.isin(opened["regions"], [REGION["mouth"], REGION["teeth"]]).sum((1, 2)).min() > 15
    lower = opened["landmarks68"][:, 66, 1] - opened["landmarks68"][:, 62, 1]
    assert lower.min() > 3


def test_heads_turn_the_way_the_numbers_say(still: Scene) -> None:
    def nose(yaw: float, pitch: float) -> np.ndarray:
        pose = np.tile(np.array([yaw, pitch, 0], np.float32), (8, 1))
        return world.tracks(still.but(pose_deg=pose), 96)[:, 30]

    assert (nose(20, 0)[:, 0] > nose(0, 0)[:, 0] + 3).all(), "yaw is to the subject's left"
    assert (nose(0, 15)[:, 1] < nose(0, 0)[:, 1] - 3).all(), "pitch is up"
    assert renderer.rotations(np.zeros((1, 3), np.float32))[0] == pytest.approx(np.eye(3))


def test_a_gaze_moves_the_iris(still: Scene) -> None:
    def middle(yaw: float) -> float:
        gaze = np.tile(np.array([yaw, 0], np.float32), (8, 1))
        regions = world.render(still.but(gaze_deg=gaze), 96, ("regions",))["regions"]
        return float(np.nonzero(regions == REGION["iris"])[2].mean())

    assert middle(25) > middle(-25) + 1.5


def test_warmth_and_near_infrared(truth: dict[str, Any], still: Scene) -> None:
    def mean(mode: str, name: str) -> np.ndarray:
        where = truth["regions"] == REGION[name]
        return np.array([truth[mode][n][where[n]].astype(float).mean() for n in range(8)])

    assert (mean("thermal", "nose") < mean("thermal", "skin")).all(), "noses are cold"
    assert (mean("thermal", "skin") > mean("thermal", "cloth") + 2).all()
    assert 30 < mean("thermal", "skin").mean() < 36
    visible, infrared = (mean(mode, "skin") / mean(mode, "skin").max() for mode in ("rgb", "nir"))
    assert infrared.min() > visible.min() + 0.03, "tones of skin are closer in near infrared"


def test_rows_do_not_depend_on_their_neighbours_or_threads(still: Scene) -> None:
    noisy = still.but(camera=still.camera + np.array([0, 0, 0, 0, 0.02], np.float32))
    whole = world.render(noisy, 48, ("rgb", "thermal"))
    alone = world.render(noisy.take([5]), 48, ("rgb", "thermal"), threads=1)
    for mode in whole:
        assert np.array_equal(whole[mode][5:6], alone[mode])


def test_hair_and_glasses_are_in_the_picture(still: Scene) -> None:
    columns = {name: getattr(still.people, name) for name in still.people.__dataclass_fields__}
    dressed = people.People(**{**columns, "hair": np.full(8, 7), "wear": np.full(8, 2)})
    regions = world.render(still.but(people=dressed), 64, ("regions",))["regions"]
    assert ((regions == REGION["hair"]).mean((1, 2)) > 0.1).all()
    assert ((regions == REGION["glasses"]).sum((1, 2)) > 10).all()


def test_bad_input_and_no_input(still: Scene) -> None:
    with pytest.raises(ConfigError, match="a picture can be 8 to 2048 pixels high"):
        world.render(still, 4)
    with pytest.raises(UnknownNameError, match="unknown mode 'x-ray'"):
        world.render(still, 64, ("x-ray",))
    assert world.render(still.take(slice(0, 0)), 32, ("rgb", "depth"))["depth"].shape == (0, 32, 32)
