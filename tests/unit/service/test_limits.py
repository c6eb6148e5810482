from __future__ import annotations

from vultus.service.limits import Buckets, retry_after


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_and_fills() -> None:
    clock = Clock()
    buckets = Buckets(clock)
    assert [buckets.take("a", 2, 3)[0] for _ in range(3)] == [0, 0, 0]
    wait, left = buckets.take("a", 2, 3)
    assert (wait, left) == (0.5, 0)
    clock.now += 0.5
    assert buckets.take("a", 2, 3) == (0.0, 0.0)
    assert buckets.take("b", 2, 3) == (0.0, 2)
    clock.now += 1000
    assert buckets.take("a", 2, 3) == (0.0, 2.0)


def test_callers_are_forgotten_in_the_end(monkeypatch) -> None:
    monkeypatch.setattr("vultus.service.limits._MOST", 2)
    buckets = Buckets(Clock())
    for name in "abc":
        buckets.take(name, 1, 1)
    assert buckets.take("a", 1, 1)[0] == 0


def test_seconds_are_whole() -> None:
    assert retry_after(0.01) == {"Retry-After": "1"}
    assert retry_after(2.1) == {"Retry-After": "3"}
