"""Made films: what is said of them is true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vultus.research.methods.micro_expression.boosting_vrme.films import (
    CLASSES,
    NEUTRAL,
    Filming,
    durations,
    films,
    windows,
)

HOW = Filming(people=3, films=2, frames=500)


def test_the_same_seed_makes_the_same_films() -> None:
    one, other, third = films(HOW, 1), films(HOW, 1), films(HOW, 2)
    np.testing.assert_array_equal(one["flow"], other["flow"])
    assert not np.array_equal(one["flow"], third["flow"])
    assert one["flow"].shape == (6, 500, 38)
    assert list(one.subjects) == [0, 0, 1, 1, 2, 2]


def test_marks_and_labels_agree() -> None:
    made = films(HOW, 3)
    for label, marks in zip(made["label"], made["marks"], strict=True):
        expected = np.full(500, NEUTRAL)
        for onset, apex, offset, kind in marks[marks[:, 0] >= 0]:
            assert onset < apex < offset
            assert 0 <= kind < len(CLASSES)
            expected[onset + 1 : offset] = kind
        np.testing.assert_array_equal(label, expected)


def test_durations_are_log_normal_or_all_equal() -> None:
    many = replace(HOW, people=40, frames=2000)
    lengths = durations(films(many, 5))
    assert 15 <= np.median(lengths) <= 21
    assert 0.4 < np.log(lengths).std() < 0.65
    assert set(durations(films(replace(HOW, sigma=0.0), 5))) == {18}


def test_the_head_moves_the_bridge_and_all_regions_alike() -> None:
    calm = replace(HOW, strength_px=0.0, noise_px=0.0)
    flow = films(calm, 7)["flow"]
    mouth, bridge = flow[..., 16:28].reshape(6, 500, 6, 2), flow[..., 36:]
    np.testing.assert_allclose(mouth, np.repeat(bridge[:, :, None], 6, axis=2), atol=1e-4)


def test_windows_are_thinned_and_weighted() -> None:
    rng = np.random.default_rng(0)
    whole = films(HOW, 9)
    cut = windows(whole, 50, rng, negatives=0.5)
    lively = (cut["label"] != NEUTRAL).any(axis=1)
    assert (~lively).sum() <= round(0.5 * lively.sum())
    assert cut["flow"].shape[1:] == (50, 38)
    present = [kind for kind in range(NEUTRAL) if (cut["label"] == kind).any()]
    totals = [cut["weight"][cut["label"] == kind].sum() for kind in present]
    np.testing.assert_allclose(totals, totals[0], rtol=1e-4)
    np.testing.assert_allclose(cut["weight"][cut["label"] == NEUTRAL].sum(), 6 * totals[0], rtol=1e-4)
