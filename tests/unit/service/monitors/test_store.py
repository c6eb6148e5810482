from __future__ import annotations

import pytest

from vultus.service.envelope import ServiceError
from vultus.service.monitors import store as storing
from vultus.service.monitors.store import MonitorStore
from vultus.service.workbook import Workbook


@pytest.fixture
def store(book: Workbook) -> MonitorStore:
    found = MonitorStore(book)
    found.add("m1", "door", "default", "rtsp://cam", b"sealed", {"fps": 2}, "k")
    return found


def test_a_monitor_is_kept(store: MonitorStore) -> None:
    one = store.get("m1")
    assert (one.name, one.settings, one.sealed, one.wanted) == ("door", {"fps": 2}, b"sealed", True)
    store.want("m1", wanted=False)
    assert [one.wanted for one in store.all()] == [False]
    store.delete("m1")
    with pytest.raises(ServiceError, match="there is no monitor 'm1'"):
        store.get("m1")


def test_events_go_both_ways(store: MonitorStore) -> None:
    store.add("m2", "gate", "default", "0", b"", {}, "k")
    numbers = [store.tell(which, "seen", {"n": n}) for n, which in enumerate(["m1", "m2", "m1", "m1"])]
    mine = [numbers[0], numbers[2], numbers[3]]
    assert [one.event_id for one in store.after("m1", 0, 9)] == mine
    assert [one.event_id for one in store.after("m1", mine[0], 1)] == mine[1:2]
    assert [one.event_id for one in store.before("m1", None, 2)] == mine[:0:-1]
    assert [one.event_id for one in store.before("m1", mine[1], 9)] == mine[:1]
    assert (store.last("m1"), store.last("none")) == (mine[2], 0)
    store.delete("m1")
    assert store.tell("m1", "seen", {}) == 0, "its thread has not noticed yet"
    assert store.after("m1", 0, 9) == []


def test_what_is_old_or_too_much_goes(store: MonitorStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "MOST_EVENTS", 3)
    monkeypatch.setattr(storing, "_TIDY_EVERY", 1)
    for n in range(9):
        store.tell("m1", "seen", {"n": n})
    assert [one.body["n"] for one in store.after("m1", 0, 99)] == [6, 7, 8]
    assert store.sweep(1, ["default"]) == []
    assert len(store.after("m1", 0, 99)) == 3
    assert store.sweep(-1, ["default"]) == []
    assert store.after("m1", 0, 99) == []
    assert store.sweep(1, ["other"]) == ["m1"]
    assert store.all() == []
