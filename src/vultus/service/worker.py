"""The process in which an engine works on batches, one after another; started by `crew.py`, speaks over one socket.

Pictures come as pixels: files of strangers are read elsewhere, see `sandbox.py`.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

from vultus.errors import VultusError
from vultus.service.parcels import send_faces, send_values, take_pictures
from vultus.types import Box, Face, Quality

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vultus.inference.engine import FaceEngine

MOST = 8  # pictures of a batch: more at once gain nothing on one processor


def main() -> None:
    """Work until the socket is closed. Arguments: file descriptor, arguments of `FaceEngine` as JSON."""
    descriptor, settings = int(sys.argv[1]), json.loads(sys.argv[2])
    for stop in (signal.SIGINT, signal.SIGTERM):
        # Whoever stops the service stops all its processes; this one has a batch to finish, and goes with the socket.
        signal.signal(stop, signal.SIG_IGN)
    with socket.socket(fileno=descriptor) as line, contextlib.suppress(OSError):
        work(line, settings)


def work(line: socket.socket, settings: Mapping[str, Any]) -> None:
    """Say which contract the engine has, or why there is none; then answer batches.

    Raises:
        OSError: the other side has hung up.
    """
    import cv2

    from vultus.inference.engine import FaceEngine
    from vultus.service.serving import calm

    calm()
    cv2.setNumThreads(1)
    try:
        engine = FaceEngine(**settings)
    except VultusError as error:
        send_values(line, {"error": str(error)})
        return
    _warm(engine)
    send_values(line, {"contract": engine.contract})
    while True:
        pictures, embed = take_pictures(line)
        try:
            found = engine.find(pictures, embed=embed)
        except Exception as error:  # the kind of it says enough; the next batch may be better
            send_values(line, {"error": type(error).__name__})
        else:
            send_values(line, {})
            send_faces(line, found)


def _warm(engine: FaceEngine) -> None:
    """Work on as much as a batch brings at most, so that memory is taken now and the first caller does not wait."""
    import numpy as np

    from vultus.inference.embed import BATCH

    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    engine.find([noise] * MOST, embed=False)
    points = np.array([[90, 100], [160, 100], [125, 140], [95, 180], [155, 180]], np.float32)
    face = Face(Box(np.array([60, 50, 190, 220])), points, 1.0, Quality(1.0))
    views = engine.crops(noise, face)
    engine.embed_crops(np.repeat(views[None], -(-BATCH // len(views)), axis=0))
