from __future__ import annotations

import numpy as np
import pytest

from vultus.evaluation.encrypted.costs import population
from vultus.evaluation.encrypted.ours import DEFAULT, OURS, How, Ours

VECTORS, _ = population(30, 1, 16)


@pytest.mark.parametrize(
    "how",
    [
        DEFAULT,
        How(nonces="full"),
        How(nonces="subgroup"),
        How(precision=12),
        How(packed=False),
        How(table=False, buckets=False, crt=False, owner=False),
        How(scheme="damgard_jurik"),
        How(scheme="okamoto_uchiyama"),
    ],
    ids=str,
)
def test_every_way_computes_the_plain_dot_product(how):
    system = Ours(512, 16, how)
    templates = system.encrypt(VECTORS)
    scores = system.decrypt(system.score(system.prepare(templates), VECTORS[3]))
    assert np.array_equal(scores, system.plain(VECTORS, VECTORS[3]))
    assert np.abs(scores - VECTORS @ VECTORS[3]).max() < 0.02
    assert system.facts.exact
    assert system.facts.block == system.slots == (1 if not how.packed else system.layout(16).slots)
    assert min(system.key_bytes) > 32


def test_a_part_of_the_dimensions_keeps_the_number_of_templates_per_block():
    system = Ours(512, 64, DEFAULT)
    assert system.layout(16).slots == system.layout(64).slots == system.slots
    templates = system.encrypt(VECTORS[: system.slots])
    assert len(templates.blocks) == 1
    assert system.template_bytes(templates) == pytest.approx(16 * 128 / system.slots)


def test_one_key_serves_two_ways():
    one = Ours(512, 16, DEFAULT)
    other = Ours(512, 16, How(crt=False), one.private)
    scores = one.score(one.prepare(one.encrypt(VECTORS)), VECTORS[0])
    assert np.array_equal(one.decrypt(scores), other.decrypt(scores))


def test_names_are_told_apart():
    assert len({choice.scheme for choice in OURS}) == len(OURS)
    assert DEFAULT.words == "Paillier, packed, 8 bits"
    assert How(nonces="full", packed=False).words == "Paillier, a template per ciphertext, full nonces, 8 bits"
