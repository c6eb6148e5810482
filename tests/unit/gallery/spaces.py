"""Two made-up models of the same people. A "picture" is a JPEG of one colour: who it is, and the shade of the moment.

Both see the same face in the middle of the picture, where a kept crop has it, and put it into spaces of their own.
"""

from __future__ import annotations

import hashlib

import numpy as np

from unit.gallery.fake import POINTS, calibration
from vultus.errors import VultusError
from vultus.gallery.record import NewFace
from vultus.gallery.store import Store
from vultus.inference.image import jpeg, read
from vultus.types import Box, Embedding, Face, Quality

SIDE, STEP, TRUE = 64, 12, 16
OLD, NEW = "old:0000000000000000", "new:1111111111111111"
NOBODY = 20  # in every channel: no model finds a face


def crop(who: int, time: int = 0) -> bytes:
    """A picture of a person; 20 people times 20 x 20 shades."""
    colour = [STEP * (who % 21), STEP * (who // 21), STEP * time]
    return jpeg(np.full((SIDE, SIDE, 3), colour, dtype=np.uint8))


class Space:
    """An engine."""

    def __init__(self, contract: str, dimension: int, fails_at: int | None = None) -> None:
        self.contract, self.calibration, self.dimension, self.fails_at = contract, calibration(), dimension, fails_at
        self.seen: list[tuple[int, int]] = []
        random = np.random.default_rng(dimension)
        self._spread = random.normal(size=(TRUE, dimension)) * np.linspace(0.5, 1.5, dimension)
        self._push = 6 * np.eye(dimension)[0]

    def vector(self, who: int, time: int) -> np.ndarray:
        truth = np.random.default_rng(who).normal(size=TRUE)
        seen = truth + 0.25 * np.random.default_rng((who, time, self.dimension)).normal(size=TRUE)
        row = seen @ self._spread / 4 + self._push
        return (row / np.linalg.norm(row)).astype(np.float32)

    def find(self, image) -> list[Face]:
        picture = read(image)
        one, two, time = (int(value) for value in np.round(picture[SIDE // 2, SIDE // 2] / STEP))
        if self.fails_at is not None and len(self.seen) >= self.fails_at:
            raise RuntimeError("the plug was pulled")
        who = one + 21 * two
        self.seen.append((who, time))
        if time >= NOBODY:
            return []
        quarter = picture.shape[0] / 4
        box = Box(np.array([quarter, quarter, 3 * quarter, 3 * quarter], dtype=np.float32))
        return [Face(box, POINTS, 0.99, Quality(0.9, ()), Embedding(self.vector(who, time), self.contract), None)]

    def find_each(self, sources, *, embed=True, batch=16):
        for source in sources:
            try:
                yield source, self.find(source)
            except VultusError as error:
                yield source, error


def old_space() -> Space:
    return Space(OLD, 24)


def new_space(**more) -> Space:
    return Space(NEW, 32, **more)


def new_face(who: int, time: int, *, kept: bool = True) -> NewFace:
    picture = hashlib.sha256(f"{who} {time}".encode()).hexdigest()
    return NewFace(
        f"{who}-{time}.jpg", picture, (0.0, 0.0, 9.0, 9.0), tuple((float(at), 1.0) for at in range(5)), 0.9, 0.8, (),
        old_space().vector(who, time), crop=crop(who, time) if kept else None,
    )  # fmt: skip


def fill(store: Store, people: range, times: int = 2, *, kept: bool = True, unknown: int = 0) -> None:
    """Enrol people, and faces of nobody."""
    with store.writing() as writer:
        writer.bind(OLD, 24)
        for who in people:
            person_id = writer.person(f"P{who}")
            for time in range(times):
                writer.add(person_id, new_face(who, time, kept=kept))
        for who in range(unknown):
            writer.add(None, new_face(400 + who, 0, kept=kept))


def pictures(people: range, times: int = 3) -> list[tuple[str, bytes]]:
    return [(f"Q{who}", crop(who, time)) for who in people for time in range(times)]
