from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vultus.errors import InputError, ShapeError, UnsupportedTargetError
from vultus.metrics.identification import (
    NOT_ENROLLED,
    fnir,
    fnir_at_fpir,
    fpir,
    mate_rank,
    searches,
    threshold_at_fpir,
)

SIMILARITY = np.array([[0.9, 0.1, 0.2], [0.7, 0.6, 0.1], [0.3, 0.5, 0.1], [-np.inf, -np.inf, -np.inf]])


def test_searches_of_a_hand_made_case():
    got = searches(SIMILARITY, [0, 1, NOT_ENROLLED, 2])
    # The second probe's mate comes second, the fourth probe has no face: both are missed whatever the threshold.
    assert got.mated.tolist() == [0.9, -np.inf, -np.inf]
    assert got.nonmated.tolist() == [0.5]
    assert searches(SIMILARITY, [0, 1, NOT_ENROLLED, 2], rank=2).mated.tolist() == [0.9, 0.6, -np.inf]
    assert fnir(got.mated, 0.8) == pytest.approx(2 / 3)
    assert fpir(got.nonmated, 0.5) == 1
    assert fpir(got.nonmated, 0.51) == 0


def test_no_mated_or_no_nonmated_probe_is_fine():
    assert searches(SIMILARITY, [NOT_ENROLLED] * 4).mated.size == 0
    assert searches(SIMILARITY, [0] * 4).nonmated.size == 0


def test_rank_counts_ties_against_the_mate():
    assert mate_rank([[0.5, 0.5, 0.1]], [0]).tolist() == [2]
    assert mate_rank(SIMILARITY[:2], [0, 1]).tolist() == [1, 2]
    with pytest.raises(InputError, match="only for probes whose person is enrolled"):
        mate_rank(SIMILARITY, [0, 1, NOT_ENROLLED, 2])


@given(arrays(np.float64, st.tuples(st.integers(1, 8), st.integers(1, 6)), elements=st.floats(-1, 1)), st.data())
def test_a_longer_candidate_list_never_misses_more(similarity, data):
    truth = data.draw(arrays(np.int64, len(similarity), elements=st.integers(-1, similarity.shape[1] - 1)))
    found = [np.isfinite(searches(similarity, truth, rank).mated).sum() for rank in range(1, similarity.shape[1] + 1)]
    assert found == sorted(found)
    assert found[-1] == (truth >= 0).sum() or np.unique(similarity).size < similarity.size


def test_fnir_at_fpir():
    nonmated = np.arange(300) / 1000
    assert threshold_at_fpir(nonmated, 0.01) == pytest.approx(0.296, abs=1e-9)
    assert fnir_at_fpir([0.9, 0.2, 0.1, 0.95], nonmated, 0.01) == 0.5
    with pytest.raises(UnsupportedTargetError, match=r"FPIR 0.001 is not supported.*300 non-mated.*0.01"):
        fnir_at_fpir([0.9], nonmated, 0.001)


def test_refusals():
    with pytest.raises(ShapeError, match=r"similarity must be \(probes, people\), but is of shape \(3,\)"):
        searches([0.1, 0.2, 0.3], [0])
    with pytest.raises(ShapeError, match="similarity must be without NaN"):
        searches([[np.nan]], [0])
    with pytest.raises(ShapeError, match=r"person must be of shape \(4,\)"):
        searches(SIMILARITY, [0])
    with pytest.raises(InputError, match="column numbers from 0 to 2, or -1 for nobody"):
        searches(SIMILARITY, [0, 1, 3, 2])
    with pytest.raises(InputError, match="a rank counts from 1, not 0"):
        searches(SIMILARITY, [0] * 4, rank=0)
