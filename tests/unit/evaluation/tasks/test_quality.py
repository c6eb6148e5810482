"""Quality measures: useless, perfect, and what the metrics say."""

from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.evaluation.tasks.quality import evaluate_quality, read_graded
from vultus.metrics.quality import error_discard, partial_area
from vultus.metrics.verification import threshold_at_fnmr

HEADER = "score,quality1,quality2,same,subject1,subject2"


def rows_of(useful: bool, n: int = 400):
    random = np.random.default_rng(0)
    score = random.normal(size=n).round(3)
    quality = score if useful else random.normal(size=n).round(3)
    rows = [(s, q, q + 1, 1, f"p{i % 40}", f"p{i % 40}") for i, (s, q) in enumerate(zip(score, quality, strict=True))]
    return [*rows, (-3, 0, 0, 0, "p1", "p2")]


def test_a_perfect_and_a_useless_measure(scores_csv) -> None:
    good = evaluate_quality(read_graded(scores_csv(HEADER, rows_of(True))), "x", repeats=50)
    poor = evaluate_quality(read_graded(scores_csv(HEADER, rows_of(False))), "x", repeats=50)
    assert good.sizes == {"comparisons": 400, "people": 40, "without_quality": 0}
    assert good.value("pauc_gain", "discards to 0.2") == pytest.approx(1, abs=0.05)
    assert good.value("pauc", "discards to 0.2") == pytest.approx(good.value("pauc_best", "discards to 0.2"), abs=0.002)
    assert abs(poor.value("pauc_gain", "discards to 0.2")) < 0.3
    for one in (*good.measures[:2], *poor.measures):
        assert one.low is None or one.low <= one.value <= one.high


def test_areas_are_those_of_the_metrics(scores_csv) -> None:
    graded = read_graded(scores_csv(HEADER, rows_of(False)))
    at = threshold_at_fnmr(graded.scores, 0.1)
    got = evaluate_quality(graded, "x", initial=0.1, repeats=20)
    assert got.value("pauc", "discards to 0.2") == partial_area(error_discard(graded.scores, graded.quality, at), 0.2)
    assert got.curves["edc"]["fnmr"][0] == got.value("fnmr", "nothing discarded") == pytest.approx(0.1)


def test_without_people_and_qualities(scores_csv) -> None:
    rows = [(0.1, "", 5), (0.9, 3, 4), (0.8, 3, 4)]
    got = evaluate_quality(read_graded(scores_csv("score,quality1,quality2", rows)), "x", threshold=0.5, repeats=50)
    assert got.sizes["without_quality"] == 1
    assert "intervals are too narrow" in got.warnings[0]


def test_what_cannot_be_measured(scores_csv) -> None:
    graded = read_graded(scores_csv("score,quality1,quality2", [(1, 1, 1), (2, 2, 2)]))
    with pytest.raises(InputError, match="none of 2 genuine comparisons fails at threshold 0"):
        evaluate_quality(graded, "x", threshold=0)
    with pytest.raises(InputError, match="an initial FNMR lies between 0 and 1, not at 1"):
        evaluate_quality(graded, "x", initial=1)
    with pytest.raises(InputError, match="has impostor comparisons only; errors against discards"):
        read_graded(scores_csv("score,quality1,quality2,same", [(1, 1, 1, 0)]))
    with pytest.raises(InputError, match="must have the columns score,quality1,quality2"):
        read_graded(scores_csv("score,quality", [(1, 1)]))
