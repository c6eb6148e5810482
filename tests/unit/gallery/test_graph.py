from __future__ import annotations

import threading

import numpy as np
import pytest

from vultus.errors import InputError, MissingExtraError, ShapeError
from vultus.gallery import Gallery, graph
from vultus.gallery.doors import Recall, open_door
from vultus.gallery.graph import GraphDoor
from vultus.gallery.recall import RECALL, probes_like
from vultus.gallery.search import ExactDoor
from vultus.gallery.templates import Templates


def faces(n_people: int, each: int, *, dimension: int = 32, seed: int = 0) -> Templates:
    """People about a common direction, as embeddings of real networks lie."""
    random = np.random.default_rng(seed)
    rows = 0.12 * random.normal(size=(n_people, 1, dimension)) + np.eye(dimension)[0]
    rows = (rows + 0.06 * random.normal(size=(n_people, each, dimension))).reshape(-1, dimension)
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    names = tuple(f"p{n}" for n in range(n_people))
    return Templates(1, names, np.arange(n_people) * each, np.arange(n_people * each) + 7, vectors)


def same(ours, theirs) -> float:
    """Part of their names that are ours; the similarities of those must be equal."""
    shared = 0
    for one, other in zip(ours, theirs, strict=True):
        known = {candidate.name: candidate for candidate in other}
        for candidate in one:
            if candidate.name in known:
                shared += 1
                assert candidate.similarity == pytest.approx(known[candidate.name].similarity, abs=1e-6)
                assert candidate.face_id == known[candidate.name].face_id
    return shared / sum(len(other) for other in theirs)


@pytest.mark.parametrize("rule", ["average", "best"])
@pytest.mark.parametrize("background", [0.0, 0.6])
def test_proposes_whom_the_exact_door_finds(rule, background, monkeypatch):
    templates = faces(1500, 3)
    door, exact = GraphDoor(templates, rule, background), ExactDoor(templates, rule, background)
    assert (door.n_people, door.n_templates) == (exact.n_people, exact.n_templates)
    assert door.recall is not None
    assert door.recall.share >= RECALL
    probes = faces(40, 1, seed=1).vectors
    wanted = exact.search(probes, 10)
    monkeypatch.setattr(ExactDoor, "search", None)
    assert same(door.search(probes, 10), wanted) >= 0.97, "strangers too"
    assert same(door.search(probes[:1], 10), wanted[:1]) >= 0.8, "one probe at a time"


def test_somebody_with_scattered_pictures():
    """Their mean is short, and their offset large."""
    templates = faces(400, 1)
    probe = templates.vectors[:1]
    scattered = np.tile(probe, (2, 1)) + 0.45 * np.eye(32, dtype=np.float32)[[5, 6]] * [[1], [-1]]
    scattered = (scattered / np.linalg.norm(scattered, axis=1, keepdims=True)).astype(np.float32)
    rows = np.concatenate([templates.vectors, scattered])
    both = Templates(1, (*templates.names, "scattered"), np.append(templates.starts, 400), np.arange(402), rows)
    (ours,), (wanted,) = (kind(both, "average", 0.6).search(probe, 5) for kind in (GraphDoor, ExactDoor))
    assert [one.name for one in ours] == [one.name for one in wanted]
    assert "scattered" in [one.name for one in ours]


def test_lengthened_rows_are_nearest_where_they_are_most_similar():
    random = np.random.default_rng(0)
    rows, offsets = random.normal(size=(300, 8)).astype(np.float32), random.normal(size=300).astype(np.float32)
    probe = random.normal(size=8).astype(np.float32)
    found = graph._build(rows, offsets).search(np.array([*probe, 1, 0], np.float32), 300, exact=True).keys
    similarities = rows @ probe + offsets
    assert np.all(np.diff(similarities[found.astype(int)]) < 0.02), "in falling order, as far as half precision sees"


def test_small_galleries_are_searched_exactly():
    for templates in (faces(0, 1), faces(1, 1), faces(40, 3)):
        door = GraphDoor(templates)
        assert door.recall is None
        probes = faces(3, 1, seed=1).vectors
        assert door.search(probes[:0], 4) == []
        assert door.search(probes, 4) == ExactDoor(templates).search(probes, 4)


def test_as_many_people_as_asked_for():
    """All the nearest templates are one person's, and another request is for more people than the graph proposes."""
    crowd, one = faces(300, 1), np.tile(faces(1, 1, seed=9).vectors, (500, 1))
    vectors = np.concatenate([crowd.vectors, one])
    templates = Templates(1, (*crowd.names, "one"), np.append(crowd.starts, 300), np.arange(800), vectors)
    door, exact = GraphDoor(templates, "best"), ExactDoor(templates, "best")
    door._width = 64
    assert door.search(one[:1], 5) == exact.search(one[:1], 5)
    assert same(door.search(one[:1], 250), exact.search(one[:1], 250)) == 1


def test_a_graph_that_misses_people_widens_and_tells(monkeypatch):
    seen = []

    def blind(self, probes, width):
        seen.append(width)
        return [np.arange(width) for _ in probes]

    monkeypatch.setattr(GraphDoor, "_near", blind)
    door = GraphDoor(faces(4000, 1))
    assert seen == [64, 128, 256, 512, 1024]
    assert door.recall is not None
    assert door.recall.share < 0.5
    (problem,) = door.recall.shortfall()
    assert "of the 10 most similar people instead of 99%; use the exact door" in problem
    assert Recall(0.99, 10, 200, 0.99).shortfall() == []


def test_templates_that_cancel_out_can_be_measured():
    vectors = np.tile(np.array([[1, 0], [-1, 0]], np.float32), (200, 1))
    templates = Templates(1, tuple(map(str, range(400))), np.arange(400), np.arange(400), vectors)
    door = GraphDoor(templates)
    assert door.recall is not None
    assert np.isfinite(probes_like(vectors)).all()


def test_many_threads():
    templates = faces(1000, 1)
    door = GraphDoor(templates)
    wanted = door.search(templates.vectors[:64], 3)
    found = {}

    def look(at):
        found[at] = [door.search(templates.vectors[n : n + 1], 3)[0] for n in range(at, 64, 4)]

    threads = [threading.Thread(target=look, args=(at,)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for at, answers in found.items():
        assert [one[0].name for one in answers] == [wanted[n][0].name for n in range(at, 64, 4)]
    assert len(found) == 4


def test_bad_arguments():
    door = GraphDoor(faces(200, 1))
    with pytest.raises(InputError, match="top must be at least 1, but is 0"):
        door.search(np.ones((1, 32), np.float32), 0)
    with pytest.raises(ShapeError, match=r"probes must be \(Q, 32\), but is \(1, 8\)"):
        door.search(np.ones((1, 8), np.float32), 1)


def test_without_usearch(monkeypatch, tmp_path):
    monkeypatch.setattr("vultus.gallery.doors.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'usearch is not installed; run: pip install "vultus\[graph\]"'):
        open_door("graph", faces(2, 1), "average")
    with pytest.raises(MissingExtraError, match="usearch is not installed"):
        Gallery.open(tmp_path / "a.vultus", door="graph")
    assert not (tmp_path / "a.vultus").exists()


def test_a_small_graph_is_always_the_same():
    crowd = faces(600, 1)
    probes = crowd.vectors[::7]
    first = GraphDoor(crowd)
    again = [GraphDoor(crowd) for _ in range(4)]
    assert {door.recall for door in again} == {first.recall}
    assert all(door.search(probes, 10) == first.search(probes, 10) for door in again)
