"""Tiny sets in the exact layouts."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def touch(tmp_path: Path):
    """Makes empty files of these names."""

    def make(*names: str) -> Path:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        return tmp_path

    return make


@pytest.fixture
def text(tmp_path: Path):
    """Writes lines into a file."""

    def write(name: str, *lines: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")
        return path

    return write
