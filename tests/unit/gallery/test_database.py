from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vultus.errors import StoreError
from vultus.gallery import database
from vultus.gallery.database import Glance, connect, explain
from vultus.gallery.store import Store


def made(path):
    connect(path, create=True, read_only=False).close()
    return path


def test_a_new_file_is_for_its_owner_only(path):
    old = os.umask(0)
    try:
        connection = connect(path, create=True, read_only=False)
        connection.execute("UPDATE meta SET value = 1 WHERE key = 'revision'")
        for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        connection.close()
    finally:
        os.umask(old)


def test_pragmas(path):
    connection = connect(path, create=True, read_only=False)
    read = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "application_id", "user_version")
    }
    connection.close()
    assert read == {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
        "application_id": 0x56554C54,
        "user_version": database.SCHEMA,
    }


def test_missing_folders_are_made(tmp_path):
    assert made(tmp_path / "a" / "b" / "people.vultus").exists()


def test_an_empty_file_is_a_gallery_not_yet_begun(path):
    path.touch(0o644)
    made(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(("create", "read_only"), [(False, False), (True, True)])
def test_no_file(path, create, read_only):
    with pytest.raises(StoreError, match=r"there is no gallery at .*people.vultus; make one: vultus enroll"):
        connect(path, create=create, read_only=read_only)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"hello", b"\x89PNG\r\n\x1a\n" + bytes(5000), bytes(4096), b"SQLite"])
def test_a_foreign_file(path, content):
    path.write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(StoreError, match=r"people.vultus is no Vultus gallery; name another file"):
            connect(path, create=True, read_only=read_only)
    assert path.read_bytes() == content


def test_an_empty_file_cannot_be_read(path):
    path.touch()
    with pytest.raises(StoreError, match="is no Vultus gallery"):
        connect(path, create=True, read_only=True)


@pytest.mark.parametrize("wal", [False, True])
def test_a_foreign_database(path, wal):
    other = sqlite3.connect(path)
    if wal:
        other.execute("PRAGMA journal_mode=WAL")
    other.execute("CREATE TABLE person (name TEXT)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is no Vultus gallery"):
        connect(path, create=True, read_only=False)
    assert path.read_bytes() == before


def test_a_folder(tmp_path):
    with pytest.raises(StoreError, match=r"is a folder, but a gallery is one file; name a file in it: .*people.vultus"):
        connect(tmp_path, create=True, read_only=False)


def test_a_later_format(path):
    other = sqlite3.connect(made(path))
    other.execute("PRAGMA user_version=99")
    other.close()
    with pytest.raises(StoreError, match=r"by a later Vultus \(format 99, this one reads up to \d+\); update: pip"):
        connect(path, create=True, read_only=False)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match=r"cannot open the gallery .*: (Not a directory|File exists)"):
        connect(tmp_path / "file" / "people.vultus", create=True, read_only=False)


def test_a_damaged_first_page(path):
    made(path)
    raw = bytearray(path.read_bytes())
    raw[16:100] = b"\xff" * 84
    path.write_bytes(raw)
    with pytest.raises(StoreError, match=r"no Vultus gallery|damaged"):
        connect(path, create=True, read_only=False)


def test_a_broken_migration_leaves_nothing(path, monkeypatch):
    monkeypatch.setattr(database, "_MIGRATIONS", (("CREATE TABLE meta (key)", "this is no SQL"),))
    with pytest.raises(StoreError, match="syntax error"):
        connect(path, create=True, read_only=False)
    monkeypatch.undo()
    made(path)


def test_an_older_format_is_brought_up_to_date(path, monkeypatch):
    made(path)
    later = (*database._MIGRATIONS, ("CREATE TABLE later (line TEXT)",))
    monkeypatch.setattr(database, "_MIGRATIONS", later)
    monkeypatch.setattr(database, "SCHEMA", len(later))
    connection = connect(path, create=False, read_only=False)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == len(later)
    assert connection.execute("SELECT count(*) FROM later").fetchone()[0] == 0
    connection.close()


def first_format(path):
    """A gallery as format 1 wrote it, with one face, another one removed."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in database._MIGRATIONS[0]:
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('gallery_id', 'g')")
    connection.execute("INSERT INTO person (name, metadata, created_at, updated_at) VALUES ('Ada', '{}', 't', 't')")
    for _ in range(2):
        connection.execute(
            "INSERT INTO face (person_id, picture, source, place, score, quality, reasons, template, enrolled_at)"
            " VALUES (1, randomblob(32), 'a.jpg', '{}', 0.9, 0.8, '[]', x'01020304', 't')"
        )
    connection.execute("DELETE FROM face WHERE face_id = 2")
    connection.execute(f"PRAGMA application_id={database.APPLICATION_ID}")
    connection.execute("PRAGMA user_version=1")
    connection.close()


@pytest.mark.parametrize("read_only", [False, True])
def test_the_first_format_keeps_its_people_and_numbers(path, read_only):
    first_format(path)
    connection = connect(path, create=False, read_only=read_only)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == database.SCHEMA
    assert connection.execute("SELECT face_id, person_id, key_id, template FROM face").fetchall() == [
        (1, 1, 0, b"\1\2\3\4")
    ]
    assert connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'face'").fetchone() == (2,)
    assert connection.execute("SELECT value FROM meta WHERE key = 'vault'").fetchone() == ("off",)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def test_an_earlier_format_that_may_not_be_written(path, monkeypatch):
    first_format(path)
    monkeypatch.setattr(database.os, "access", lambda path, mode: False)
    with pytest.raises(StoreError, match=r"was written by an earlier Vultus \(format 1, now 2\)"):
        connect(path, create=False, read_only=True)


def test_a_new_gallery_is_locked_in_the_transaction_that_makes_it(path):
    def lock(connection, gallery_id):
        connection.execute("UPDATE meta SET value = ? WHERE key = 'vault'", (gallery_id,))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        connect(path, create=True, read_only=False, lock=lock)
    assert path.stat().st_size == 0


def test_many_make_the_same_gallery_at_once(path):
    def make(_):
        connection = connect(path, create=True, read_only=False)
        gallery_id = connection.execute("SELECT value FROM meta WHERE key = 'gallery_id'").fetchone()[0]
        connection.close()
        return gallery_id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(make, range(32)))) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_a_read_only_folder_can_be_read():
    with tempfile.TemporaryDirectory() as name:
        path = made(Path(name) / "people.vultus")
        path.chmod(0o644)
        Path(name).chmod(0o555)
        os.seteuid(65534)
        try:
            connection = connect(path, create=True, read_only=True)
            assert connection.execute("SELECT count(*) FROM person").fetchone() == (0,)
            connection.close()
            with pytest.raises(StoreError, match=r"it is read-only|it cannot be opened"):
                connect(path, create=True, read_only=False)
            with pytest.raises(StoreError, match=r"cannot open the gallery .*: Permission denied"):
                connect(Path(name) / "other.vultus", create=True, read_only=False)
        finally:
            os.seteuid(0)
        # With a log waiting, reading the file as it lies would miss what is committed.
        Path(f"{path}-wal").write_bytes(b"x" * 64)
        Path(f"{path}-wal").chmod(0o644)
        os.seteuid(65534)
        try:
            with pytest.raises(StoreError, match=r"it is read-only|it cannot be opened"):
                connect(path, create=True, read_only=True)
        finally:
            os.seteuid(0)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("SQLITE_FULL", "the disk is full; nothing of the last operation was kept"),
        ("SQLITE_BUSY_SNAPSHOT", "another program has been writing to it for 30 s"),
        ("SQLITE_LOCKED", "another program has been writing"),
        ("SQLITE_READONLY_DIRECTORY", "it is read-only"),
        ("SQLITE_CORRUPT_INDEX", "it is damaged"),
        ("SQLITE_NOTADB", "it is no Vultus gallery, or its first page is damaged"),
        ("SQLITE_CANTOPEN_ISDIR", "it cannot be opened"),
        ("SQLITE_IOERR_WRITE", "the disk refused"),
        ("SQLITE_TOOBIG", "too much"),
    ],
)
def test_errors_in_words(path, code, words):
    error = sqlite3.OperationalError("too much")
    error.sqlite_errorname = code
    assert words in str(explain(error, path))
    assert str(path) in str(explain(error, path))


def test_the_disk_is_full_at_creation(path, monkeypatch):
    def full(connection, lock):
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = "SQLITE_FULL"
        raise error

    monkeypatch.setattr(database, "_migrate", full)
    with pytest.raises(StoreError, match="the disk is full"):
        connect(path, create=True, read_only=False)


def test_write_ahead_logging_waits_its_turn_and_not_for_ever(path, monkeypatch):
    made(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA journal_mode=DELETE")
    holder.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(database, "BUSY_S", 0.1)
    with pytest.raises(StoreError, match="another program has been writing"):
        connect(path, create=True, read_only=False)
    holder.close()


def test_the_revision_is_told_while_somebody_writes(tmp_path: Path) -> None:
    store = Store(tmp_path / "people.vultus")
    told: list[int] = []
    with store.writing() as writer:
        writer.person("Ada")
        thread = threading.Thread(target=lambda: told.append(store.revision()))
        thread.start()
        thread.join(10)
        assert told == [0], "what is not on the disk yet does not count"
    assert store.revision() == 1
    store.close()
    assert not (tmp_path / "people.vultus-wal").exists(), "nobody is left who holds the log"


def test_a_glance_at_a_damaged_file_is_told(tmp_path: Path) -> None:
    Store(tmp_path / "people.vultus").close()
    glance = Glance(tmp_path / "people.vultus")
    assert glance.revision() == 0
    assert glance._connection is not None
    glance._connection.close()
    with pytest.raises(StoreError, match="closed database"):
        glance.revision()
    glance.close()
    glance.close()
