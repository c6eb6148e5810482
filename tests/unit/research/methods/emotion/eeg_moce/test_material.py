"""Rows to train and test on."""

from __future__ import annotations

import numpy as np
import pytest

from vultus.research.data.sample import Samples
from vultus.research.data.world.signals import Recording
from vultus.research.methods.emotion.eeg_moce.material import FLAT_CODES, made, noisy, spread


def test_made_rows_of_other_people() -> None:
    train, test = made("load", Recording(people=2, takes=2, seconds=1.0), 1, 5, control=True)
    assert set(train.subjects).isdisjoint(test.subjects)
    assert set(train.fields) == {"eeg", "nirs", "eog", "label", "domain", *(f"{one}{FLAT_CODES}" for one in ("eeg", "nirs", "eog"))}  # fmt: skip  # noqa: E501
    assert not np.allclose(train["eeg"], train["eeg" + FLAT_CODES])
    assert FLAT_CODES not in "".join(made("load", Recording(people=1, takes=1), 1, 5, control=False)[0].fields)


def test_noise_drowns_one_column_and_is_always_the_same() -> None:
    samples = Samples({"a": np.random.default_rng(1).normal(0, 2, (50, 3, 40)).astype(np.float32), "b": np.ones(50)})
    loud = noisy(samples, "a")
    assert (loud["a"] - samples["a"]).std() == pytest.approx(6, rel=0.05)
    assert np.array_equal(loud["a"], noisy(samples, "a")["a"])
    assert loud["b"] is samples["b"]


def test_spread_is_not_led_astray_and_never_nothing() -> None:
    rows = np.random.default_rng(0).normal(5, 3, (4, 2, 5000))
    rows[:, 0, :40] = 1e6
    rows[:, 1] = 7
    middle, width = spread(rows)
    assert middle[:, 0].tolist() == pytest.approx([5, 7], abs=0.1)
    assert width[:, 0].tolist() == pytest.approx([3, 1], abs=0.1)
