from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from vultus.service.rounds import Rounds


class Work:
    """Squares numbers once it may; tells which came together."""

    def __init__(self) -> None:
        self.rounds: list[tuple[str, list[int]]] = []
        self.begun, self.may = threading.Event(), threading.Event()

    def __call__(self, key: str, items: Sequence[int]) -> list[int | Exception]:
        self.rounds.append((key, [*items]))
        self.begun.set()
        assert self.may.wait(10)
        if 1000 in items:
            raise ZeroDivisionError("all of them")
        return [ValueError("this one") if item < 0 else item**2 for item in items]


@pytest.fixture
def threads():
    with ThreadPoolExecutor(4) as made:
        yield made


async def first_then(rounds: Rounds[int, int], work: Work, first: int, *others: int) -> list[object]:
    """Ask one; the others once that one is being worked on."""
    asked = [asyncio.create_task(rounds.ask("a", first))]
    while not work.begun.is_set():
        await asyncio.sleep(0.001)
    asked += [asyncio.create_task(rounds.ask("a", number)) for number in others]
    await asyncio.sleep(0)
    work.may.set()
    return await asyncio.gather(*asked, return_exceptions=True)


def test_what_comes_meanwhile_is_done_together(threads) -> None:
    work = Work()
    answers = asyncio.run(first_then(Rounds(threads, work), work, 2, 3, 4, 5))
    assert answers == [4, 9, 16, 25]
    assert work.rounds == [("a", [2]), ("a", [3, 4, 5])]


def test_many_take_several_rounds(threads) -> None:
    work = Work()
    answers = asyncio.run(first_then(Rounds(threads, work), work, 0, *range(1, 101)))
    assert answers == [number**2 for number in range(101)]
    assert [len(items) for _, items in work.rounds] == [1, 64, 36]


def test_each_gets_its_own_error(threads) -> None:
    work = Work()
    two, bad, three = asyncio.run(first_then(Rounds(threads, work), work, 2, -1, 3))
    assert (two, three) == (4, 9)
    assert isinstance(bad, ValueError)


def test_an_error_of_a_round_is_told_to_all_and_the_next_goes_on(threads) -> None:
    work = Work()
    rounds: Rounds[int, int] = Rounds(threads, work)

    async def twice() -> tuple[list[object], int]:
        return await first_then(rounds, work, 2, 1000, 3), await rounds.ask("a", 6)

    (good, *bad), later = asyncio.run(twice())
    assert (good, later) == (4, 36)
    assert [type(one) for one in bad] == [ZeroDivisionError] * 2


def test_keys_do_not_wait_for_each_other(threads) -> None:
    work, free = Work(), threading.Event()

    def one_at_a_time(key: str, items: Sequence[int]) -> list[int | Exception]:
        assert key == "b" or free.wait(10)
        return [*items]

    async def both() -> list[int]:
        rounds: Rounds[int, int] = Rounds(threads, one_at_a_time)
        held = asyncio.create_task(rounds.ask("a", 1))
        passed = await rounds.ask("b", 2)
        free.set()
        return [passed, await held]

    assert asyncio.run(both()) == [2, 1]
    assert work.rounds == []


def test_who_has_gone_is_passed_over(threads) -> None:
    work = Work()
    rounds: Rounds[int, int] = Rounds(threads, work)

    async def leave() -> int:
        gone = asyncio.create_task(rounds.ask("a", 1))
        while not work.begun.is_set():
            await asyncio.sleep(0.001)
        gone.cancel()
        work.may.set()
        return await rounds.ask("a", 3)

    assert asyncio.run(leave()) == 9


def test_a_loop_that_was_closed_holds_nobody_up(threads) -> None:
    work = Work()
    rounds: Rounds[int, int] = Rounds(threads, work)

    async def begin() -> None:
        asyncio.get_running_loop().create_task(rounds.ask("a", 2))
        while not work.begun.is_set():
            await asyncio.sleep(0.001)

    asyncio.run(begin())
    work.may.set()
    assert asyncio.run(rounds.ask("a", 3)) == 9


def test_stopped_threads_are_told() -> None:
    gone = ThreadPoolExecutor(1)
    gone.shutdown()
    rounds: Rounds[int, int] = Rounds(gone, lambda _, items: items)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="after shutdown"):
            asyncio.run(rounds.ask("a", 1))


def test_work_that_forgets_somebody_is_told_to_all(threads) -> None:
    rounds: Rounds[int, int] = Rounds(threads, lambda _, items: items[1:])
    for _ in range(2):
        with pytest.raises(ValueError, match="shorter"):
            asyncio.run(rounds.ask("a", 1))
