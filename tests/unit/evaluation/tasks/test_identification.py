"""One-to-many figures, against cases worked out by hand and the metrics on the whole matrix."""

from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import InputError, UnsupportedTargetError
from vultus.evaluation.tasks.identification import Terms, evaluate_identification, read_searches
from vultus.metrics.identification import NOT_ENROLLED, fnir_at_fpir, searches

HEADER = "search,person,enrolled,candidate,score"
QUICK = Terms(repeats=30)


def matrix(n_people: int = 20, n_probes: int = 120, seed: int = 0):
    """Scores (P, N), and the column of each probe's person."""
    random = np.random.default_rng(seed)
    truth = random.integers(-n_people, n_people, n_probes)
    truth[truth < 0] = NOT_ENROLLED
    scores = random.normal(size=(n_probes, n_people)).round(3)
    scores[np.arange(n_probes)[truth >= 0], truth[truth >= 0]] += 3
    return scores, truth


def rows_of(scores, truth):
    return [
        (f"s{p}", f"p{t}" if t >= 0 else "", int(t >= 0), f"p{n}", scores[p, n])
        for p, t in enumerate(truth) for n in range(scores.shape[1])
    ]  # fmt: skip


def test_figures_are_those_of_the_metrics(scores_csv) -> None:
    scores, truth = matrix()
    got = evaluate_identification(read_searches(scores_csv(HEADER, rows_of(scores, truth))), "x", QUICK)
    outcome = searches(scores, truth)
    assert got.value("fnir", "fpir 0.1, rank 1") == fnir_at_fpir(outcome.mated, outcome.nonmated, 0.1)
    assert got.sizes["people"] == 20
    assert got.sizes["mated"] == outcome.mated.size
    for rank in (1, 5):
        within = np.isfinite(searches(scores, truth, rank).mated).mean()
        assert got.value("cmc", f"rank {rank}") == pytest.approx(within)
        assert got.curves["cmc"]["share"][rank - 1] == pytest.approx(within)
    for one in got.measures:
        assert one.low <= one.value <= one.high, one


def test_by_hand(scores_csv) -> None:
    rows = [
        ("a", "ada", 1, "ada", 0.9), ("a", "ada", 1, "bob", 0.5),
        ("b", "bob", 1, "ada", 0.7), ("b", "bob", 1, "bob", 0.6),
        ("c", "cid", 1, "", ""),
        ("d", "", 0, "ada", 0.4), ("e", "eve", 0, "bob", 0.65),
    ]  # fmt: skip
    found = read_searches(scores_csv(HEADER, rows), n_people=10)
    terms = Terms(thresholds=(0.6,), repeats=50)
    got = evaluate_identification(found, "x", terms)
    assert got.sizes == {"searches": 5, "mated": 3, "nonmated": 2, "people": 10, "people_searched": 5,
                         "without_candidates": 1}  # fmt: skip
    assert got.value("fnir", "threshold 0.6, rank 1") == pytest.approx(2 / 3)
    assert got.value("fpir", "threshold 0.6") == 0.5
    assert got.value("cmc", "rank 5") == pytest.approx(2 / 3)
    second = evaluate_identification(found, "x", Terms(thresholds=(0.6,), rank=2, repeats=50))
    assert second.value("fnir", "threshold 0.6, rank 2") == pytest.approx(1 / 3)


def test_closed_sets_are_said_to_be_closed(scores_csv) -> None:
    rows = [("a", "ada", 1, "ada", 0.9), ("b", "bob", 1, "ada", 0.7)]
    got = evaluate_identification(read_searches(scores_csv(HEADER, rows)), "x", Terms(thresholds=(0.8,), repeats=20))
    assert "FPIR cannot be measured" in got.warnings[0]
    assert got.value("fnir", "threshold 0.8, rank 1") == 0.5
    assert "det" not in got.curves


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", "", 1, "ada", 1)], "line 2: person is empty, but enrolled is 1"),
        ([("a", "ada", 0, "ada", 1)], "line 2: ada is a candidate, but enrolled is 0"),
        ([("a", "ada", 1, "ada", 1), ("a", "bob", 1, "bob", 1)], "line 3: person and enrolled differ from line 2"),
        ([("a", "ada", 1, "ada", 1), ("a", "ada", 1, "ada", 2)], "line 3: this candidate is in line 2 already"),
        ([("a", "ada", 1, "ada", "nan")], "line 2: score must be a finite number, but is 'nan'"),
    ],
)
def test_bad_files(scores_csv, rows, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_searches(scores_csv(HEADER, rows))


def test_what_cannot_be_measured(scores_csv) -> None:
    path = scores_csv(HEADER, [("a", "ada", 1, "ada", 1), ("b", "", 0, "bob", 1)])
    with pytest.raises(InputError, match="names 2 people of the gallery, so it cannot hold 1"):
        read_searches(path, n_people=1)
    with pytest.raises(UnsupportedTargetError, match="there are only 1 non-mated searches"):
        evaluate_identification(read_searches(path), "x", Terms(targets=(0.01,)))
    with pytest.raises(InputError, match="a false positive identification rate lies between 0 and 1, not at 3"):
        evaluate_identification(read_searches(path), "x", Terms(targets=(3.0,)))
    strangers = read_searches(scores_csv(HEADER, [("b", "", 0, "bob", 1)]))
    with pytest.raises(InputError, match="has no search for somebody who is enrolled"):
        evaluate_identification(strangers, "x", QUICK)
