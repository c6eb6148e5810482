from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vultus.evaluation.encrypted.costs import affordable, measure, median, min_max, population, processor_s, unit
from vultus.evaluation.encrypted.peers import Choice, Facts


@dataclass
class Clear:
    """A system without encryption, which may answer wrongly."""

    wrong: float = 0.0
    exact: bool = True
    widths: tuple[int, ...] = ()

    @property
    def facts(self):
        return Facts("clear", "none", "signed", 0, "53 bits", "53 bits", 4, self.exact)

    key_bytes = (3, 5)

    def encrypt(self, vectors):
        self.widths += (vectors.shape[1],)
        return vectors

    def prepare(self, templates):
        return templates

    def score(self, templates, probe):
        return templates @ probe

    def decrypt(self, scores):
        return scores + self.wrong

    def plain(self, vectors, probe):
        return vectors @ probe

    def template_bytes(self, templates):
        return 8.0 * templates.shape[1]


def costs(system, dimension=24, budget_s=0.05):
    vectors, _ = population(5, 1, dimension)
    choice = Choice("clear", "none", lambda bits, dimension: system)
    return measure(choice, 512, vectors, vectors[4], budget_s)


def test_a_row_tells_what_was_measured_and_that_it_agrees():
    row = costs(Clear())
    assert (row.backend, row.bits, row.dimension, row.measured_dimension, row.block) == ("clear", 512, 24, 24, 4)
    assert row.agrees
    assert row.difference == 0.0
    assert row.template_bytes == 24 * 8
    assert (row.public_key_bytes, row.private_key_bytes) == (3, 5)
    assert min(row.encrypt_s, row.dot_s, row.decrypt_s, row.keygen_s) > 0


@pytest.mark.parametrize(("wrong", "exact", "agrees"), [(1e-9, True, False), (1e-9, False, True), (1e-3, False, False)])
def test_a_system_that_answers_wrongly_is_caught(wrong, exact, agrees):
    row = costs(Clear(wrong=wrong, exact=exact))
    assert row.agrees is agrees
    assert row.difference == pytest.approx(wrong)


def test_dimensions_beyond_the_budget_are_scaled_and_said(monkeypatch):
    monkeypatch.setattr("vultus.evaluation.encrypted.costs.processor_s", lambda run: (run(), 1.0)[1])
    assert affordable(Clear(), np.ones((4, 64)), 4.0) == 32
    row = costs(Clear(), dimension=64, budget_s=1.0)
    assert (row.dimension, row.measured_dimension) == (64, 8)
    assert row.encrypt_s == pytest.approx(1.0 * 8 / 4)
    assert row.template_bytes == 64 * 8


def test_the_median_stops_when_the_budget_is_spent():
    calls = []
    assert median(lambda: calls.append(1), 7, 1000.0)[1] == len(calls) == 7
    assert median(lambda: calls.append(1), 7, 0.0)[1] == 1


def test_work_counts_and_waiting_does_not():
    assert processor_s(lambda: sum(range(2_000_000))) > 0.005
    assert processor_s(lambda: time.sleep(0.05)) < 0.04


@given(arrays(np.float64, (3, 8), elements=st.floats(-0.9, 0.9)), st.floats(-1, 0), st.floats(0.1, 1))
def test_min_max_gives_non_negative_unit_vectors(vectors, low, high):
    vectors[:, 0], vectors[:, 1] = -0.5, 0.5
    out = min_max(vectors, low, high)
    assert (out >= 0).all()
    assert np.allclose(np.linalg.norm(out, axis=1), 1)


def test_min_max_is_the_formula_within_common_bounds():
    row = np.array([[0.6, -0.8]])
    assert np.allclose(min_max(row, -1.0, 1.0), unit(np.array([[0.8, 0.1]])))
    assert np.allclose(min_max(row, -0.1, 0.1), unit(np.array([[1.0, 0.0]]))), "its own values extend the bounds"


def test_synthetic_people_are_alike_and_strangers_are_not():
    vectors, people = population(50, 2, 128)
    similarity = vectors @ vectors.T
    same = people[:, None] == people[None]
    assert vectors.shape == (100, 128)
    assert similarity[same].mean() > similarity[~same].mean() + 0.3
    assert np.array_equal(vectors, population(50, 2, 128)[0])
