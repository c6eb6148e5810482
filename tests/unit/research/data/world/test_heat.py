from __future__ import annotations

import numpy as np

from vultus.research.data.world import albedo, heat, maps


def _warm(u: float, v: float, region: str, facing: float = 1.0) -> float:
    which, place = np.zeros((4, 4), np.int32), np.full((4, 4, 2), 1 / 3, np.float32)
    uv = np.tile(np.array([u, v], np.float32), (3, 1))
    normals = np.tile(np.array([0, 0, facing], np.float32), (3, 1))
    out = np.empty((2, 2), np.float32)
    regions = np.full((4, 4), albedo.REGIONS.index(region), np.uint8)
    still = np.zeros_like(maps.clouds())
    heat.warm(which, place, np.array([[0, 1, 2]], np.int32), uv, normals, regions, heat.WARMTH, still,
              np.array([0, 0, 0, 1], np.float32), np.float32(0), 1, out)  # fmt: skip
    return float(out.mean())


def test_every_region_has_a_warmth() -> None:
    assert len(heat.WARMTH) == len(albedo.REGIONS)
    assert heat.WARMTH[0] == heat.WARMTH.min() == heat.ROOM


def test_corners_of_eyes_are_warm_noses_are_cold_and_glass_is_opaque() -> None:
    canthus, cheek, nose = _warm(1.7, 0, "skin"), _warm(4.6, -3.6, "skin"), _warm(0, -3.4, "nose")
    assert canthus > cheek > nose
    assert _warm(3, 0, "glasses") < 26
    assert _warm(0, 4, "skin", 0.1) < _warm(0, 4, "skin") - 1, "grazing surfaces mirror the room"
