from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from vultus.errors import ConfigError, MissingExtraError, StoreError
from vultus.gallery import mirror as mirror_file
from vultus.gallery.mirror import Mirror, Rows, connect, is_file, listed, patient, tidy

pymilvus = pytest.importorskip("pymilvus")
MilvusException = pymilvus.exceptions.MilvusException
SERVER = "http://user:secret@milvus.example:19530"


@pytest.fixture
def waits(monkeypatch):
    """How long it would have waited."""
    found = []
    monkeypatch.setattr(mirror_file.time, "sleep", found.append)
    return found


class Client:
    """Answers what it is told, one after another, and keeps what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __getattr__(self, name):
        def call(*args, **named):
            self.asked.append((name, args, named))
            answer = self.answers.pop(0) if self.answers else None
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def busy(code=8, **named):
    return MilvusException(code, "rate limit exceeded", **named)


def rows(numbers, people):
    """Unit vectors; row 3 is the third, of face 103."""
    numbers = np.array(numbers)
    return Rows(
        numbers, np.array(people), np.eye(9, 4, dtype=np.float32)[numbers - 1], (numbers[:, None] + 100).tolist()
    )


def made(*answers, index="FLAT", level="Strong"):
    client = Client(*answers)
    return Mirror(client, SERVER, "vultus_1", 4, index, level), client


# ------------------------------------------------------------------------------------------------------- patience
@pytest.mark.parametrize(
    "trouble", [busy(), busy(2), busy(1, retriable=True), busy("grpc: unavailable"), ConnectionResetError("reset")]
)
def test_waits_longer_and_longer(trouble, waits):
    mirror, client = made(trouble, trouble, trouble, [{"count(*)": 7}])
    assert mirror.count() == 7
    assert len(client.asked) == 4
    assert len(waits) == 3
    assert 0.1 <= waits[0] <= 0.2 <= waits[1] <= 0.4 <= waits[2] <= 0.8
    assert all(asked == client.asked[0] for asked in client.asked), "the same call again"


def test_gives_up_after_a_while(waits):
    mirror, client = made(*[busy()] * 99)
    with pytest.raises(
        StoreError,
        match=r"no answer from Milvus at http://milvus.example:19530 to 6 attempts to flush: rate limit exceeded",
    ) as caught:
        mirror.settle()
    assert "secret" not in str(caught.value)
    assert len(client.asked) == 6
    assert sum(waits) < 7


def test_what_cannot_pass_is_told_at_once(waits):
    mirror, client = made(MilvusException(6, "field vector: wrong dimension\nstack"))
    with pytest.raises(StoreError, match=r"could not store templates in Milvus at .*: field vector: wrong dimension$"):
        mirror.note({})
    assert (len(client.asked), waits) == (1, [])


def test_other_errors_are_not_touched(waits):
    with pytest.raises(ZeroDivisionError):
        patient(lambda: 1 / 0, SERVER, "divide")
    assert waits == []


def test_a_collection_that_is_there_is_not_made(waits):
    """The answer to the first call was lost, not the call."""
    mirror, client = made(ConnectionResetError("reset"), True)
    mirror._do("make a collection", mirror._make)
    assert [asked[0] for asked in client.asked] == ["has_collection", "has_collection"]


# -------------------------------------------------------------------------------------------------------- requests
def test_templates_go_in_batches(monkeypatch):
    monkeypatch.setattr(mirror_file, "_BATCH_ROWS", 3)
    mirror, client = made(False, None)
    mirror.put("staff", rows(range(1, 8), range(10, 80, 10)))
    names = [asked[0] for asked in client.asked]
    assert names == ["has_partition", "create_partition", "upsert", "upsert", "upsert"]
    assert [len(asked[1][1]) for asked in client.asked[2:]] == [3, 3, 1]
    sent = [row for asked in client.asked[2:] for row in asked[1][1]]
    assert [row["person"] for row in sent] == [10, 20, 30, 40, 50, 60, 70]
    assert [row["faces"] for row in sent] == [[101], [102], [103], [104], [105], [106], [107]]
    partitions = {asked[2]["partition_name"] for asked in client.asked[2:]}
    assert len(partitions) == 1
    assert not any("staff" in partition for partition in partitions)
    mirror.drop(range(7, 0, -1))
    assert [asked[2]["ids"] for asked in client.asked[5:]] == [[1, 2, 3], [4, 5, 6], [7]]


def test_searches_as_fresh_and_as_wide_as_told(monkeypatch):
    monkeypatch.setattr(mirror_file, "_CHUNK_HITS", 20)
    hits = [{"entity": {"person": 5}}, {"entity": {"person": 3}}]
    mirror, client = made(True, None, [hits, hits], [hits], index="HNSW", level="Bounded")
    mirror.put("staff", rows([1], [5]))
    found = mirror.search(np.eye(3, 4, dtype=np.float32), 10, ["staff", "nobody"], "person in [5,3]", 64)
    assert [row.tolist() for row in found] == [[5, 3]] * 3
    _, args, named = client.asked[-1]
    assert args == ("vultus_1",)
    assert [len(asked[2]["data"]) for asked in client.asked[2:]] == [2, 1]
    assert (named["limit"], named["filter"], named["consistency_level"]) == (10, "person in [5,3]", "Bounded")
    assert named["search_params"] == {"params": {"ef": 64}}
    assert len(named["partition_names"]) == 1
    assert [len(row) for row in mirror.search(np.eye(2, 4, dtype=np.float32), 10, ["nobody"], "", 64)] == [0, 0]


def test_waits_for_the_index(waits, monkeypatch):
    now = iter([0.0, *[float(n) for n in range(9)]])
    monkeypatch.setattr(mirror_file.time, "monotonic", lambda: next(now))
    building, pending, done = (
        {"state": state, "pending_index_rows": rows}
        for state, rows in (("InProgress", 0), ("Finished", 5), ("Finished", 0))
    )
    mirror, client = made(building, pending, done)
    mirror.finish()
    assert [asked[0] for asked in client.asked] == ["describe_index"] * 3
    assert waits == [2.0, 2.0]
    monkeypatch.setattr(mirror_file, "_INDEX_TIMEOUT_S", 2.0)
    mirror, _ = made(*[building] * 9)
    with pytest.raises(StoreError, match=r"the index in Milvus at .* is not built after 2 s; look at its index nodes"):
        mirror.finish()


def test_more_parts_than_milvus_takes(monkeypatch):
    monkeypatch.setattr(mirror_file, "MOST_PARTS", 2)
    mirror, _ = made(*[False, None, None] * 3)
    mirror._parts = {"_default"}
    mirror.put("a", rows([1], [1]))
    mirror.put("b", rows([2], [2]))
    with pytest.raises(StoreError, match="the milvus door takes 2 collections of people, and this gallery has more"):
        mirror.put("c", rows([3], [3]))


def test_wrong_settings():
    with pytest.raises(ConfigError, match=r"the index of Milvus must be one of FLAT, HNSW, HNSW_SQ, but is 'IVF'"):
        made(index="IVF")
    with pytest.raises(ConfigError, match=r"the consistency level of Milvus must be one of Strong.*, but is 'weak'"):
        made(level="weak")


# ------------------------------------------------------------------------------------------------------- addresses
def test_addresses():
    assert tidy(SERVER) == "http://milvus.example:19530"
    assert tidy("people.db") == "people.db"
    assert is_file("folder/people.db")
    assert not is_file(SERVER)
    assert listed([3, 1]) == "[3,1]"
    with pytest.raises(ConfigError, match=r"the address of Milvus must be a file \*.db or http://host:port, but is"):
        connect("ftp://user:secret@host")


@pytest.mark.parametrize(("missing", "told"), [("pymilvus", "pymilvus"), ("milvus_lite", "milvus-lite")])
def test_without_the_packages(missing, told, monkeypatch, tmp_path):
    monkeypatch.setattr(mirror_file, "find_spec", lambda name: None if name == missing else SimpleNamespace())
    with pytest.raises(MissingExtraError, match=rf'{told} is not installed; run: pip install "vultus\[milvus\]"'):
        connect(str(tmp_path / "milvus.db"))


def test_nobody_there(waits):
    with pytest.raises(StoreError, match=r"no answer from Milvus at http://127.0.0.1:9 to 6 attempts to open"):
        connect("http://127.0.0.1:9")
    assert len(waits) >= 5
    assert logging.getLogger("pymilvus").level == logging.CRITICAL


# ------------------------------------------------------------------------------------------------------ Milvus Lite
pytest.importorskip("milvus_lite")


@pytest.fixture
def lite(tmp_path):
    uri = str(tmp_path / "deep" / "milvus.db")
    mirror = Mirror(connect(uri), uri, "vultus_1", 4, "FLAT", "Strong")
    yield mirror
    mirror.close()


def test_a_life_in_a_file(lite):
    assert lite.open() is None
    assert lite.exists()
    lite.put("staff", rows([1, 2, 3], [1, 1, 2]))
    lite.put("guests", rows([4], [3]))
    lite.note({"revision": 5})
    assert lite.state() == {"revision": 5}
    assert lite.count() == 4, "the state is not counted"
    assert lite.rows_of(np.array([1, 3])) == {1: [101], 2: [102], 4: [104]}
    assert lite.rows_of(np.array([1, 3]), "guests") == {4: [104]}
    assert lite.rows_of(np.array([1, 3]), "nobody") == lite.rows_of(np.zeros(0, np.int64)) == {}
    for settled in (False, True):
        if settled:
            lite.settle()
            lite.finish()
        probe = np.array([[0.1, 0.9, 0.5, 0.7]], np.float32)
        assert lite.search(probe, 9, ["staff", "guests"], "", 0)[0].tolist() == [1, 3, 2, 1]
        assert lite.search(probe, 2, ["staff"], "", 0)[0].tolist() == [1, 2]
        assert lite.search(probe, 9, ["staff", "guests"], "person not in [1]", 0)[0].tolist() == [3, 2]
    assert lite.drop([2, 99]) == 2
    assert lite.search(probe, 9, ["staff"], "", 0)[0].tolist() == [2, 1]
    lite.purge()
    assert lite.count() == 3
    assert lite.open() == {"revision": 5}
    lite.renew()
    assert lite.state() is None
    assert lite.count() == 0
    lite.clear()
    assert not lite.exists()


def test_what_a_kill_leaves_of_a_collection_is_cleared_away(lite, tmp_path):
    remains = tmp_path / "deep" / "milvus.db" / "collections" / "vultus_1" / "wal"
    remains.mkdir(parents=True)
    (remains / "wal_data_000001.arrow").write_bytes(b"part of a template")
    assert lite.open() is None
    assert lite.count() == 0
    assert not list((tmp_path / "deep").rglob("wal_data_000001.arrow"))


def test_a_file_is_for_its_owner_and_let_go(lite, tmp_path):
    folder = tmp_path / "deep"
    assert folder.stat().st_mode & 0o077 == (folder / "milvus.db").stat().st_mode & 0o077 == 0
    again = Mirror(connect(lite._uri), lite._uri, "vultus_1", 4, "FLAT", "Strong")
    again.close()
    assert lite.open() is None, "the other door of this program still works"


def test_a_file_that_another_program_has_open(tmp_path, waits):
    fcntl = pytest.importorskip("fcntl")
    path = tmp_path / "milvus.db"
    path.mkdir()
    with Path(path / "LOCK").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(
            StoreError, match=r"could not open the connection in .*; another program may have it open: a file"
        ):
            connect(str(path))
    mirror = Mirror(connect(str(path)), str(path), "vultus_1", 4, "FLAT", "Strong")
    mirror.close()
