"""A stand-in for the engine: a "picture" is JSON that says who is in it, so tests need neither weights nor pixels."""

from __future__ import annotations

import json
import time
import zlib
from pathlib import Path

import numpy as np

from vultus.errors import ImageError
from vultus.types import Box, Calibration, CalibrationPoint, Embedding, Face, Liveness, Quality

DIMENSION = 32
CONTRACT = "fake:0123456789abcdef"
POINTS = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], dtype=np.float32)


def vector(who: str, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """A person's direction, with noise of that length across it."""
    base = np.random.default_rng(zlib.crc32(who.encode())).normal(size=DIMENSION)
    base /= np.linalg.norm(base)
    across = np.random.default_rng(seed).normal(size=DIMENSION)
    across -= (across @ base) * base
    out = base + noise * across / np.linalg.norm(across)
    return (out / np.linalg.norm(out)).astype(np.float32)


def picture(*faces: dict, seed: int = 0) -> bytes:
    """The bytes of a picture; equal arguments give equal bytes."""
    return json.dumps({"faces": faces, "seed": seed}).encode()


def person(who: str, noise: float = 0.1, seed: int = 0, **more) -> dict:
    return {"who": who, "noise": noise, "seed": seed, **more}


def calibration(n_impostor: int = 10_000_000) -> Calibration:
    rates = [10.0**-power for power in range(1, 7)]
    thresholds = [0.3, 0.4, 0.5, 0.55, 0.6, 0.65]
    points = tuple(CalibrationPoint(fmr, at, at - 0.01, at + 0.01) for fmr, at in zip(rates, thresholds, strict=True))
    return Calibration("fake-cal", "made-up faces", n_impostor, 1000, points)


class FakeEngine:
    def __init__(self, contract: str = CONTRACT, delay_s: float = 0.0) -> None:
        self.contract, self.calibration, self.delay_s = contract, calibration(), delay_s
        self.seen = 0

    def find(self, image) -> list[Face]:
        self.seen += 1
        time.sleep(self.delay_s)
        try:
            raw = image if isinstance(image, bytes) else Path(image).read_bytes()
            faces = json.loads(raw)["faces"]
        except (OSError, ValueError) as error:
            raise ImageError(str(image), "it is no picture") from error
        return [self._face(at, face) for at, face in enumerate(faces)]

    def find_each(self, sources, *, embed=True, batch=16):
        for source in sources:
            try:
                yield source, self.find(source)
            except ImageError as error:
                yield source, error

    def _face(self, at: int, face: dict) -> Face:
        left, size = face.get("left", 200.0 * at), face.get("size", 100.0)
        box = Box(np.array([left, 0, left + size, size], dtype=np.float32))
        embedding = None
        if not face.get("spoof"):
            embedding = Embedding(vector(face["who"], face["noise"], face["seed"]), self.contract)
        liveness = Liveness(0.1, 0.5, "printed_photo") if face.get("spoof") else None
        quality = Quality(0.2 if face.get("reasons") else 0.9, tuple(face.get("reasons", ())))
        return Face(box, POINTS, 0.99, quality, embedding, liveness)


def photos(who: str, count: int = 2) -> list[bytes]:
    """Some pictures of one person."""
    return [picture(person(who, seed=n), seed=n) for n in range(count)]


def names(found) -> list[str | None]:
    """Who was found."""
    return [one.name for one in found]
