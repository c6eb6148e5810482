"""Scores of people with known differences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def scores_csv(tmp_path: Path):
    """Writes rows of cells below a header; returns the file."""

    def write(header: str, rows, name: str = "scores.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
        return path

    return write


def comparisons(n_people: int = 30, seed: int = 0, shift: float = 2.5) -> list[tuple[float, int, str, str]]:
    """Rows of score,same,subject1,subject2: three genuine per person, one impostor per pair of people."""
    random = np.random.default_rng(seed)
    rows = []
    for a in range(n_people):
        rows += [(round(random.normal(shift), 3), 1, f"p{a}", f"p{a}") for _ in range(3)]
        rows += [(round(random.normal(), 3), 0, f"p{a}", f"p{b}") for b in range(a + 1, n_people)]
    return rows
