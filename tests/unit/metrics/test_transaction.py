"""Failures to acquire and to enrol, and the rates of whole transactions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vultus.errors import InputError, ShapeError
from vultus.metrics.transaction import far, frr, fta, fte, gfar, gfrr
from vultus.metrics.verification import fmr, fnmr

RATE = st.floats(0, 1)


def test_failures_are_shares():
    assert fta([True, True, False, True]) == 0.25
    assert fte(np.array([False, True])) == 0.5


@pytest.mark.parametrize("flags", [[], [0, 1], [[True]], [0.5, float("nan")]])
def test_failures_want_truth_values(flags):
    with pytest.raises(ShapeError, match="acquired must be a non-empty row of True and False"):
        fta(flags)
    with pytest.raises(ShapeError, match="enrolled must be a non-empty row of True and False"):
        fte(flags)


def test_transaction_rates_by_hand():
    assert far(0.01, 0.1) == pytest.approx(0.009)
    assert frr(0.02, 0.1) == pytest.approx(0.118)
    assert gfar(0.01, 0.1, 0.5) == pytest.approx(0.0045)
    assert gfrr(0.02, 0.1, 0.5) == pytest.approx(0.559)


@given(arrays(np.float64, 30, elements=st.floats(-1, 1)), st.integers(0, 20), st.floats(-1, 1))
def test_failures_in_the_scores_and_in_the_formula_agree(scores, failed, threshold):
    """A failed comparison is minus infinity in our scores, so that the rates over all of them are FAR and FRR."""
    padded = np.r_[scores, np.full(failed, -np.inf)]
    rate = failed / padded.size
    assert fmr(padded, threshold) == pytest.approx(far(fmr(scores, threshold), rate))
    assert fnmr(padded, threshold) == pytest.approx(frr(fnmr(scores, threshold), rate))


@given(RATE, RATE, RATE)
def test_transaction_rates_stay_rates_and_failures_cost(rate, fail, enrol):
    assert 0 <= gfar(rate, fail, enrol) <= far(rate, fail) <= rate <= frr(rate, fail) + 1e-12 <= 1 + 1e-12
    assert frr(rate, fail) <= gfrr(rate, fail, enrol) + 1e-12 <= 1 + 2e-12


@pytest.mark.parametrize("rates", [(-0.1, 0), (0, 1.1), (float("nan"), 0)])
def test_transaction_rates_refuse_what_is_no_rate(rates):
    for formula in (far, frr):
        with pytest.raises(InputError, match="an error rate lies between 0 and 1, not at"):
            formula(*rates)
    for formula in (gfar, gfrr):
        with pytest.raises(InputError, match="an error rate lies between 0 and 1, not at 7"):
            formula(0, 0, 7)
