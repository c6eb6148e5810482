from __future__ import annotations

import numpy as np
import pytest

from vultus.evaluation.encrypted.accuracy import (
    Scored,
    encrypted_scores,
    piped,
    plain_scores,
    plain_search,
    rates,
    top_one,
)
from vultus.evaluation.encrypted.faces import synthetic
from vultus.evaluation.encrypted.ours import DEFAULT, Ours
from vultus.metrics.verification import eer

FACES = synthetic(16, 30)


def test_every_pair_is_decrypted_and_equals_the_numbers_encrypted():
    system = Ours(512, 16, DEFAULT)
    scored = encrypted_scores(system, FACES, FACES.vectors, 1000.0)
    assert scored.n_encrypted == FACES.same.size
    assert scored.difference == 0.0
    assert np.abs(scored.scores - plain_scores(FACES, FACES.vectors)).max() < 0.02


def test_beyond_the_budget_the_same_numbers_in_the_clear():
    system = Ours(512, 16, DEFAULT)
    few = encrypted_scores(system, FACES, FACES.vectors, 0.0)
    assert few.n_encrypted == 2
    assert np.array_equal(few.scores, encrypted_scores(system, FACES, FACES.vectors, 1000.0).scores)


def test_rates_are_those_of_the_metrics():
    cosine = plain_scores(FACES, FACES.vectors)
    row = rates(FACES, ("plain", "float", "signed"), Scored(cosine, 0, 0.0), cosine, exact=True)
    assert row.eer == eer(cosine[FACES.same], cosine[~FACES.same])[0]
    assert (row.max_loss, row.agrees, row.top1) == (0.0, True, None)
    assert sum(row.genuine) + sum(row.impostor) == row.n_pairs == FACES.same.size
    assert len(row.edges) == len(row.genuine) + 1


@pytest.mark.parametrize(("difference", "exact", "agrees"), [(1e-9, True, False), (1e-9, False, True)])
def test_a_difference_counts_only_where_nothing_is_rounded(difference, exact, agrees):
    cosine = plain_scores(FACES, FACES.vectors)
    row = rates(FACES, ("x", "y", "signed"), Scored(cosine, 3, difference), cosine, exact=exact)
    assert row.agrees is agrees


def test_a_search_counts_who_is_alone_at_the_top():
    similarity = plain_search(FACES, FACES.vectors)
    enrolled, probes = FACES.first, FACES.twice[1]
    hits = FACES.people[enrolled][similarity.argmax(axis=1)] == FACES.people[probes]
    found = top_one(FACES, similarity)
    assert found.rate == hits.mean()
    assert (found.n_probes, found.n_enrolled) == (30, 30)
    assert top_one(FACES, np.zeros_like(similarity)).rate == 0.0


def test_min_max_is_another_comparison():
    mapped = piped(FACES, "min-max")
    assert (mapped >= 0).all()
    assert piped(FACES, "signed") is FACES.vectors
    assert plain_scores(FACES, mapped).min() > plain_scores(FACES, FACES.vectors).min()
