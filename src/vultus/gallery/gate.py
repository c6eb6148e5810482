"""A gate that lets many look at once, or one change something alone."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Gate:
    """For threads of one program; while somebody waits to change something, nobody new may look."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._looking, self._waiting, self._changing = 0, 0, False

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        """Together with others who look."""
        with self._free:
            self._free.wait_for(lambda: not self._changing and self._waiting == 0)
            self._looking += 1
        try:
            yield
        finally:
            with self._free:
                self._looking -= 1
                self._free.notify_all()

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Alone."""
        with self._free:
            self._waiting += 1
            try:
                self._free.wait_for(lambda: not self._changing and self._looking == 0)
                self._changing = True
            finally:
                self._waiting -= 1
        try:
            yield
        finally:
            with self._free:
                self._changing = False
                self._free.notify_all()
