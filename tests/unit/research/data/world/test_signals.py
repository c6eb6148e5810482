"""Made physiology: what is true of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vultus.errors import UnknownNameError
from vultus.research.data.sample import disjoint
from vultus.research.data.world.signals import TASKS, Recording, codes, draw, pink, task_of

SMALL = Recording(people=2, takes=2, seconds=1.0)


@pytest.mark.parametrize("task", [one for one in TASKS if one.name != "eav"], ids=lambda task: task.name)
def test_rows_of_everybody_and_every_leaf(task) -> None:
    found = draw(task, SMALL, 3, first_person=7)
    assert len(found) == 2 * 2 * len(task.labels)
    assert found.subjects is not None
    assert set(found.subjects) == {7, 8}
    assert (np.bincount(found["label"]) == 4).all()
    for one in task.modalities:
        assert found[one.name].shape[1:] == (len(one.channels), 64)
        assert found[one.name].dtype == np.float32
        assert 0.3 < found[one.name].std() < 10
    again = draw(task, SMALL, 3, first_person=7)
    assert all(np.array_equal(found[key], again[key]) for key in found.fields)
    assert not np.array_equal(found["eeg"], draw(task, SMALL, 4, first_person=7)["eeg"])
    disjoint(found, draw(task, SMALL, 3, first_person=9))


def test_a_person_is_the_same_in_whatever_company() -> None:
    task = task_of("load")
    many = draw(task, replace(SMALL, people=3), 1)
    alone = draw(task, replace(SMALL, people=1), 1, first_person=2)
    assert np.array_equal(many["eeg"][many.subjects == 2], alone["eeg"])


def test_shapes_of_eav() -> None:
    found = draw(task_of("eav"), Recording(people=1, takes=1, seconds=5.0, rate_hz=100.0), 0)
    assert {key: found[key].shape[1:] for key in ("eeg", "video", "audio")} == {
        "eeg": (30, 500), "video": (25, 3, 56, 56), "audio": (1, 64, 157),
    }  # fmt: skip


def test_the_tree_of_emotions_and_of_sleep() -> None:
    emotion, sleep = task_of("emotion"), task_of("sleep")
    assert len(emotion.labels) == len(set(emotion.labels)) == 27
    far = emotion.distances
    assert (far[0, :3].tolist(), far[0, 3], far[0, 9]) == ([0, 1, 1], 2, 3)
    assert sleep.labels == ("W", "N1", "N2", "N3", "R")
    far = sleep.distances
    assert far[1, 2] == 1, "light sleep is near light sleep"
    assert far[1, 4] == 2, "and dreaming is sleep"
    assert (far[0, 1:] == 3).all()
    assert (np.diag(far) == 0).all()
    assert len(np.unique(emotion.groups(2))) == 9


def test_codes_follow_the_tree_and_their_control_does_not() -> None:
    task = task_of("emotion")
    eeg, face, body = task.modalities

    def spread(one, how, level: int) -> tuple[float, float]:
        made = [codes(task, one, how, np.random.default_rng(seed)) for seed in range(40)]
        same = task.distances <= level
        far = np.mean([np.linalg.norm(code[:, None] - code[None], axis=2) for code in made], axis=0)
        return float(far[same & ~np.eye(27, dtype=bool)].mean()), float(far[~same].mean())

    near, away = spread(eeg, Recording(), 1)
    assert near < 0.75 * away, "leaves of one branch are alike"
    near, away = spread(eeg, Recording(tree=False), 1)
    assert near == pytest.approx(away, rel=0.05)
    for one, groups in ((eeg, 27), (face, 9), (body, 3)):
        for tree in (True, False):
            code = codes(task, one, Recording(tree=tree), np.random.default_rng(0))
            assert len(np.unique(code.round(9), axis=0)) == groups, "a shallow modality cannot tell some leaves apart"
    long = [np.square(codes(task, eeg, Recording(tree=tree), np.random.default_rng(seed))).sum(1).mean()
            for tree in (True, False) for seed in range(40)]  # fmt: skip
    assert np.mean(long[:40]) == pytest.approx(np.mean(long[40:]), rel=0.1), "as long on average"


def test_louder_codes_are_louder_signals() -> None:
    task = task_of("load")
    quiet = Recording(people=1, takes=30, seconds=2.0, noise=0.0, scale=0.0, shift=0.0, jitter=0.0)
    found = draw(task, quiet, 5)
    level = {gain: draw(task, replace(quiet, gain=gain), 5)["eeg"].std((1, 2)) for gain in (0.0, 1.0)}
    assert np.ptp([level[0.0][found["label"] == one].mean() for one in range(3)]) < 0.02
    assert np.ptp([level[1.0][found["label"] == one].mean() for one in range(3)]) > 0.05


def test_pink_noise_is_pink() -> None:
    noise = pink(np.random.default_rng(0), (200, 256))
    assert noise.std() == pytest.approx(1.0)
    power = np.square(np.abs(np.fft.rfft(noise, axis=1))).mean(0)
    assert power[4] / power[64] == pytest.approx(16, rel=0.3)


def test_an_unknown_task() -> None:
    with pytest.raises(
        UnknownNameError, match=r"unknown task 'emotoin'; did you mean 'emotion'.*Known: emotion, sleep"
    ):
        task_of("emotoin")
