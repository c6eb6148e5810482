"""How a result was made, written so that it means the same on another machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def command(words: list[str] | None = None) -> str:
    """The command that runs now, or another one; paths of this machine are told as seen from the checkout."""
    return " ".join(["python", *(_plain(word) for word in (words or sys.argv))])


def _plain(word: str) -> str:
    return os.path.relpath(word, ROOT) if os.path.isabs(word) else word
