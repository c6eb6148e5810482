"""Pairs of files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.evaluation.sets.pairset import joined, lines_of, of_files


def test_each_file_once(touch) -> None:
    folder = touch("a", "b")
    got = of_files([(folder / "a", folder / "b"), (folder / "b", folder / "a")], [("x", "y"), ("y", "x")], [False] * 2)
    assert (len(got.images), got.people, got.b.tolist()) == (2, ("x", "y"), [1, 0])


def test_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("a\nb\n\n")
    assert lines_of(path) == ["a", "b"]
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="it is no text in UTF-8"):
        lines_of(path)


def test_people_from_pairs() -> None:
    got = joined(np.array([0, 1]), np.array([1, 2]), 4)
    assert got[0] == got[1] == got[2] != got[3]
