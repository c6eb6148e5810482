"""How often a caller may ask: a bucket of tokens for each."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 10_000  # callers remembered; the one not seen for longest goes first


class Buckets:
    """Token buckets by caller.

    Args:
        clock: seconds, going up.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, rate_per_s: float, burst: float, cost: float = 1.0) -> tuple[float, float]:
        """Take tokens out of a caller's bucket.

        Args:
            caller: whose.
            rate_per_s: tokens that come back per second.
            burst: tokens that a full bucket holds.
            cost: tokens to take.

        Returns:
            Seconds to wait before so many are there, 0 if they were taken; and the tokens left.
        """
        now = self._clock()
        with self._lock:
            level, at = self._buckets.pop(caller, (burst, now))
            level = min(burst, level + (now - at) * rate_per_s)
            wait = 0.0 if level >= cost else (cost - level) / rate_per_s
            left = level - cost if wait == 0 else level
            self._buckets[caller] = left, now
            if len(self._buckets) > _MOST:
                self._buckets.popitem(last=False)
        return wait, left


def retry_after(seconds: float) -> dict[str, str]:
    """The header that says when to come again, in whole seconds."""
    return {"Retry-After": str(max(1, math.ceil(seconds)))}
