from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from vultus.errors import StoreError
from vultus.service.database import NAME, Database, now


def test_it_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    first = Database(folder)
    secret = first.secret
    first.close()
    second = Database(folder)
    assert second.secret == secret
    assert len(secret) == 32
    if os.name == "posix":
        assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600
    second.close()


def test_a_block_that_raises_changes_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with pytest.raises(sqlite3.OperationalError), database.writing() as connection:
        connection.execute("INSERT INTO meta VALUES ('a', 'b')").execute("nonsense")
    with database.reading() as connection:
        assert connection.execute("SELECT * FROM meta WHERE key = 'a'").fetchall() == []
    database.close()


def test_changes_of_other_processes_are_noticed(tmp_path: Path) -> None:
    database = Database(tmp_path)
    before = database.version()
    with sqlite3.connect(tmp_path / NAME) as other:
        other.execute("INSERT INTO meta VALUES ('a', 'b')")
    other.close()
    assert database.version() != before
    database.close()


def test_a_later_file_is_refused(tmp_path: Path) -> None:
    Database(tmp_path).close()
    with sqlite3.connect(tmp_path / NAME) as other:
        other.execute("PRAGMA user_version=99")
    other.close()
    with pytest.raises(StoreError, match="was made by a later version of Vultus"):
        Database(tmp_path)


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="the service cannot use the folder"):
        Database(tmp_path / "file")


def test_times_are_utc() -> None:
    assert now().endswith("Z")
