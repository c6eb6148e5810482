"""One-to-one figures against the metrics, scikit-learn and cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from unit.evaluation.tasks.conftest import comparisons
from vultus.errors import InputError, UnsupportedTargetError
from vultus.evaluation.tasks.scored import Scored, read_scored
from vultus.evaluation.tasks.verification import Terms, evaluate_verification
from vultus.metrics.likelihood import cllr, min_cllr
from vultus.metrics.verification import eer, fmr, fnmr, min_dcf, tmr_at_fmr

QUICK = Terms(repeats=50)


@pytest.fixture
def scored(scores_csv) -> Scored:
    return read_scored(scores_csv("score,same,subject1,subject2", comparisons()))


def test_figures_are_those_of_the_metrics(scored: Scored) -> None:
    genuine, impostor = scored.scores[scored.same], scored.scores[~scored.same]
    got = evaluate_verification(scored, "x", Terms(repeats=50, thresholds=(("mine", 1.0),), ratios=True))
    assert got.sizes == {"comparisons": 525, "genuine": 90, "impostor": 435, "people": 30, "not_made": 0}
    for rate in (0.1, 0.01):
        assert got.value("tmr", f"fmr {rate:g}") == pytest.approx(tmr_at_fmr(genuine, impostor, rate))
    assert got.value("eer") == pytest.approx(eer(genuine, impostor)[0])
    assert next(one for one in got.measures if one.name == "eer").threshold == eer(genuine, impostor)[1]
    assert got.value("min_dcf", "prior 0.01") == pytest.approx(min_dcf(genuine, impostor)[0])
    assert got.value("fmr", "mine") == pytest.approx(fmr(impostor, 1.0))
    assert got.value("fnmr", "mine") == pytest.approx(fnmr(genuine, 1.0))
    assert got.value("cllr") == pytest.approx(cllr(genuine, impostor))
    assert got.value("min_cllr") == pytest.approx(min_cllr(genuine, impostor))
    for one in got.measures:
        if one.low is not None:
            assert one.low <= one.value <= one.high, one


def test_true_match_rates_are_those_of_scikit_learn(scored: Scored) -> None:
    false, true, _ = roc_curve(scored.same, scored.scores, drop_intermediate=False)
    got = evaluate_verification(scored, "x", QUICK)
    for rate in (0.1, 0.01):
        assert got.value("tmr", f"fmr {rate:g}") == pytest.approx(true[false <= rate].max())


def test_thresholds_give_the_rates_that_stand_beside_them(scored: Scored) -> None:
    impostor, genuine = scored.scores[~scored.same], scored.scores[scored.same]
    for one in evaluate_verification(scored, "x", QUICK).measures:
        if one.name == "tmr":
            assert fmr(impostor, one.threshold) <= float(one.at.split()[1])
            assert 1 - fnmr(genuine, one.threshold) == pytest.approx(one.value)


def test_a_development_file_chooses_the_thresholds_and_people_in_both_are_named(scored: Scored, scores_csv) -> None:
    other = read_scored(scores_csv("score,same,subject1,subject2", comparisons(seed=1), "other.csv"))
    got = evaluate_verification(scored, "x", QUICK, other)
    assert "30 of the people are in the development file too (p0, p1, p10, ...)" in " ".join(got.warnings)
    chosen = next(one for one in got.measures if one.name == "fmr" and one.at == "fmr 0.01 of the development file")
    assert chosen.value == pytest.approx(fmr(scored.scores[~scored.same], chosen.threshold))
    assert not any(one.name == "tmr" for one in got.measures)
    strangers = [(s, t, f"q{a}", f"q{b}") for s, t, a, b in comparisons(seed=1)]
    apart = read_scored(scores_csv("score,same,subject1,subject2", strangers, "apart.csv"))
    assert evaluate_verification(scored, "x", QUICK, apart).warnings == ()


def test_comparisons_that_were_not_made_are_errors(scores_csv) -> None:
    rows = [(score, same) for score, same, *_ in comparisons()]
    rows[0] = ("", 1)
    got = evaluate_verification(read_scored(scores_csv("score,same", rows)), "x", QUICK)
    assert got.sizes["not_made"] == 1
    assert "comparisons are resampled instead" in " ".join(got.warnings)
    assert got.curves["det"]["fnmr"][0] == 0


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    """EER of two normal distributions 2 apart is 0.1587; 95 % intervals of 40 draws miss it a few times at most."""
    missed = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        scores = np.concatenate([random.normal(2, 1, 300), random.normal(0, 1, 300)])
        same, each = np.arange(600) < 300, np.arange(600)
        got = evaluate_verification(Scored(scores, same, each, each), "x", Terms(repeats=200))
        one = next(m for m in got.measures if m.name == "eer")
        missed += not one.low <= 0.15866 <= one.high
    assert missed <= 6


def test_folds(scores_csv) -> None:
    rows = [(same + n / 100, same, n % 3) for n in range(30) for same in (0, 1)]
    got = evaluate_verification(read_scored(scores_csv("score,same,fold", rows)), "x", QUICK)
    assert got.value("fold_match_rate") == 1.0


def test_rates_that_cannot_be_had(scored: Scored) -> None:
    with pytest.raises(UnsupportedTargetError, match="there are only 435 impostor comparisons"):
        evaluate_verification(scored, "x", Terms(targets=(1e-4,)))
    with pytest.raises(InputError, match="a false match rate lies between 0 and 1, not at 2"):
        evaluate_verification(scored, "x", Terms(targets=(2.0,)))


def test_the_document_is_plain(scored: Scored) -> None:
    document = evaluate_verification(scored, "x", QUICK).document()
    assert document["schema"] == "vultus.evaluate/1"
    assert document["curves"]["det"]["threshold"][0] is None
    assert document["measures"][0]["name"] == "tmr"
