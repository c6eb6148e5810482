from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from vultus.errors import StoreError
from vultus.gallery import audit
from vultus.gallery.audit import Signature
from vultus.gallery.notes import Line
from vultus.gallery.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "people.vultus")
    yield made
    made.close()


def lines(store: Store) -> list[Any]:
    with store.reading() as connection:
        return audit.newest(connection, below=None, count=100)


def at_once(store: Store, count: int, monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[BaseException]]:
    """Note from so many threads while the file is held; transactions that it took, and what went wrong."""
    taken, errors = [], []
    aside = store.aside

    @contextmanager
    def counted() -> Iterator[Any]:
        taken.append(1)
        with aside() as connection:
            yield connection

    monkeypatch.setattr(store._notes, "_aside", counted)

    def one(number: int) -> None:
        try:
            with audit.signed(Signature(f"caller {number}")):
                store.note("search", detail={"number": number})
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    with store._lock:
        for thread in threads:
            thread.start()
        until = time.monotonic() + 10
        while len(store._notes._waiting) < count and time.monotonic() < until:
            time.sleep(0.001)
    for thread in threads:
        thread.join(10)
    return len(taken), errors


def test_lines_of_many_threads_go_together_and_keep_their_signatures(store: Store, monkeypatch) -> None:
    taken, errors = at_once(store, 8, monkeypatch)
    assert (taken, errors) == (1, [])
    written = {entry.detail["number"]: entry.actor for entry in lines(store) if entry.action == "search"}
    assert written == {number: f"caller {number}" for number in range(8)}
    assert store.verify_log().problems == ()


def test_several_lines_of_one_caller_go_together(store: Store, monkeypatch) -> None:
    taken = []
    append = store._notes._write
    monkeypatch.setattr(store._notes, "_write", lambda lines, *rest: (taken.append(len(lines)), append(lines, *rest)))
    signatures = [Signature("first"), None]
    store.note_all([Line("search", frozenset(), frozenset(), {"number": n}, who) for n, who in enumerate(signatures)])
    store.note_all([])
    assert taken == [2]
    assert [(entry.actor, entry.detail["number"]) for entry in lines(store)[:2]] == [
        (store.signature.actor, 1), ("first", 0),
    ]  # fmt: skip


def test_all_are_told_when_the_disk_refuses(store: Store, monkeypatch) -> None:
    before = len(lines(store))
    monkeypatch.setattr(Store, "_transaction", refusing)
    taken, errors = at_once(store, 3, monkeypatch)
    monkeypatch.undo()
    assert taken == 1
    assert [str(error) for error in errors] == ["the disk is full"] * 3
    store.note("view")
    assert [entry.action for entry in lines(store)][: len(lines(store)) - before] == ["view"]


@contextmanager
def refusing(store: Store, begin: str) -> Iterator[Any]:
    raise StoreError("the disk is full")
    yield


def test_within_a_change_only_the_own_line_is_written_and_undone_with_it(store: Store) -> None:
    other = threading.Thread(target=store.note, args=("search",))
    with pytest.raises(ZeroDivisionError), store.writing():  # noqa: PT012  what waits is looked at inside
        other.start()
        until = time.monotonic() + 10
        while not store._notes._waiting and time.monotonic() < until:
            time.sleep(0.001)
        store.note("view")
        assert len(store._notes._waiting) == 1
        raise ZeroDivisionError
    other.join(10)
    assert lines(store)[0].action == "search"
    assert all(entry.action != "view" for entry in lines(store))
