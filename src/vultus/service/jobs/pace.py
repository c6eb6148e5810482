"""How much of the engine a job takes: all of it while nobody else asks, one picture at a time while somebody does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CALM_S = 10.0


class Pace:
    """The pace of one job.

    Args:
        looked_at: pictures that the engine has looked at, for whomever.
        most: pictures of the job that may be in the engine at once while it is the only one.
    """

    def __init__(self, looked_at: Callable[[], int], most: int) -> None:
        self._looked_at, self._most = looked_at, most
        self._before = looked_at()
        self._busy_until = 0.0

    @property
    def batch(self) -> int:
        """Pictures that may be in the engine at once now."""
        return 1 if time.monotonic() < self._busy_until else self._most

    def note(self, own: int) -> None:
        """So many pictures of the job are through; if the engine has looked at more, others are about."""
        now = self._looked_at()
        if now - self._before > own:
            self._busy_until = time.monotonic() + CALM_S
        self._before = now
