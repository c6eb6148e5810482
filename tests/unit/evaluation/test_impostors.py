from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import InputError, ShapeError
from vultus.evaluation import impostors
from vultus.evaluation.impostors import count_impostor, highest_impostors, sampled_impostors


def all_pairs(vectors, people):
    a, b = np.triu_indices(len(people), 1)
    keep = people[a] != people[b]
    scores = np.einsum("pd,pd->p", vectors[a[keep]], vectors[b[keep]])
    return np.sort(scores)[::-1], a[keep], b[keep]


def test_count_is_the_number_of_pairs(make_population):
    _, people = make_population(7, 3)
    assert count_impostor(np.bincount(people)) == 21 * 20 // 2 - 7 * 3
    assert count_impostor([5]) == 0


@pytest.mark.parametrize("block", [7, 64, 1024])
@pytest.mark.parametrize("keep", [1, 50, 10_000_000])
def test_highest_are_the_highest_of_all_pairs(make_population, monkeypatch, block, keep):
    monkeypatch.setattr(impostors, "_BLOCK", block)
    vectors, people = make_population(40, 4)
    wanted, _, _ = all_pairs(vectors, people)
    got = highest_impostors(vectors, people, keep)
    assert got.total == wanted.size
    assert got.scores == pytest.approx(wanted[:keep], abs=1e-6)
    assert (people[got.a] != people[got.b]).all()
    assert np.einsum("pd,pd->p", vectors[got.a], vectors[got.b]) == pytest.approx(got.scores, abs=1e-6)
    assert len({frozenset(pair) for pair in zip(got.a.tolist(), got.b.tolist(), strict=True)}) == got.scores.size
    assert got.first(1).scores.tolist() == got.scores[:1].tolist()


def test_a_sample_has_the_distribution_of_all(make_population):
    vectors, people = make_population(60, 3)
    wanted, _, _ = all_pairs(vectors, people)
    got = sampled_impostors(vectors, people, 200_000)
    assert got.total == wanted.size
    assert (people[got.a] != people[got.b]).all()
    for rate in (0.5, 0.1, 0.01):
        there = got.scores[int(rate * got.scores.size)]
        assert (wanted >= there).mean() == pytest.approx(rate, rel=0.1)
    assert (np.diff(got.scores) <= 0).all()


def test_refusals(make_population):
    vectors, people = make_population(3, 2)
    with pytest.raises(InputError, match="impostor comparisons need pictures of at least two people"):
        highest_impostors(vectors, np.zeros(6, dtype=np.int64), 10)
    with pytest.raises(ShapeError, match=r"vectors must be float32 \(N, D\), but is float64 \(6, 16\)"):
        highest_impostors(vectors.astype(np.float64), people, 10)
    with pytest.raises(ShapeError, match=r"subjects must be of shape \(6,\)"):
        sampled_impostors(vectors, people[:5], 10)
    vectors[2] = np.nan
    with pytest.raises(ShapeError, match=r"vectors must be finite \(leave out the pictures without a face\)"):
        highest_impostors(vectors, people, 10)
