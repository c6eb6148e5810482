"""Searches of templates, held against a loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vultus.evaluation.acquire import Acquired
from vultus.evaluation.sets.ijb import pool
from vultus.evaluation.sets.searchset import Listed, SearchSet
from vultus.evaluation.tasks import searching
from vultus.evaluation.tasks.identification import NEVER, Terms, evaluate_identification


def made(random: np.random.Generator, n: int = 60):
    """Pictures of templates, some without a face; people 0 to 9 in the first gallery, 10 to 19 in the second."""
    vectors = random.normal(size=(n, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    there = random.random(n) < 0.8
    vectors[~there] = np.nan
    template = np.concatenate([np.arange(40), random.integers(0, 40, n - 40)])
    medium = random.integers(0, 3, n)
    whose = np.concatenate([np.arange(20), random.integers(0, 25, 20)])
    # person 0 has two templates in the gallery
    rows = [np.array([*range(10), 20]), np.arange(10, 20)]
    whose[20] = 0
    lists = tuple(Listed(name, at, whose[at] + 100) for name, at in zip(("G1", "G2"), rows, strict=True))
    searched = np.arange(21, 40)
    wanted = SearchSet(tuple(map(Path, map(str, range(n)))), template, medium, lists,
                       Listed("probe", searched, whose[searched] + 100))  # fmt: skip
    return wanted, Acquired(vectors, there, {})


def test_as_in_a_loop(monkeypatch) -> None:
    wanted, got = made(np.random.default_rng(5))
    monkeypatch.setattr(searching, "acquire", lambda engine, images, progress: got)
    monkeypatch.setattr(searching, "_BLOCK", 7)
    found, _ = searching.search_set(None, wanted)
    vectors, there = pool(got.vectors, got.acquired, wanted.template, wanted.medium)
    row = 0
    for gallery in wanted.galleries:
        for template, person in zip(wanted.searches.template, wanted.searches.person, strict=True):
            best = {}
            for other, name in zip(gallery.template, gallery.person, strict=True):
                both = there[template] and there[other]
                score = float(vectors[template] @ vectors[other]) if both else -np.inf
                best[int(name)] = max(best.get(int(name), -np.inf), score)
            own = best.get(int(person), -np.inf)
            assert found.enrolled[row] == (int(person) in best)
            np.testing.assert_allclose([found.mate[row], found.best[row]], [own, max(best.values())], rtol=1e-5)
            rank = NEVER if own == -np.inf else sum(score >= own - 1e-7 for score in best.values())
            assert found.rank[row] == rank
            row += 1
    assert row == found.best.size
    assert found.n_people == 10
    assert "G1 (10) and G2 (10)" in found.warnings[0]


def test_figures_of_a_system_that_knows_everybody(monkeypatch) -> None:
    """Each person in a direction of their own."""
    eye = np.eye(6, dtype=np.float32)
    people = [0, 1, 2, 3, 0, 1, 2, 3, 4]
    got = Acquired(eye[people], np.ones(9, bool), {})
    monkeypatch.setattr(searching, "acquire", lambda engine, images, progress: got)
    at = np.arange(9)
    lists = (Listed("G1", at[:2], np.array([0, 1])), Listed("G2", at[2:4], np.array([2, 3])))
    wanted = SearchSet((Path("x"),) * 9, at, at, lists, Listed("probe", at[4:], np.array(people[4:])))
    found, _ = searching.search_set(None, wanted)
    assert found.enrolled.sum() == 4
    assert found.nonmated().tolist() == [0.0] * 6
    report = evaluate_identification(found, "made", Terms(thresholds=(0.5,), repeats=20))
    assert report.value("fnir", "threshold 0.5, rank 1") == 0
    assert report.value("fpir", "threshold 0.5") == 0
    assert report.value("cmc", "rank 1") == 1
    alone = SearchSet(wanted.images, at, at, lists[:1], wanted.searches)
    assert searching.search_set(None, alone)[0].warnings == ()
