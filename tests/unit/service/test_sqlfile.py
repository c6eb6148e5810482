"""What the service's two databases have in common."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from vultus.errors import StoreError
from vultus.service.sqlfile import SqlFile


class Notes(SqlFile):
    NAME, TABLES, VERSION = "notes.db", "CREATE TABLE note (text TEXT NOT NULL);", 2
    CANNOT = "no notes in {folder}"


def test_it_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first = Notes(tmp_path / "a/b")
    with first.writing() as sql:
        sql.execute("INSERT INTO note VALUES ('one')")
    first.close()
    first.close()
    again = Notes(tmp_path / "a/b")
    with again.reading() as sql:
        assert sql.execute("SELECT text FROM note").fetchall() == [("one",)]
        assert sql.execute("PRAGMA user_version").fetchone() == (2,)
    again.close()
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "a/b/notes.db").stat().st_mode) == 0o600


def test_a_block_that_raises_changes_nothing(tmp_path: Path) -> None:
    notes = Notes(tmp_path)

    def break_off() -> None:
        with notes.writing() as sql:
            sql.execute("INSERT INTO note VALUES ('one')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    with notes.reading() as sql:
        assert sql.execute("SELECT count(*) FROM note").fetchone() == (0,)
    notes.close()


def test_what_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    with pytest.raises(StoreError, match=r"no notes in .*file: "):
        Notes(tmp_path / "file")
    Notes(tmp_path).close()
    with sqlite3.connect(tmp_path / "notes.db") as other:
        other.execute("PRAGMA user_version=3")
    other.close()
    with pytest.raises(StoreError, match="was made by a later version of Vultus; install that one"):
        Notes(tmp_path)
