"""Services in processes of their own, for measurements: started, asked, killed."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from vultus.errors import InputError, StoreError
from vultus.service.load import document, fire, shot

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

_START_S, _STOP_S = 120.0, 40.0
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")
_KEY = re.compile(r"vultus_[0-9a-f]{8}_\S{43}")
_FIRST = ".bench-key"


class _Process:
    """A server that says on its first line where it is."""

    def __init__(self, folder: Path, words: list[str]) -> None:
        self._folder, self._words = folder, words
        self.address = ("127.0.0.1", 0)
        self.key = ""

    def __enter__(self) -> Self:
        self._child = subprocess.Popen(
            [sys.executable, "-m", *self._words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        told: list[str] = []
        began = time.monotonic()
        while not self._ready(told):
            line = self._child.stdout.readline() if self._child.stdout else ""
            if not line or time.monotonic() - began > _START_S:
                self.kill()
                self._close()
                raise InputError(f"the service did not start: {' '.join(told)[-500:]}")
            told.append(line.strip())
        # What it says later must not fill the pipe.
        threading.Thread(target=self._child.stdout.read if self._child.stdout else None, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._child.poll() is None:
            self.stop()
        self._close()

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self._child.send_signal(signal.SIGTERM)
        try:
            return self._child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return -1

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            self._child.kill()
        self._child.wait()

    def _close(self) -> None:
        if self._child.stdout is not None:
            self._child.stdout.close()

    def alive(self) -> bool:
        """Whether it runs."""
        return self._child.poll() is None

    def memory_mb(self) -> float:
        """What it and its children hold in memory."""
        own = self._child.pid
        pids = [own, *(pid for pid in _everybody() if _parent(pid) == own)]
        return round(sum(map(_resident, pids)) / 1e6, 2)

    def _ready(self, told: list[str]) -> bool:
        for line in told[-1:]:
            if match := _ADDRESS.search(line):
                self.address = ("127.0.0.1", int(match[1]))
        return self.address[1] > 0


class Started(_Process):
    """`vultus serve` over a folder.

    Args:
        folder: its data; may hold those of a service that was killed.
        pack: of its engine.
    """

    def __init__(self, folder: Path, pack: str | Path) -> None:
        super().__init__(folder, ["vultus", "serve", "--data", str(folder), "--port", "0", "--pack", str(pack)])
        self._kept = folder / _FIRST
        self.key = self._kept.read_text("utf-8") if self._kept.exists() else ""

    def kill_after(self, seconds: float) -> None:
        """Kill it in a while."""
        threading.Timer(seconds, self.kill).start()

    def names(self) -> set[str]:
        """Everybody in its first collection."""
        found: set[str] = set()
        cursor = ""
        while True:
            path = f"/v1/collections/default/persons?limit=200{cursor}"
            (hit,) = fire(self.address, iter([shot("list", "GET", path, self.key)]), 1, keep=lambda hit: True)
            page = document(hit)
            found |= {person["name"] for person in page["items"]}
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def problems(self) -> int:
        """What is wrong with its files and the chains of its logs; it must not run."""
        from vultus.gallery.store import Store

        count = 0
        for path in (self._folder / "calls.vultus", *sorted((self._folder / "collections").glob("*.vultus"))):
            try:
                store = Store(path, create=False)
            except StoreError:
                count += 1
                continue
            count += len(store.check())
            store.close()
        return count

    def _ready(self, told: list[str]) -> bool:
        super()._ready(told)
        for line in told[-1:]:
            if match := _KEY.search(line):
                self.key = match[0]
                self._kept.write_text(self.key, "utf-8")
                self._kept.chmod(0o600)
        return self.address[1] > 0 and bool(self.key)


class Alone(_Process):
    """The server of one request at a time, see `alone.py`.

    Args:
        folder: its data.
        pack: of its engine.
        threads: of its engine.
    """

    def __init__(self, folder: Path, pack: str | Path, threads: int) -> None:
        super().__init__(folder, ["vultus.service.alone", str(folder / "alone.vultus"), str(pack), str(threads)])


def _everybody() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    except OSError:
        return []


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return int(file.read().rpartition(")")[2].split()[1])
    return 0


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0
