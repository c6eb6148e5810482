from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import recall_score, roc_curve

from vultus.errors import InputError, ShapeError, UnsupportedTargetError
from vultus.metrics.pad import (
    APCER_TARGETS,
    apcer,
    bpcer,
    bpcer_at_apcer,
    half_total_error,
    pad_rates,
    threshold_at_apcer,
)

SCORES = st.integers(-8, 8).map(lambda n: n / 8)
ATTACKS = st.lists(st.tuples(SCORES, st.sampled_from(["print", "replay", "mask"])), min_size=1, max_size=40)


def test_rates_by_hand():
    people = [0.9, 0.8, 0.4, -np.inf]
    attacks = [0.1, 0.6, 0.2, 0.7, 0.5, -np.inf]
    species = ["print", "print", "replay", "replay", "replay", "replay"]
    rates = pad_rates(people, attacks, species, 0.5)
    assert rates.apcer_of == {"print": 1 / 2, "replay": 2 / 4}
    assert (rates.worst, rates.apcer, rates.bpcer, rates.acer) == ("print", 1 / 2, 2 / 4, 1 / 2)
    assert rates.threshold == 0.5
    assert bpcer(people, 0.3) == 1 / 4
    assert apcer(attacks, species, 0.65) == {"print": 0, "replay": 1 / 4}


def test_the_worst_species_is_the_headline_not_the_mean():
    attacks, species = np.r_[np.zeros(990), np.ones(10)], ["print"] * 990 + ["mask"] * 10
    assert pad_rates([0.9], attacks, species, 0.5).apcer == 1


def test_apcer_agrees_with_the_recall_of_scikit_learn():
    random = np.random.default_rng(1)
    attacks, species = random.random(500), random.integers(0, 4, 500)
    rates = apcer(attacks, species, 0.7)
    for name in range(4):
        own = attacks[species == name] >= 0.7
        assert rates[name] == pytest.approx(1 - recall_score(np.zeros(own.size), own, pos_label=0))


@pytest.mark.parametrize("target", APCER_TARGETS)
def test_bpcer_at_apcer_agrees_with_the_roc_of_scikit_learn(target):
    random = np.random.default_rng(2)
    people, attacks = random.normal(2, 1, 400), random.normal(0, 1, 900)
    far, hit, _ = roc_curve(np.r_[np.ones(400), np.zeros(900)], np.r_[people, attacks], drop_intermediate=False)
    assert bpcer_at_apcer(people, attacks, ["print"] * 900, target) == pytest.approx(1 - hit[far <= target].max())


def test_bpcer_at_apcer_keeps_every_species_below_the_target():
    random = np.random.default_rng(5)
    attacks, species = random.random(1200), np.repeat([0, 1, 2], 400)
    attacks[species == 2] += 0.5
    threshold = threshold_at_apcer(attacks, species, 0.05)
    assert max(apcer(attacks, species, threshold).values()) == apcer(attacks, species, threshold)[2] == 0.05
    people = random.random(100) + 1
    assert bpcer_at_apcer(people, attacks, species, 0.05) == bpcer(people, threshold)


def test_a_target_the_rarest_species_cannot_support_is_refused():
    attacks, species = np.linspace(0, 1, 500), ["print"] * 450 + ["mask"] * 50
    why = "APCER 0.01 is not supported: there are only 50 attacks of species 'mask'"
    with pytest.raises(UnsupportedTargetError, match=why) as caught:
        bpcer_at_apcer([0.5], attacks, species, 0.01)
    assert caught.value.smallest == 0.06
    assert bpcer_at_apcer([0.5], attacks, species, 0.06) == 1


@given(ATTACKS, st.floats(0, 1))
def test_the_threshold_is_the_smallest_that_holds_for_every_species(attacks, target):
    scores, species = zip(*attacks, strict=True)
    threshold = threshold_at_apcer(scores, species, target)
    assert max(apcer(scores, species, threshold).values()) <= target + 1e-9
    if np.isfinite(threshold):
        assert max(apcer(scores, species, np.nextafter(threshold, -np.inf)).values()) > target


@given(ATTACKS, SCORES, SCORES)
def test_a_higher_threshold_lets_fewer_attacks_in(attacks, first, second):
    scores, species = zip(*attacks, strict=True)
    low, high = sorted([first, second])
    loose, strict = apcer(scores, species, low), apcer(scores, species, high)
    assert all(strict[name] <= loose[name] for name in loose)


@given(ATTACKS, SCORES, st.randoms())
def test_names_and_order_of_species_change_nothing(attacks, threshold, random):
    scores, species = zip(*attacks, strict=True)
    other = {"print": "a", "replay": "b", "mask": "c"}
    shuffled = random.sample(attacks, len(attacks))
    renamed = apcer([s for s, _ in shuffled], [other[n] for _, n in shuffled], threshold)
    assert renamed == {other[name]: rate for name, rate in apcer(scores, species, threshold).items()}


def test_half_total_error_takes_its_threshold_from_the_development_set():
    development = ([0.6, 0.7, 0.8, 0.9], [0.1, 0.2, 0.3, 0.4])
    test = ([0.5, 0.7, 0.75, 0.8], [0.1, 0.2, 0.3, 0.65])
    result = half_total_error(development, test)
    assert 0.4 < result.threshold <= 0.6
    assert (result.far, result.frr, result.hter) == (1 / 4, 1 / 4, 1 / 4)


@given(arrays(np.float64, 20, elements=SCORES), arrays(np.float64, 30, elements=SCORES))
def test_half_total_error_ignores_what_the_test_set_would_have_liked(people, attacks):
    development = ([1.0, 2.0], [-2.0, -1.0])
    result = half_total_error(development, (people, attacks))
    assert result.threshold == half_total_error(development, (attacks, people)).threshold
    assert result.hter == pytest.approx(((attacks >= result.threshold).mean() + (people < result.threshold).mean()) / 2)


def test_half_total_error_refuses_the_test_set_as_development_set():
    same = ([0.5, 0.9], [0.1, 0.2])
    with pytest.raises(InputError, match="the development set is the test set"):
        half_total_error(same, (np.array(same[0]), np.array(same[1])))


def test_one_class_nan_and_gaps_are_refused():
    with pytest.raises(ShapeError, match="bona fide scores must be at least one score, but is empty"):
        pad_rates([], [0.1], ["print"], 0.5)
    with pytest.raises(ShapeError, match="attack scores must be at least one score, but is empty"):
        apcer([], [], 0.5)
    with pytest.raises(ShapeError, match=r"attack scores must be finite or -inf, but is NaN"):
        apcer([float("nan")], ["print"], 0.5)
    with pytest.raises(ShapeError, match=r"species must be of shape \(2,\)"):
        apcer([0.1, 0.2], ["print"], 0.5)
    with pytest.raises(ShapeError, match="species must be all text or all whole numbers"):
        apcer([0.1, 0.2], ["print", None], 0.5)
    with pytest.raises(ShapeError, match="PAD scores must be at least one score, but is empty"):
        half_total_error(([1.0], [0.0]), ([1.0], []))
