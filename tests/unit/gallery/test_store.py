from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from unit.gallery.fake import CONTRACT, DIMENSION, vector
from vultus.errors import StoreError, UnknownNameError
from vultus.gallery import database
from vultus.gallery import store as store_module
from vultus.gallery.record import NewFace
from vultus.gallery.store import Store

POINTS = tuple((float(at), 1.0) for at in range(5))


def new_face(who="ada", seed=0, picture=None, box=(0.0, 0.0, 10.0, 10.0), source="a.jpg") -> NewFace:
    digest = picture or f"{abs(hash((who, seed))):064x}"[-64:]
    return NewFace(source, digest, box, POINTS, 0.9, 0.8, ("blurred",), vector(who, 0.1, seed))


def put(store: Store, name: str, *faces: NewFace) -> list[int]:
    with store.writing() as writer:
        writer.bind(CONTRACT, DIMENSION)
        person_id = writer.person(name)
        return [writer.add(person_id, face) for face in faces]


@pytest.fixture
def store(path):
    store = Store(path)
    yield store
    store.close()


def run(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Another process with `put`, `new_face` and `Store` at hand."""
    head = "import sys; from pathlib import Path; from unit.gallery.test_store import Store, new_face, put\n"
    return subprocess.Popen(
        [sys.executable, "-c", head + code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_what_goes_in_comes_out(store):
    face = new_face()
    (face_id,) = put(store, "Ada", face)
    ((record, template),) = store.faces("Ada")
    assert record.face_id == face_id
    assert (record.source, record.picture, record.box_xyxy_px) == ("a.jpg", face.picture, face.box_xyxy_px)
    assert (record.landmarks_px, record.reasons, record.score, record.quality) == (POINTS, ("blurred",), 0.9, 0.8)
    assert record.enrolled_at.endswith("Z")
    np.testing.assert_array_equal(template, face.template)
    assert (store.contract(), store.dimension(), store.counts(), store.revision()) == (CONTRACT, DIMENSION, (1, 1), 1)
    assert store.person("Ada").n_faces == 1
    assert store.names() == ["Ada"]
    assert store.check() == []


def test_templates_are_one_matrix_by_person(store):
    put(store, "Ada", new_face(seed=0))
    put(store, "Bob", new_face("bob", 1), new_face("bob", 2))
    put(store, "Ada", new_face(seed=3))
    found = store.templates()
    assert list(found.names) == ["Ada", "Bob"]
    assert found.starts.tolist() == [0, 2]
    assert found.face_ids.tolist() == [1, 4, 2, 3]
    assert found.vectors.shape == (4, DIMENSION)
    assert found.vectors.dtype == np.float32
    np.testing.assert_array_equal(found.vectors[1], new_face(seed=3).template)
    assert found.revision == store.revision() == 3
    assert not found.vectors.flags.writeable


def test_templates_of_nobody(store):
    assert store.templates().vectors.shape == (0, 0)
    put(store, "Ada")
    assert store.templates().vectors.shape == (0, DIMENSION)


def test_all_or_nothing(store):
    def half():
        with store.writing() as writer:
            writer.bind(CONTRACT, DIMENSION)
            writer.add(writer.person("Ada"), new_face())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert (store.counts(), store.contract(), store.revision()) == ((0, 0), "", 0)


def test_unknown_person(store):
    put(store, "Ada Lovelace", new_face())
    for ask in (store.person, store.faces):
        with pytest.raises(UnknownNameError, match="unknown person 'Ada Lovelac'; did you mean 'Ada Lovelace'"):
            ask("Ada Lovelac")


def test_known(store):
    face = new_face()
    put(store, "Ada", face)
    with store.writing() as writer:
        writer.refuse("Ada", "ab" * 32, "options", ["blurred"])
    found, reasons = store.known("Ada", face.picture, "options")
    assert found is not None
    assert found.face_id == 1
    assert reasons == ()
    assert store.known("Bob", face.picture, "options") == (None, ())
    assert store.known("Ada", "ab" * 32, "options") == (None, ("blurred",))
    assert store.known("Ada", "ab" * 32, "others") == (None, ())


def test_closed(store):
    store.close()
    store.close()
    with pytest.raises(StoreError, match=r"the gallery .*people.vultus is closed; open it again"):
        store.revision()


def test_read_only(store, path):
    put(store, "Ada", new_face())
    reader = Store(path, read_only=True)
    assert reader.names() == ["Ada"]
    with (
        pytest.raises(StoreError, match="was opened read-only; open it with read_only=False to change it"),
        reader.writing(),
    ):
        pass
    put(store, "Bob", new_face("bob"))
    assert reader.names() == ["Ada", "Bob"]
    reader.close()


def test_readers_see_what_is_committed_and_nothing_else(store, path):
    reader = Store(path, read_only=True)
    with store.writing() as writer:
        writer.bind(CONTRACT, DIMENSION)
        writer.add(writer.person("Ada"), new_face())
        assert reader.counts() == (0, 0)
        assert reader.revision() == 0
    assert reader.counts() == (1, 1)
    assert reader.revision() == 1
    with reader.reading():
        assert reader.counts() == (1, 1)
        put(store, "Bob", new_face("bob"))
        assert reader.counts() == (1, 1)
        assert list(reader.templates().names) == ["Ada"]
    assert reader.counts() == (2, 2)
    reader.close()


def test_two_processes_write_at_once(path):
    Store(path).close()
    code = (
        "store = Store(Path(sys.argv[1]))\n"
        "for n in range(100): put(store, sys.argv[2], new_face(sys.argv[2], n, f'{n:062x}' + sys.argv[3]))"
    )
    writers = [run(code, str(path), name, tail) for name, tail in (("Ada", "aa"), ("Bob", "bb"))]
    for writer in writers:
        assert writer.communicate()[1] == ""
        assert writer.returncode == 0
    store = Store(path)
    assert [(person.name, person.n_faces) for person in store.people()] == [("Ada", 100), ("Bob", 100)]
    assert store.revision() == 200
    assert store.check() == []
    store.close()


def test_threads_share_a_store(store):
    def work(name):
        for n in range(20):
            put(store, name, new_face(name, n))
            store.templates()

    threads = [threading.Thread(target=work, args=(f"p{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.counts() == (4, 80)
    assert store.check() == []


def test_a_writer_that_never_ends(store, path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_S", 0.1)
    late = Store(path)
    with (
        store.writing(),
        pytest.raises(StoreError, match=r"another program has been writing to it for 0.1 s; try again"),
    ):
        put(late, "Ada", new_face())
    put(late, "Ada", new_face())
    late.close()


def test_the_disk_is_full(store):
    put(store, "Ada", new_face())
    store._connection.execute("PRAGMA max_page_count=12")
    with pytest.raises(StoreError, match="the disk is full; nothing of the last operation was kept"):
        put(store, "Bob", *(new_face("bob", n) for n in range(500)))
    assert store.counts() == (1, 1)
    assert store.check() == []
    store._connection.execute("PRAGMA max_page_count=100000")
    put(store, "Bob", *(new_face("bob", n) for n in range(500)))
    assert store.counts() == (2, 501)


def test_the_file_system_refuses_to_grow(store, path):
    put(store, "Ada", new_face())
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limit[1]))
    try:
        with pytest.raises(StoreError, match=r"the disk (refused|is full)"):
            put(store, "Bob", *(new_face("bob", n) for n in range(2000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert store.counts() == (1, 1)
    other = Store(path)
    assert (other.counts(), other.check()) == ((1, 1), [])
    other.close()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_really_full_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("mount is not allowed here")
    try:
        store = Store(disk / "people.vultus")
        kept = 0
        with pytest.raises(StoreError, match=r"the disk (refused|is full)"):  # noqa: PT012
            while True:
                put(store, f"p{kept}", *(new_face(f"p{kept}", n) for n in range(20)))
                kept += 1
        assert kept > 0
        assert store.counts() == (kept, 20 * kept)
        assert store.check() == []
        store.close()
        store = Store(disk / "people.vultus", read_only=True)
        assert store.counts() == (kept, 20 * kept)
        store.close()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("attempt", range(6))
def test_kill_while_writing(path, attempt):
    code = """
store, n = Store(Path(sys.argv[1])), 0
while True:
    put(store, f"p{n}", *(new_face(f"p{n}", k, f"{n:060x}{k:04x}") for k in range(7)))
    print(n, flush=True)
    n += 1
"""
    writer = run(code, str(path))
    assert writer.stdout is not None
    for _ in range(1 + 9 * attempt):
        acknowledged = int(writer.stdout.readline())
    writer.kill()
    rest = writer.stdout.read().split()  # communicate() would lose what readline() has read ahead
    writer.communicate()
    acknowledged = int(rest[-1]) if rest else acknowledged
    store = Store(path)
    people, faces = store.counts()
    assert people in (acknowledged + 1, acknowledged + 2), "at most the one that was not acknowledged is there too"
    assert faces == 7 * people
    assert store.check() == []
    store.close()


def changes(store: Store, count: int):
    """Add, rename, remove, over and over: yields after each change."""
    for n in range(count):
        put(store, f"p{n}", *(new_face(f"p{n}", k, f"{n:060x}{k:04x}") for k in range(3)))
        yield
        with store.writing() as writer:
            writer.rename(f"p{n}", f"q{n}")
        yield
        if n % 3:
            with store.writing() as writer:
                writer.remove(f"q{n}")
            store.forget()
            yield


@pytest.mark.parametrize("attempt", range(4))
def test_kill_while_changing(path, attempt, tmp_path):
    code = """
from unit.gallery.test_store import changes
for n, _ in enumerate(changes(Store(Path(sys.argv[1])), 10_000)):
    print(n, flush=True)
"""
    writer = run(code, str(path))
    assert writer.stdout is not None
    for _ in range(5 + 11 * attempt):
        acknowledged = int(writer.stdout.readline())
    writer.kill()
    rest = writer.stdout.read().split()  # communicate() would lose what readline() has read ahead
    writer.communicate()
    acknowledged = int(rest[-1]) if rest else acknowledged
    wanted, twin = [], Store(tmp_path / "twin.vultus")
    for n, _ in enumerate(changes(twin, 10_000)):
        if n >= acknowledged:
            wanted.append(twin.names())
        if n > acknowledged:
            break
    twin.close()
    store = Store(path)
    assert store.names() in wanted, "exactly what was acknowledged, or one change more"
    assert store.check() == []
    store.close()


def test_removed_bytes_are_gone_from_every_file(path):
    store = Store(path, vault=False)
    put(store, "Ada", *(new_face(seed=n, source="/secret/ada.jpg") for n in range(40)))
    put(store, "Bob", *(new_face("bob", n) for n in range(40)))
    wanted = [vector("ada", 0.1, n).tobytes()[:16] for n in range(40)] + [b"Ada", b"/secret/"]
    store.forget()

    def found():
        raw = b"".join(file.read_bytes() for file in path.parent.iterdir())
        return [pattern for pattern in wanted if pattern in raw]

    assert len(found()) == len(wanted)
    with store.writing() as writer:
        writer.remove("Ada")
    store.forget()
    assert found() == []
    assert store.counts() == (1, 40)
    store.close()


def test_check_finds_damage(store, path):
    put(store, "Ada", new_face())
    put(store, "Nobody")
    with store.writing() as writer:
        writer._connection.execute("UPDATE face SET template = ?", (bytes(4 * DIMENSION),))
    assert store.check() == ["'Nobody' has no face", "the template of face 1 is damaged"]
    with store.writing() as writer:
        writer._connection.execute("UPDATE face SET template = ?", (vector("ada").tobytes()[4:],))
    assert "the template of face 1 is damaged" in store.check()


def test_check_finds_faces_of_nobody(store):
    put(store, "Ada", new_face())
    store._connection.execute("PRAGMA foreign_keys=OFF")
    store._connection.execute("DELETE FROM person")
    assert store.check() == ["row 1 of face belongs to nobody"]


def test_check_finds_a_damaged_page(path):
    store = Store(path)
    for n in range(50):
        put(store, f"p{n}", *(new_face(f"p{n}", k) for k in range(5)))
    store.close()
    raw = bytearray(path.read_bytes())
    for page in range(len(raw) // 4096 - 12, len(raw) // 4096):
        raw[page * 4096 : page * 4096 + 200] = b"\xa5" * 200
    path.write_bytes(raw)
    store = Store(path)
    problems = store.check()
    assert problems
    assert not any("\n" in problem or problem.startswith("***") for problem in problems)
    with pytest.raises(StoreError, match="it is damaged"):
        store.templates()
    store.close()


def test_a_log_that_cannot_be_emptied_now_is_no_error(store, path, monkeypatch):
    put(store, "Ada", new_face())
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM face").fetchone()
    monkeypatch.setattr(store_module, "FORGET_MS", 50)
    store.forget()
    assert store._connection.execute("PRAGMA busy_timeout").fetchone()[0] == 30_000
    reader.close()
    store.forget()
    assert Path(f"{path}-wal").stat().st_size == 0
