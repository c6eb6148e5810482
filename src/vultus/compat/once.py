"""What is loaded once and shared by all threads."""

from __future__ import annotations

import threading
from functools import cache, wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")


def once(make: Callable[P, T]) -> Callable[P, T]:
    """Make each value at the first call for it; whoever asks meanwhile waits. `functools.cache` alone makes two."""
    lock, made = threading.Lock(), cache(make)

    @wraps(make)
    def given(*args: P.args, **more: P.kwargs) -> T:
        with lock:
            return made(*args, **more)  # type: ignore[arg-type]

    return given
