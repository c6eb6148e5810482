"""Small films and their neighbours, for sets of attacks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def touched(root: Path, *names: str) -> Path:
    """Empty files, for readers that look at names alone."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def film(path: Path, levels: list[int], size: tuple[int, int] = (64, 48)) -> Path:
    """A film of grey pictures with a white square at (20, 10) to (40, 30)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, size)
    for level in levels:
        frame = np.full((size[1], size[0], 3), level, np.uint8)
        frame[10:30, 20:40] = 255
        writer.write(frame)
    writer.release()
    return path


def rows(path: Path, *lines: str) -> Path:
    """A text file of lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
