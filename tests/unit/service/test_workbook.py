from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from vultus.errors import StoreError
from vultus.service.workbook import NAME, Workbook


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    book = Workbook(tmp_path / "data")
    assert stat.S_IMODE((tmp_path / "data" / NAME).stat().st_mode) == 0o600
    book.close()
    book.close()


def test_a_change_is_whole_or_not_at_all(tmp_path: Path) -> None:
    book = Workbook(tmp_path)

    def break_off() -> None:
        with book.writing() as sql:
            sql.execute("INSERT INTO event (monitor_id, type, at, body) VALUES ('m', 'seen', 'now', '{}')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    with book.reading() as sql:
        assert sql.execute("SELECT count(*) FROM event").fetchone() == (0,)
    book.close()


def test_what_the_disk_says_is_told(tmp_path: Path) -> None:
    book = Workbook(tmp_path)
    with pytest.raises(StoreError, match=r"the list of jobs and monitors .* cannot be used"), book.writing() as sql:
        sql.execute("INSERT INTO nothing VALUES (1)")
    book.close()


def test_a_later_version_is_refused(tmp_path: Path) -> None:
    Workbook(tmp_path).close()
    with sqlite3.connect(tmp_path / NAME) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(StoreError, match="was made by a later version of Vultus"):
        Workbook(tmp_path)


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError, match="jobs and monitors cannot be kept in the folder"):
        Workbook(tmp_path / "file")
