"""How wide a graph must look, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from vultus.gallery.recall import N_PROBES, RECALL, WIDTHS, probes_like, share_of, widened
from vultus.types import Candidate


def answer(*similarities: float) -> list[Candidate]:
    return [Candidate(f"p{number}", one, None) for number, one in enumerate(similarities)]


def test_of_equal_ones_any_will_do() -> None:
    wanted = answer(0.9, 0.5, 0.5)
    assert share_of(answer(0.9, 0.5, 0.5), wanted) == 1
    assert share_of(answer(0.9, 0.5 - 1e-9), wanted) == pytest.approx(2 / 3)
    assert share_of(answer(0.9, 0.4), wanted) == pytest.approx(1 / 3)
    assert share_of([], wanted) == 0


def test_it_stops_at_the_first_width_that_is_enough() -> None:
    exact = [answer(0.9, 0.8)] * 4
    seen = []

    def look(width: int) -> list[list[Candidate]]:
        seen.append(width)
        return exact if width >= 256 else [answer(0.9)] * 4

    width, recall = widened(exact, look)
    assert (width, seen) == (256, [64, 128, 256])
    assert (recall.share, recall.at, recall.n_probes, recall.wanted) == (1, 10, 4, RECALL)


def test_the_widest_where_none_is() -> None:
    exact = [answer(0.9, 0.8)]
    width, recall = widened(exact, lambda width: [answer(0.9)])
    assert (width, recall.share) == (WIDTHS[-1], 0.5)


def test_probes_are_directions_near_templates() -> None:
    vectors = np.eye(5, dtype=np.float32)
    probes = probes_like(vectors)
    assert probes.shape == (N_PROBES, 5)
    assert np.linalg.norm(probes, axis=1) == pytest.approx(1, abs=1e-6)
    assert (probes.max(axis=1) > 0.7).all()
    assert np.isfinite(probes_like(np.tile(np.array([[1, 0], [-1, 0]], np.float32), (20, 1)))).all()
