from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vultus.research.data import world
from vultus.research.data.sample import Samples
from vultus.research.data.world import kept

CALLS = []


def made(n: int, seed: int = 0) -> Samples:
    CALLS.append((n, seed))
    return Samples({"image": np.full((n, 2, 2, 3), seed, np.uint8)}, np.arange(n), "made")


def test_the_second_time_nothing_is_made(tmp_path: Path) -> None:
    CALLS.clear()
    one, again = (kept.kept(tmp_path, made, n=3, seed=7) for _ in range(2))
    other = kept.kept(tmp_path, made, n=3, seed=8)
    assert CALLS == [(3, 7), (3, 8)]
    assert np.array_equal(one["image"], again["image"])
    assert again.subjects is not None
    assert again.subjects.tolist() == [0, 1, 2]
    assert again.name == "made"
    assert other["image"].max() == 8


def test_what_is_damaged_or_half_done_is_made_anew(tmp_path: Path) -> None:
    CALLS.clear()
    kept.kept(tmp_path, made, n=3)
    (place,) = tmp_path.iterdir()
    (place / "image.npy").write_bytes(b"\x93NUMPY")
    assert kept.kept(tmp_path, made, n=3)["image"].shape == (3, 2, 2, 3)
    (place / "about.json").unlink()
    assert kept.kept(tmp_path, made, n=3)["image"].shape == (3, 2, 2, 3)
    assert len(CALLS) == 3


def test_other_code_has_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept.key(world.faces, {"n": 3})
    monkeypatch.setattr(kept, "_source", lambda: "other")
    assert kept.key(world.faces, {"n": 3}) != before
