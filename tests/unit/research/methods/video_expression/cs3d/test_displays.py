"""Made clips of events."""

from __future__ import annotations

import numpy as np
import pytest

from vultus.research.data.world import actions
from vultus.research.methods.video_expression.cs3d.displays import (
    CLASSES,
    VARIANTS,
    Filming,
    Grid,
    displays,
    track,
)

SMALL = Filming(clips=12, frames=9, pixels=24)


def curve(name: str, unit: str, seed: int = 0) -> np.ndarray:
    found = track(CLASSES.index(name), Filming(frames=65), np.random.default_rng(seed))
    return found.actions[:, actions.number(unit)]


def reaches(values: np.ndarray, share: float = 0.5) -> int:
    return int((values > share * values.max()).argmax())


@pytest.mark.parametrize("seed", range(5))
def test_classes_are_what_their_names_say(seed: int) -> None:
    fast, slow = (curve(name, "AU12", seed) for name in ("smile_fast", "smile_slow"))
    assert reaches(fast, 0.9) - reaches(fast, 0.1) < 10 < 20 < reaches(slow, 0.9) - reaches(slow, 0.1)
    for name, order in (("brow_then_smile", 1), ("smile_then_brow", -1)):
        assert order * (reaches(curve(name, "AU12", seed)) - reaches(curve(name, "AU1", seed))) > 8
    on, off = curve("surprise_on", "AU26", seed), curve("surprise_on_off", "AU26", seed)
    assert on[-1] == on.max() > 0.4
    assert off[-1] < 0.05 < 0.4 < off.max()


def test_pairs_end_alike() -> None:
    """Nothing in the last frame tells a pair that differs in speed or order apart."""
    for pair in (("smile_fast", "smile_slow"), ("brow_then_smile", "smile_then_brow")):
        ends = [np.mean([[curve(name, unit, seed)[-1] for unit in ("AU1", "AU12")] for seed in range(40)], 0)
                for name in pair]  # fmt: skip
        assert np.allclose(ends[0], ends[1], atol=0.1)


def test_clips_with_their_variants() -> None:
    found = displays(SMALL, Grid(8, 12), 5, 40, variants=True)
    assert found["voxels"].shape == (12, 2, 8, 12, 12)
    assert found.subjects is not None
    assert found.subjects.tolist() == list(range(40, 52))
    assert np.bincount(found["label"]).tolist() == [2] * 6
    events = {name: found[name].sum((1, 2, 3, 4)) for name in ("voxels", *VARIANTS)}
    for name, share in (("first_25", 0.25), ("first_50", 0.5), ("first_75", 0.75)):
        assert np.allclose(events[name], share * events["voxels"], atol=1)
        last = found[name].sum((1, 3, 4)).cumsum(1)
        assert (last[:, -1] == events[name]).all()
    extra = (events["noise_3x"] - events["voxels"]).mean()
    assert extra == pytest.approx(2 * 0.1 * 24 * 24, rel=0.35), "two more shares of the noise"


def test_a_seed_is_a_set() -> None:
    one, again, other = (displays(SMALL, Grid(8, 12), seed) for seed in (5, 5, 6))
    assert np.array_equal(one["voxels"], again["voxels"])
    assert not np.array_equal(one["voxels"], other["voxels"])
