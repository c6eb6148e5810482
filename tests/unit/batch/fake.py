"""An engine for the tests of long runs: hashes for vectors, and a file that counts what was computed."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from vultus.errors import ImageError, VultusError, WeightsError
from vultus.inference.image import load
from vultus.types import Box, Calibration, CalibrationPoint, Embedding, Face, Quality

CONTRACT = "fake:0123456789abcdef"
DIMENSION = 8
POINTS = np.arange(10, dtype=np.float32).reshape(5, 2)


@dataclass(frozen=True)
class FakeEngine:
    """As many faces as the first byte of a file says; "!" is a picture that cannot be decoded.

    Attributes:
        log: one line per picture that went through, also from other processes.
        kill_at: the process dies before the picture of this number in the log ...
        once: ... unless this file is there; it is made first.
    """

    log: Path
    kill_at: int = -1
    once: Path | None = None
    contract: str = CONTRACT

    def find_each(
        self, sources: Iterable[Any], *, embed: bool = True, batch: int = 16
    ) -> Iterator[tuple[Any, list[Face] | VultusError]]:
        rest = iter(sources)
        while chunk := list(islice(rest, batch)):
            yield from [(source, self._try(source)) for source in chunk]

    def find(self, image: Any) -> list[Face]:
        found = self._try(image)
        if isinstance(found, VultusError):
            raise found
        return found

    @property
    def calibration(self) -> Calibration:
        return Calibration("none", "nothing", 1000, 10, (CalibrationPoint(0.1, 0.5, 0.4, 0.6),))

    def _try(self, source: Any) -> list[Face] | VultusError:
        try:
            return self._find(source if isinstance(source, bytes) else load(source))
        except VultusError as error:
            return error

    def _find(self, data: bytes) -> list[Face] | VultusError:
        if self.kill_at >= 0 and len(computed(self.log)) == self.kill_at and self._first_time():
            os.kill(os.getpid(), signal.SIGKILL)
        with self.log.open("ab") as file:
            file.write(hashlib.sha256(data).hexdigest().encode() + b"\n")
        if data[:1] == b"!":
            return ImageError(f"<{len(data)} bytes>", "the picture is damaged")
        return [face(data, number) for number in range(int(data[:1]))]

    def _first_time(self) -> bool:
        if self.once is None:
            return True
        try:
            self.once.touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


def face(data: bytes, number: int) -> Face:
    seed = int.from_bytes(hashlib.sha256(data + bytes([number])).digest()[:8], "big")
    vector = np.random.default_rng(seed).normal(size=DIMENSION).astype(np.float32)
    quality = Quality(0.5, ("blurred",) if number else (), {})
    box = Box(np.array([number, 0, number + 10.5 + number, 20], dtype=np.float32))
    return Face(box, POINTS + number, 0.75, quality, Embedding(vector / np.linalg.norm(vector), CONTRACT))


def computed(log: Path) -> list[str]:
    """Digests of the pictures that went through an engine, in order."""
    return log.read_text("ascii").split() if log.exists() else []


def fill(folder: Path, count: int, faces: int = 1) -> list[str]:
    """Files of different bytes; every path of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number:05d}.jpg").write_bytes(b"%d picture %d" % (faces, number))
    return [str(path) for path in sorted(folder.iterdir())]


def broken() -> FakeEngine:
    """An engine that cannot be built."""
    raise WeightsError("the pack is not here")
