from __future__ import annotations

import numpy as np

from unit.gallery.fake import vector
from vultus.gallery.denial import Denials
from vultus.types import Candidate


def denials(*pairs: tuple[str, str]) -> Denials:
    vectors = np.array([vector(who) for _, who in pairs], dtype=np.float32).reshape(len(pairs), 32)
    return Denials(tuple(name for name, _ in pairs), vectors)


def ranked(**similarity: float) -> list[Candidate]:
    return [Candidate(name, value) for name, value in similarity.items()]


def test_who_looks_more_like_a_denied_face_is_not_the_person():
    said = denials(("Ada", "zoe"), ("Ada", "eve"), ("Bob", "kim"))
    probes = np.stack([vector("zoe"), vector("ada")])
    kept = said.without(probes, [ranked(Ada=0.9, Bob=0.5), ranked(Ada=1.0, Bob=0.5)])
    assert [[one.name for one in row] for row in kept] == [["Bob"], ["Ada", "Bob"]]


def test_how_many_people_a_probe_may_lose():
    said = denials(("Ada", "zoe"), ("Ada", "zoe"), ("Bob", "zoe"), ("Eve", "kim"))
    assert said.most(np.stack([vector("zoe"), vector("kim")]), 0.9) == 2
    assert said.most(vector("nobody")[None], 0.9) == 0
    assert said.most(np.zeros((0, 32), np.float32), 0.9) == 0


def test_the_faces_of_one_person():
    said = denials(("Ada", "zoe"), ("Bob", "kim"), ("Ada", "eve"))
    np.testing.assert_array_equal(said.of("Ada"), np.stack([vector("zoe"), vector("eve")]))
    assert said.of("nobody").shape == (0, 32)
    assert (len(said), len(denials())) == (3, 0)
