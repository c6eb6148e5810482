"""Dependence on attributes of people beside scipy, and planted attributes that vary more and less inside people."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from vultus.errors import InputError, ShapeError
from vultus.evaluation.geometry.macro import Distances, MacroTerms, entropies, macroscale, spearman


def drawn(
    shift: float, people: int = 60, pictures: int = 3, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings, people and an attribute that moves people apart by `shift`."""
    random = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), pictures)
    label = np.where(who % 2 == 0, 1.0, -1.0)
    centre = random.normal(size=(people, 16))
    centre[:, 0] += shift * np.where(np.arange(people) % 2 == 0, 1, -1)
    return centre[who] + 0.1 * random.normal(size=(len(who), 16)), who, label


def test_ks_is_scipys() -> None:
    random = np.random.default_rng(1)
    rows, side = random.normal(size=(50, 8)), random.random(50) < 0.4
    rows[side, 0] += 1
    flat = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    far = 1 - flat @ flat.T
    left, right = np.triu_indices(50, 1)
    kinds = [side[left] & side[right], ~(side[left] | side[right]), side[left] != side[right]]
    inside, outside, across = (far[left, right][kind] for kind in kinds)
    found = Distances(rows).ks(side)
    assert found[0] == pytest.approx(stats.ks_2samp(inside, across).statistic, abs=1e-6)
    assert found[1] == pytest.approx(stats.ks_2samp(outside, across).statistic, abs=1e-6)
    assert Distances(rows).ks(side, np.ones(50, int)) == found
    assert np.isnan(Distances(rows).ks(np.ones(50, bool))).all()


def test_spearman_is_scipys() -> None:
    random = np.random.default_rng(2)
    one = random.integers(0, 6, 30).astype(float)
    other = one + random.normal(size=30) * 3
    rho, p = spearman(one, other)
    theirs = stats.spearmanr(one, other)
    assert rho == pytest.approx(theirs.statistic)
    assert p == pytest.approx(theirs.pvalue, abs=0.02)
    assert np.isnan(spearman(one[:2], other[:2])).all()
    assert np.isnan(spearman(np.ones(5), other[:5])).all()


def test_entropies_by_hand() -> None:
    people = np.repeat([0, 1, 2, 3], 2)
    within, _ = entropies(np.array([1, 1, -1, -1, 1, -1, 1, np.nan]), people)
    assert within == pytest.approx(np.log(2) / 4)
    grid = np.linspace(-1, 1, 101)
    density = np.exp(-0.5 * ((grid - 1) / 0.1) ** 2)
    density /= density.sum()
    _, between = entropies(np.ones(8), people)
    assert between == pytest.approx(-(density * np.log(density)).sum(), abs=1e-6)
    assert entropies(np.tile([1.0, -1.0], 4), people)[1] > between


def test_an_attribute_that_divides_people_is_found_and_another_is_not() -> None:
    vectors, people, label = drawn(2.0)
    nothing = np.where(np.random.default_rng(3).random(60) < 0.5, 1.0, -1.0)[people]
    vectors[0] = np.nan
    seen = []
    labels = {"divides": label, "nothing": nothing, "rare": np.where(people == 1, 1.0, -1.0)}
    found = macroscale(vectors, people, labels, MacroTerms(repeats=50), lambda: seen.append(1))
    divides, nothing_row, rare = found["attributes"]
    assert len(seen) == 3
    assert found["pictures"] == 179
    assert divides["ks"] > 3 * divides["by_chance"]
    assert divides["low"] <= divides["ks"] <= divides["high"] + 0.05
    assert divides["ks_max"] == max(divides["ks_with"], divides["ks_without"])
    assert (divides["probe"] > 0.9, divides["probe_by_chance"] < 0.75) == (True, True)
    assert (divides["entropy_within"], divides["with"]) == (0.0, 30)
    assert nothing_row["ks"] < 0.3
    assert (rare["ks"], rare["remark"]) == (None, "fewer than 20 people on a side")
    assert np.isnan(found["spearman"]["entropy_within"]["rho"])


def test_an_attribute_nobody_knows() -> None:
    vectors, people, _ = drawn(0.0)
    row = macroscale(vectors, people, {"x": np.full(len(people), np.nan)})["attributes"][0]
    assert row["ks"] is None
    assert np.isnan(row["entropy_within"])


def test_shuffled_labels_are_told() -> None:
    vectors, people, label = drawn(0.0, people=200, seed=5)
    row = macroscale(vectors, people, {"x": label}, MacroTerms(people=50, repeats=50))["attributes"][0]
    assert (row["with"], row["without"]) == (50, 50)
    assert row["remark"] == "no more than shuffled labels give"


def test_what_does_not_fit_is_refused() -> None:
    vectors, people, label = drawn(0.0)
    with pytest.raises(ShapeError, match="one for each of 180 embeddings"):
        macroscale(vectors, people, {"x": label[:-1]})
    with pytest.raises(InputError, match="a geometry of attributes needs at least one attribute"):
        macroscale(vectors, people, {})
