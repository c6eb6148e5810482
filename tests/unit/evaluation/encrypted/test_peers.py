"""The peers' own packages, with keys as short as they allow: what they compute must be what is said of them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from vultus.errors import MissingExtraError
from vultus.evaluation.encrypted.costs import min_max, population, unit
from vultus.evaluation.encrypted.peers import (
    PEERS,
    LightPhe,
    PythonPaillier,
    TenSeal,
    TenSealSingle,
    decimal_dot,
    load,
    whole_numbers,
)

VECTORS, _ = population(40, 1, 12)
PROBE = VECTORS[7]


def check(system, vectors, probe, tolerance):
    templates = system.encrypt(vectors)
    scores = system.decrypt(system.score(system.prepare(templates), probe))[: len(vectors)]
    assert np.abs(scores - system.plain(vectors, probe)).max() <= tolerance
    assert np.abs(scores - vectors @ probe).max() < 0.02
    assert system.template_bytes(templates) > 0
    assert min(system.key_bytes) > 0
    return scores


@pytest.mark.parametrize("algorithm", ["Paillier", "Damgard-Jurik", "Okamoto-Uchiyama"])
@pytest.mark.parametrize("digits", [5, 19])
def test_lightphe_equals_its_own_decimals(algorithm, digits):
    pytest.importorskip("lightphe")
    low, high = float(VECTORS.min()), float(VECTORS.max())
    positive = min_max(VECTORS[:1, :4], low, high)
    system = LightPhe(320, algorithm, digits)
    check(system, positive, positive[0], 0.0)
    assert system.facts.pipeline == "min-max"
    assert system.facts.exact


@pytest.mark.parametrize("whole", [True, False])
def test_python_paillier_equals_the_sum_of_its_own_numbers(whole):
    pytest.importorskip("phe")
    system = PythonPaillier(256, whole)
    check(system, VECTORS[:1], PROBE, 0.0 if whole else 1e-12)
    assert system.facts.modulus_bits == 256
    assert system.template_bytes(system.encrypt(VECTORS[:1])) == pytest.approx(12 * 64, rel=0.05)


@pytest.mark.parametrize(
    ("make", "tolerance"),
    [
        (lambda: TenSeal(8192, (60, 40, 60), 40), 1e-6),
        (lambda: TenSeal(8192, (60, 40, 60), 40, rescale=True), 1e-6),
        (lambda: TenSeal(4096, (55, 54), 26), 1e-4),
        (lambda: TenSeal(4096), 0.0),
        (TenSealSingle, 1e-4),
    ],
)
def test_tenseal_in_each_way(make, tolerance):
    pytest.importorskip("tenseal")
    system = make()
    check(system, VECTORS[: system.facts.block], PROBE, tolerance)
    assert system.facts.exact == (tolerance == 0)


def test_tenseal_leaves_out_dimensions_that_weigh_nothing():
    pytest.importorskip("tenseal")
    probe = PROBE.copy()
    probe[3] = 0.0
    check(TenSeal(4096), VECTORS, unit(probe), 0.0)


def test_decimals_are_cut_and_summed_exactly():
    left, right = np.array([[0.123456789, 0.9]]), np.array([0.5, 0.25])
    expected = Fraction(12345 * 50000 + 90000 * 25000, 10**10)
    assert decimal_dot(left, right, 5)[0] == float(expected)
    assert decimal_dot(left, right, 19)[0] == pytest.approx(float(left[0] @ right), abs=1e-15)


def test_whole_numbers_use_the_whole_range():
    numbers, scale = whole_numbers(np.array([[0.5, -0.25], [0.1, 0.0]]))
    assert numbers.max() == 127
    assert scale == 254.0
    assert numbers.tolist() == [[127, -64], [25, 0]]


def test_a_package_that_is_not_there_is_named_with_its_extra():
    with pytest.raises(MissingExtraError, match=r'pip install "vultus\[peers\]"'):
        load("vultus_no_such_package")


def test_every_peer_can_be_asked_for_by_one_name():
    names = [(choice.backend, choice.scheme) for choice in PEERS]
    assert len(set(names)) == len(names)
    assert {backend for backend, _ in names} == {"lightphe", "phe", "tenseal"}
    assert all(not choice.keyed for choice in PEERS if choice.backend == "tenseal")


def test_the_name_of_a_choice_is_the_name_of_its_system():
    pytest.importorskip("tenseal")
    for choice in PEERS:
        if choice.backend == "tenseal" and "a template" not in choice.scheme:
            assert choice.build(0, 12).facts.scheme == choice.scheme
