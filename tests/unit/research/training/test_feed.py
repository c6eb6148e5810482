from __future__ import annotations

import threading

import pytest

from vultus.research.training.feed import Feed


@pytest.mark.parametrize("ahead", [0, 1, 3, 50])
def test_batches_come_in_order(ahead):
    assert list(Feed(lambda step: step * 10, range(4, 24), ahead)) == [(step, step * 10) for step in range(4, 24)]


def test_the_next_batches_are_read_while_one_is_used():
    begun = {step: threading.Event() for step in range(4)}

    def fetch(step: int) -> int:
        begun[step].set()
        return step

    feed = iter(Feed(fetch, range(4), ahead=3))
    next(feed)
    assert all(event.wait(5) for event in begun.values())
    feed.close()


@pytest.mark.parametrize("ahead", [0, 3])
def test_what_goes_wrong_while_reading_is_told_when_its_turn_comes(ahead):
    def fetch(step: int) -> int:
        if step == 2:
            raise OSError("the disk is gone")
        return step

    feed = Feed(fetch, range(9), ahead)
    seen = []
    with pytest.raises(OSError, match="the disk is gone"):
        seen.extend(step for step, _ in feed)
    assert feed.waited_s >= 0
