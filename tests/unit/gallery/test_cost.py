from __future__ import annotations

import numpy as np
import pytest

from vultus.gallery.cost import FMR_TARGET, measure
from vultus.gallery.staging import Both
from vultus.metrics.verification import tmr_at_fmr


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def faces(n_people: int, each: int, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    people = np.repeat(np.arange(n_people), each)
    spread = np.random.default_rng(seed).normal(size=(len(people), 16))
    return unit(random.normal(size=(n_people, 16))[people] + noise * spread), people


def by_hand(one: np.ndarray, two: np.ndarray, people: np.ndarray) -> float:
    scores, same = one @ two.T, people[:, None] == people[None]
    return tmr_at_fmr(scores[same & ~np.eye(len(people), dtype=bool)], scores[~same], FMR_TARGET)


def test_rates_are_those_of_all_pairs_counted_by_hand():
    old, people = faces(30, 3, 0.9)
    new, _ = faces(30, 3, 0.5, seed=1)
    mapped, _ = faces(30, 3, 1.2, seed=2)
    found = measure(Both(old, new, people), mapped)
    assert found.old.value == pytest.approx(by_hand(old, old, people))
    assert found.new.value == pytest.approx(by_hand(new, new, people))
    assert found.mapped.value == pytest.approx(by_hand(mapped, new, people))
    assert (found.n_people, found.n_faces, found.n_genuine, found.n_impostor) == (30, 90, 180, 90 * 87)
    for rate in (found.old, found.new, found.mapped):
        assert 0 <= rate.low <= rate.value <= rate.high <= 1
        assert rate.low < rate.high
    assert found.new.value > found.old.value


def test_the_false_match_rate_of_mapped_templates_is_that_at_the_new_models_threshold():
    new, people = faces(40, 3, 0.5)
    crowded = unit(new + 1.5 * np.eye(16)[0])
    found = measure(Both(new, crowded, people), new)
    assert found.mapped_fmr < FMR_TARGET / 2
    alike = measure(Both(new, new, people), new)
    assert alike.mapped_fmr <= FMR_TARGET
    assert alike.mapped.value == alike.new.value


def test_large_galleries_are_drawn_from_and_the_draw_is_repeatable():
    old, people = faces(700, 4, 0.8)
    one, two = measure(Both(old, old, people)), measure(Both(old, old, people))
    assert one == two
    assert one.n_genuine == 700 * 12
    assert one.n_impostor == 30_000
    assert one.old.value == pytest.approx(by_hand(old, old, people), abs=0.02)
    assert one.mapped is None


def test_unknown_people_do_not_count_and_too_few_say_nothing():
    old, people = faces(20, 3, 0.5)
    nobody = np.where(people >= 15, -1 - np.arange(60), people)
    assert measure(Both(old, old, nobody)).n_people == 15
    # no two faces of anybody
    assert measure(Both(old[::3], old[::3], people[::3])) is None
    # too few comparisons for the rate
    assert measure(Both(old[:12], old[:12], people[:12])) is None
    empty = np.zeros((0, 16), dtype=np.float32)
    assert measure(Both(empty, empty, np.zeros(0, dtype=np.int64))) is None
