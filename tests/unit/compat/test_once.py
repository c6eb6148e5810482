from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from vultus.compat.once import once


def test_threads_that_ask_at_once_get_the_same() -> None:
    made = []

    @once
    def slow(word: str) -> list[str]:
        """What it is."""
        made.append(word)
        time.sleep(0.02)
        return [word]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(slow, ["a", "b"] * 8))
    assert sorted(made) == ["a", "b"]
    assert all(one is found[place % 2] for place, one in enumerate(found))
    assert slow.__doc__ == "What it is."


def test_what_failed_is_tried_again() -> None:
    tries = iter([ValueError("no"), 7])

    @once
    def made() -> int:
        found = next(tries)
        if isinstance(found, Exception):
            raise found
        return found

    with pytest.raises(ValueError, match="no"):
        made()
    assert (made(), made()) == (7, 7)
