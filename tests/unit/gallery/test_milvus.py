from __future__ import annotations

import threading
from contextlib import closing

import numpy as np
import pytest

from unit.gallery.test_graph import faces, same
from vultus.errors import ConfigError, InputError, ShapeError, StoreError
from vultus.gallery import milvus
from vultus.gallery.copying import TOKEN
from vultus.gallery.milvus import MilvusDoor
from vultus.gallery.mirror import INDEXES, Mirror
from vultus.gallery.recall import RECALL
from vultus.gallery.search import ExactDoor
from vultus.gallery.templates import Changes, Templates

pytest.importorskip("pymilvus")
pytest.importorskip("milvus_lite")


@pytest.fixture
def uri(tmp_path):
    return str(tmp_path / "milvus.db")


@pytest.fixture(autouse=True)
def nowhere_else(monkeypatch):
    for name in (milvus.URI, TOKEN):
        monkeypatch.delenv(name, raising=False)


def names(answers):
    return [[one.name for one in row] for row in answers]


# ------------------------------------------------------------------------------------------------- templates in memory
@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize("rule", ["average", "best"])
@pytest.mark.parametrize("background", [0.0, 0.6])
def test_finds_whom_the_exact_door_finds(rule, background, index, uri):
    templates = faces(260, 2)
    exact = ExactDoor(templates, rule, background)
    probes = faces(20, 1, seed=1).vectors
    with closing(MilvusDoor(templates, rule, background, uri=uri, index=index)) as door:
        assert (door.n_people, door.n_templates) == (exact.n_people, exact.n_templates)
        assert (door.recall is None) == (index == "FLAT")
        assert door.recall is None or door.recall.share >= RECALL
        share = same(door.search(probes, 10), exact.search(probes, 10))
        assert share == 1 if index == "FLAT" else share >= 0.97
        assert door.search(probes[:0], 10) == []


@pytest.mark.parametrize("rule", ["average", "best"])
@pytest.mark.parametrize(("few", "chunk"), [(1000, 10_000), (5, 10_000), (5, 20)])
def test_filters(rule, few, chunk, uri, monkeypatch):
    """Answered by the record, by naming those who may not be found, and in handfuls of those who may."""
    monkeypatch.setattr(milvus, "_FEW_PEOPLE", few)
    monkeypatch.setattr(milvus, "_CHUNK_PEOPLE", chunk)
    templates = faces(150, 2)
    exact = ExactDoor(templates, rule, 0.4)
    probes = faces(9, 1, seed=1).vectors
    with closing(MilvusDoor(templates, rule, 0.4, uri=uri)) as door:
        for within in (np.arange(0, 150, 2), np.arange(140), np.array([3]), np.zeros(0, np.int64), np.arange(150)):
            assert door.count(within) == exact.count(within)
            ours, wanted = door.search(probes, 12, within), exact.search(probes, 12, within)
            assert [len(row) for row in ours] == [min(12, len(within))] * 9
            assert names(ours) == names(wanted)
        assert door.count() == exact.count()
        some = templates.person_ids[[2, 5, 9]]
        assert door.positions(np.append(some, 9999)).tolist() == [2, 5, 9]


def test_as_many_people_as_asked_for(uri, monkeypatch):
    """All the nearest templates are one person's."""
    monkeypatch.setattr(milvus, "MOST_HITS", 50)
    crowd, one = faces(100, 1), np.tile(faces(1, 1, seed=9).vectors, (300, 1))
    vectors = np.concatenate([crowd.vectors, one])
    templates = Templates(1, (*crowd.names, "one"), np.append(crowd.starts, 100), np.arange(400), vectors)
    exact = ExactDoor(templates, "best")
    with closing(MilvusDoor(templates, "best", uri=uri)) as door:
        for top in (1, 5, 101, 500):
            assert names(door.search(one[:1], top)) == names(exact.search(one[:1], top))


def test_milvus_that_finds_too_few(uri, monkeypatch):
    """Whatever the reason, the record has the answer."""
    templates = faces(30, 2)
    with closing(MilvusDoor(templates, "best", uri=uri)) as door:
        monkeypatch.setattr(Mirror, "search", lambda self, probes, *_: [np.array([3, 4])] + [np.array([], int)] * 9)
        found = door.search(templates.vectors[:2], 5, np.arange(1, 30))
    assert names(found) == names(ExactDoor(templates, "best").search(templates.vectors[:2], 5, np.arange(1, 30)))


def test_a_graph_that_misses_people_widens_and_tells(uri, monkeypatch):
    seen = []

    def blind(self, probes, limit, parts, condition, width):
        seen.append(width)
        return [np.arange(1, limit + 1) for _ in probes]

    monkeypatch.setattr(Mirror, "search", blind)
    with closing(MilvusDoor(faces(400, 1), uri=uri, index="HNSW")) as door:
        assert seen == [64, 128, 256, 512, 1024]
        assert door.recall.share < 0.5
        assert "use the exact door" in door.recall.shortfall()[0]


def test_nobody(uri):
    for templates in (faces(0, 1), Templates(0, (), np.zeros(0, int), np.zeros(0, int), np.zeros((0, 0), np.float32))):
        with closing(MilvusDoor(templates, uri=uri)) as door:
            assert door.search(np.ones((2, 32), np.float32), 3) == [[], []]
            assert (door.n_people, door.count()) == (0, 0)


def test_bad_arguments(uri):
    with closing(MilvusDoor(faces(20, 1), uri=uri)) as door:
        with pytest.raises(InputError, match="top must be at least 1, but is 0"):
            door.search(np.ones((1, 32), np.float32), 0)
        with pytest.raises(ShapeError, match=r"probes must be \(Q, 32\), but is \(1, 8\)"):
            door.search(np.ones((1, 8), np.float32), 1)
        with pytest.raises(InputError, match="within must hold positions from 0 to 19, but has 3 to 20"):
            door.search(np.ones((1, 32), np.float32), 1, np.array([3, 20]))
        assert door.update(Changes(2, np.zeros(0, int), faces(0, 1))) is False
    with pytest.raises(StoreError, match="the milvus door is closed; open the gallery again"):
        door.search(faces(1, 1).vectors, 1)
    door.close()
    with pytest.raises(ConfigError, match=r"the milvus door must know where Milvus is, a file \*.db or http"):
        MilvusDoor(faces(1, 1))


def test_the_environment_says_where(uri, monkeypatch):
    monkeypatch.setenv(milvus.URI, uri)
    monkeypatch.setenv(TOKEN, "root:Milvus")
    with closing(MilvusDoor(faces(3, 1))) as door:
        assert (door._copier.uri, door._copier._token) == (uri, "root:Milvus")


def test_many_threads(uri):
    templates = faces(200, 1)
    with closing(MilvusDoor(templates, uri=uri)) as door:
        wanted = names(door.search(templates.vectors[:32], 3))
        found = {}

        def look(at):
            found[at] = [names(door.search(templates.vectors[n : n + 1], 3))[0] for n in range(at, 32, 4)]

        threads = [threading.Thread(target=look, args=(at,)) for at in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {at: wanted[at::4] for at in range(4)}
