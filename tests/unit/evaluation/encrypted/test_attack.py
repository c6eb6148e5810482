from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vultus.evaluation.encrypted.attack import (
    bit_agreement,
    first_accepted,
    from_decisions,
    from_scores,
    probes,
    sign_agreement,
)
from vultus.evaluation.encrypted.costs import population, unit

TEMPLATES, _ = population(5, 1, 16)


def test_as_many_exact_scores_as_dimensions_give_the_template():
    asked = probes(16, 16)
    found = from_scores(asked, asked @ TEMPLATES.T, np.zeros(16))
    assert np.allclose(found, TEMPLATES)
    assert np.allclose(from_scores(asked, asked @ TEMPLATES.T, TEMPLATES[0]), TEMPLATES)


def test_fewer_scores_give_a_part_of_it():
    asked = probes(8, 16)
    answers = asked @ TEMPLATES.T
    cosine = np.einsum("nd,nd->n", from_scores(asked, answers, np.zeros(16)), TEMPLATES)
    assert (cosine < 0.99).all()
    assert cosine.mean() > 0.4
    near = unit(TEMPLATES[0] + 0.2 * TEMPLATES[1])
    assert from_scores(asked, answers, near)[0] @ TEMPLATES[0] > near @ TEMPLATES[0] - 1e-9


def test_probes_are_at_right_angles_and_of_length_one():
    asked = probes(20, 16)
    assert asked.shape == (20, 16)
    assert np.allclose(asked[:16] @ asked[:16].T, np.eye(16))
    assert np.allclose(np.linalg.norm(asked, axis=1), 1)


def test_decisions_alone_give_it_too_and_take_more_of_them():
    template = TEMPLATES[0]
    asked = []

    def accept(probe):
        asked.append(probe)
        return bool(probe @ template >= 0.4)

    start = unit(template + 0.5 * TEMPLATES[1])
    rough, fine = (from_decisions(accept, start, steps) for steps in (3, 14))
    assert fine.queries == 2 * 15 * 14
    assert len(asked) == rough.queries + fine.queries
    assert fine.template @ template > 0.999 > rough.template @ template


def test_the_first_face_that_is_accepted():
    assert first_accepted(lambda face: bool(face[0] > 0), np.array([[-1.0], [0.0], [2.0]])) == 2
    assert first_accepted(lambda face: False, TEMPLATES) is None


@given(st.binary(min_size=1, max_size=50))
def test_bits_agree_with_themselves_and_not_with_their_opposite(data):
    assert bit_agreement(data, data) == 1.0
    assert bit_agreement(data, bytes(255 - byte for byte in data)) == 0.0


def test_agreement_by_hand():
    assert bit_agreement(b"\x0f\x00", b"\x00\x00") == 0.75
    assert sign_agreement(np.array([1.0, -2.0, 3.0, 0.0]), np.array([2.0, 2.0, 1.0, 0.0])) == 0.75
