from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import ConfigError, InputError, ShapeError, UnknownNameError
from vultus.gallery.alignment import METHODS, fit, held_out
from vultus.metrics.verification import tmr_at_fmr


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def turned(count: int = 400, one: int = 16, two: int = 16, noise: float = 0.0, seed: int = 0):
    """Points and the same points turned and shifted; not of unit length, so that the algebra is exact."""
    random = np.random.default_rng(seed)
    turn = np.linalg.qr(random.normal(size=(max(one, two), max(one, two))))[0][:one, :two]
    first = random.normal(size=(count, one)) * np.linspace(1, 2, one)
    second = first @ turn + random.normal(size=two) + noise * random.normal(size=(count, two))
    return first, second, turn


def made_up_people(n_people: int = 60, each: int = 4, seed: int = 0):
    """Two networks' views of the same people: other turns, other stretches, noise of their own, a common direction."""
    random = np.random.default_rng(seed)
    who = np.repeat(np.arange(n_people), each)
    truth = random.normal(size=(n_people, 12))[who]
    spaces = []
    for dimension, push in ((24, 3.0), (20, 0.5)):
        seen = truth + 0.3 * random.normal(size=truth.shape)
        spread = random.normal(size=(12, dimension)) * np.linspace(0.5, 1.5, dimension)
        spaces.append(unit(seen @ spread / 4 + push * np.eye(dimension)[0]))
    return spaces[0], spaces[1], who


@pytest.mark.parametrize("method", ["procrustes", "least_squares"])
def test_a_turn_is_found_again(method):
    first, second, turn = turned()
    found = fit(first, second, method)
    assert found.stretch == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(found.weight, turn, atol=1e-6)
    np.testing.assert_allclose(found.target_mean - found.source_mean @ turn, (second - first @ turn)[0], atol=1e-6)
    np.testing.assert_allclose(found.apply(first), unit(second), atol=1e-5)


def test_ridge_without_strength_is_least_squares_and_strength_is_chosen_small_where_nothing_is_noise():
    first, second, turn = turned(noise=0.1)
    plain = fit(first, second, "least_squares").weight
    np.testing.assert_allclose(fit(first, second, "ridge", setting=0).weight, plain, atol=1e-12)
    np.testing.assert_allclose(fit(first, second, "ridge", setting=1e-9).weight, plain, atol=1e-6)
    assert fit(first, second).setting < 1e-2
    np.testing.assert_allclose(fit(*turned()[:2]).weight, turn, atol=1e-2)


def test_ridge_agrees_with_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model")
    first, second, _ = turned(80, 10, 7, noise=0.5)
    ours = fit(first, second, "ridge", setting=0.7)
    centred = first - first.mean(axis=0)
    theirs = linear_model.Ridge(alpha=0.7 * np.trace(centred.T @ centred) / 10).fit(first, second)
    np.testing.assert_allclose(ours.weight / ours.stretch, theirs.coef_.T, atol=1e-8)


def test_procrustes_agrees_with_scipy():
    linalg = pytest.importorskip("scipy.linalg")
    first, second, _ = turned(noise=0.5)
    theirs = linalg.orthogonal_procrustes(first - first.mean(axis=0), second - second.mean(axis=0))[0]
    ours = fit(first, second, "procrustes")
    np.testing.assert_allclose(ours.weight / ours.stretch, theirs, atol=1e-9)


@pytest.mark.parametrize(("one", "two"), [(12, 20), (20, 12)])
def test_between_spaces_of_different_length_a_turn_is_a_partial_isometry(one, two):
    first, second, _ = turned(one=one, two=two, noise=0.3)
    found = fit(first, second, "procrustes")
    weight = found.weight / found.stretch
    small = weight @ weight.T if one < two else weight.T @ weight
    np.testing.assert_allclose(small, np.eye(min(one, two)), atol=1e-9)
    assert found.apply(first).shape == second.shape


def test_low_rank_has_the_rank_asked_for_and_is_the_turn_at_full_rank():
    first, second, _ = turned(noise=0.3)
    assert np.linalg.matrix_rank(fit(first, second, "low_rank", setting=5).weight) == 5
    np.testing.assert_allclose(
        fit(first, second, "low_rank", setting=16).weight, fit(first, second, "procrustes").weight, atol=1e-9
    )
    assert 1 <= fit(first, second, "low_rank").setting <= 16


@pytest.mark.parametrize("method", METHODS)
def test_people_held_out_are_told_apart_across_spaces_and_permuted_pairs_teach_nothing(method):
    first, second, who = made_up_people()
    same = who[:, None] == who[None]
    other = ~np.eye(len(who), dtype=bool)

    def rate(mapped: np.ndarray) -> float:
        scores = mapped @ second.T
        return tmr_at_fmr(scores[same & other], scores[~same], 1e-2)

    own = rate(second)
    assert rate(held_out(first, second, method, people=who)) > 0.6 * own
    shuffled = np.random.default_rng(1).permutation(len(who))
    mapped = fit(first, second[shuffled], method).apply(first)
    assert rate(mapped) < 0.1


def test_answers_for_unseen_faces_are_as_far_from_the_mean_as_true_ones():
    first, second, who = made_up_people(120)
    seen = who < 60
    found = fit(first[seen], second[seen], setting=10.0, people=who[seen])
    guess = (first[~seen] - found.source_mean) @ found.weight
    truth = second[~seen] - found.target_mean
    assert found.stretch > 1.5
    assert np.linalg.norm(guess, axis=1).mean() == pytest.approx(np.linalg.norm(truth, axis=1).mean(), rel=0.1)


def test_nobody_is_mapped_by_a_map_that_has_seen_them():
    first, second, who = made_up_people(20)
    before = held_out(first, second, "procrustes", people=who)
    changed = second.copy()
    changed[who == 3] = unit(np.random.default_rng(5).normal(size=changed[who == 3].shape))
    after = held_out(first, changed, "procrustes", people=who)
    np.testing.assert_allclose(before[who == 3], after[who == 3], atol=1e-6)
    assert not np.allclose(before, after, atol=1e-6)


@given(st.integers(2, 12), st.integers(1, 6), st.integers(1, 6), st.sampled_from(METHODS), st.integers(0, 99))
def test_any_pairs_give_finite_unit_rows(count, one, two, method, seed):
    random = np.random.default_rng(seed)
    first, second = random.normal(size=(count, one)), random.normal(size=(count, two))
    mapped = fit(first, second, method).apply(first)
    assert mapped.dtype == np.float32
    assert mapped.shape == second.shape
    assert np.isfinite(mapped).all()
    lengths = np.linalg.norm(mapped, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-3) | (lengths == 0))


def test_the_same_pairs_give_the_same_map():
    first, second, who = made_up_people(30)
    one, two = (fit(first, second, people=who) for _ in range(2))
    assert np.array_equal(one.weight, two.weight)
    assert (one.setting, one.stretch, one.n_pairs) == (two.setting, two.stretch, 120)


def test_what_cannot_be_fitted():
    rows = np.eye(4)
    with pytest.raises(UnknownNameError, match="unknown method 'rigde'; did you mean 'ridge'"):
        fit(rows, rows, "rigde")
    with pytest.raises(ShapeError, match="at least 2 rows"):
        fit(rows[:1], rows[:1])
    with pytest.raises(ShapeError, match="source must be finite"):
        fit(np.where(rows > 0, np.nan, 0), rows)
    with pytest.raises(ShapeError, match=r"as many rows as the source \(4\), but is of 3"):
        fit(rows, rows[:3])
    with pytest.raises(ShapeError, match=r"one per face \(4\), but is 2"):
        fit(rows, rows, people=["a", "b"])
    with pytest.raises(InputError, match="at least 2 people"):
        fit(rows, rows, people=["a"] * 4)
    with pytest.raises(ConfigError, match="strength of a ridge must be 0 or more, but is -1"):
        fit(rows, rows, setting=-1)
    with pytest.raises(ConfigError, match="rank must lie between 1 and 4, but is 9"):
        fit(rows, rows, "low_rank", setting=9)
    found = fit(rows, rows, "procrustes")
    with pytest.raises(ShapeError, match=r"vectors must be \(N, 4\)"):
        found.apply(np.zeros((2, 3)))
    with pytest.raises(ShapeError, match="vectors must be finite"):
        found.apply(np.full((1, 4), np.inf))
