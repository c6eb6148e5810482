from __future__ import annotations

import threading

from vultus.gallery.gate import Gate

PATIENCE_S = 10


def test_many_look_at_once():
    gate, meeting = Gate(), threading.Barrier(3)

    def look():
        with gate.looking():
            meeting.wait(PATIENCE_S)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not meeting.broken


def test_one_changes_alone():
    """Each adds by reading and writing: two at once would lose some."""
    gate, seen = Gate(), {"sum": 0, "odd": 0}

    def change():
        for _ in range(300):
            with gate.changing():
                seen["odd"] += 1
                value = seen["sum"]
                seen["odd"] -= 1
                seen["sum"] = value + 1

    def look():
        for _ in range(300):
            with gate.looking():
                assert seen["odd"] == 0

    threads = [threading.Thread(target=job) for job in (change, look, change, look)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert seen == {"sum": 600, "odd": 0}


def test_whoever_waits_to_change_is_not_kept_waiting_by_newcomers():
    gate, order = Gate(), []
    entered, leave = threading.Event(), threading.Event()

    def first():
        with gate.looking():
            entered.set()
            leave.wait(PATIENCE_S)

    def change():
        with gate.changing():
            order.append("change")

    def late():
        with gate.looking():
            order.append("look")

    threads = [threading.Thread(target=first)]
    threads[0].start()
    entered.wait(PATIENCE_S)
    threads.append(threading.Thread(target=change))
    threads[-1].start()
    while gate._waiting == 0:
        pass
    threads.append(threading.Thread(target=late))
    threads[-1].start()
    leave.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert order == ["change", "look"]


def test_an_error_opens_the_gate_again():
    gate = Gate()
    for enter in (gate.changing, gate.looking, gate.changing):
        try:
            with enter():
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
    with gate.changing():
        pass
