"""Engines in processes of their own, so that they do not wait for each other's Python, nor for that of the service.

A process that ends over a picture is replaced; see `worker.py` for what it does.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

from vultus.gallery.keys import ENV_KEY
from vultus.inference.image import read
from vultus.service.envelope import ServiceError
from vultus.service.parcels import send_pictures, take_faces, take_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.inference.image import Source
    from vultus.service.settings import Settings
    from vultus.types import Face

_PATIENCE_S = 600.0  # for a batch
_STOP_S = 30.0
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_log = logging.getLogger("vultus.service")
_START = "from vultus.service.worker import main; main()"


class Worker:
    """One such process; used by one thread at a time.

    Args:
        settings: of the service; its engine works on one processor here.
        contract: that the embeddings must have.

    Attributes:
        starts: how often a process was started.
    """

    def __init__(self, settings: Settings, contract: str) -> None:
        self._engine = {
            "pack": str(settings.pack), "device": settings.device, "threads": 1, "offline": settings.offline,
            "licence_policy": settings.licence_policy,
        }  # fmt: skip
        self._contract = contract
        self.starts = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None

    def start(self) -> socket.socket:
        """Begin, or begin anew; its engine is ready when this returns.

        Raises:
            ServiceError: no process can be started, or it cannot build its engine.
        """
        self._end(0)
        ours, theirs = socket.socketpair()
        ours.settimeout(_PATIENCE_S)
        self._line = ours
        environment = {name: value for name, value in os.environ.items() if name != ENV_KEY}
        try:
            with theirs:
                self._child = subprocess.Popen(
                    [sys.executable, "-P", "-c", _START, str(theirs.fileno()), json.dumps(self._engine)],
                    env={**environment, **_ONE_THREAD}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),), start_new_session=True,
                )  # fmt: skip
            self.starts += 1
            told = take_values(ours)
        except OSError as error:
            self._end(0)
            raise ServiceError("unavailable", "the engine cannot be started") from error
        if told.get("contract") != self._contract:
            self._end(0)
            _log.error("an engine could not be started: %s", told.get("error", "it has another contract"))
            raise ServiceError("unavailable", "the engine cannot be started")
        return ours

    def find(self, pictures: Sequence[Source], *, embed: bool = True) -> list[list[Face]]:
        """The faces of pictures; see `FaceEngine.find`.

        Raises:
            ServiceError: the process cannot be started, ended meanwhile, or its engine failed.
            ImageError, ShapeError: a picture cannot be read.
        """
        images = [read(picture) for picture in pictures]
        line = self._line if self._child is not None and self._child.poll() is None else None
        line = line or self.start()
        try:
            send_pictures(line, images, embed=embed)
            told = take_values(line)
            if not told:
                return take_faces(line, self._contract)
        except OSError as error:
            self._end(0)
            _log.error("a process of the engine ended over %d pictures", len(images))
            raise ServiceError("unavailable", "the engine broke down over this picture") from error
        _log.error("the engine failed: %s", told["error"])
        raise ServiceError("internal", "the engine failed on this picture")

    def stop(self) -> None:
        """End it, once it has done what it is at."""
        self._end(_STOP_S)

    def _end(self, patience_s: float) -> None:
        line, self._line = self._line, None
        child, self._child = self._child, None
        if line is not None:
            line.close()
        if child is not None:
            try:
                child.wait(patience_s)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(OSError):
                    child.kill()
                child.wait()
