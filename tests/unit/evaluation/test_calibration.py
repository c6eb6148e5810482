from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vultus.errors import InputError, UnsupportedTargetError
from vultus.evaluation import calibration as module
from vultus.evaluation.calibration import calibrate, calibrate_vectors, fmr_steps
from vultus.evaluation.impostors import highest_impostors
from vultus.metrics.verification import fmr, threshold_at_fmr


def calibrated(vectors, people, **more):
    return calibrate_vectors(vectors, people, "stub people", name="stub", repeats=more.pop("repeats", 50), **more)


def test_steps_go_down_to_the_rule_of_three():
    assert fmr_steps(3000) == (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
    assert fmr_steps(2999)[-1] == 0.002
    assert fmr_steps(7_250_000)[-1] == 5e-7
    assert fmr_steps(30) == (0.1,)
    for few in (29, 0):
        with pytest.raises(InputError, match=f"at least 30 impostor comparisons, but there are {few}"):
            fmr_steps(few)


def test_thresholds_are_those_of_all_pairs(make_population):
    vectors, people = make_population(60, 3)
    got = calibrated(vectors, people)
    scores = highest_impostors(vectors, people, 10**9).scores
    assert (got.n_impostor, got.n_subjects) == (scores.size, 60)
    assert got.smallest_fmr >= 3 / scores.size
    for point in got.points:
        assert point.threshold == pytest.approx(threshold_at_fmr(scores, point.fmr), abs=2e-6)
        assert fmr(scores, point.threshold) <= point.fmr
        assert point.low <= point.threshold <= point.high
    thresholds = [point.threshold for point in got.points]
    assert thresholds == sorted(thresholds)
    with pytest.raises(UnsupportedTargetError, match="60 people"):
        got.threshold(1e-6)


def test_rates_beyond_the_kept_tail_come_from_a_sample(make_population, monkeypatch):
    vectors, people = make_population(80, 4)
    exact = calibrated(vectors, people)
    monkeypatch.setattr(module, "_KEEP", 6000)
    monkeypatch.setattr(module, "_SMALL", 10)
    rough = calibrated(vectors, people)
    assert [point.fmr for point in rough.points] == [point.fmr for point in exact.points]
    assert rough.points[-1].threshold == exact.points[-1].threshold
    for here, there in zip(rough.points, exact.points, strict=True):
        assert here.threshold == pytest.approx(there.threshold, abs=0.03)
        assert here.low == pytest.approx(there.low, abs=0.04)


def test_the_interval_is_that_of_a_plain_subject_bootstrap(make_population):
    vectors, people = make_population(30, 4)
    got = calibrated(vectors, people, repeats=300).points[0]
    random = np.random.default_rng(7)
    repeats = []
    for _ in range(300):
        drawn = random.integers(30, size=30)
        rows = np.concatenate([np.flatnonzero(people == person) for person in drawn])
        copies = people[rows]
        scores = vectors[rows] @ vectors[rows].T
        repeats.append(threshold_at_fmr(scores[np.triu(copies[:, None] != copies[None, :], 1)], got.fmr))
    assert got.low == pytest.approx(np.quantile(repeats, 0.025), abs=0.02)
    assert got.high == pytest.approx(np.quantile(repeats, 0.975), abs=0.02)


def test_the_interval_covers_the_true_threshold(make_population):
    truth = threshold_at_fmr(highest_impostors(*make_population(600, 2, seed=99), 10**9).scores, 0.01)
    covered = 0
    for seed in range(20):
        vectors, people = make_population(60, 3, seed=seed)
        point = next(point for point in calibrated(vectors, people, repeats=200).points if point.fmr == 0.01)
        covered += point.low <= truth <= point.high
    assert covered >= 16


def test_the_same_data_give_the_same_calibration_and_other_data_another_name(make_population):
    vectors, people = make_population(20, 3)
    first = calibrated(vectors, people)
    assert calibrated(vectors, people * 5 + 2) == first
    assert first.calibration_id.startswith("stub:")
    assert len(first.calibration_id) == len("stub:") + 16
    assert calibrated(vectors, people, contract="dlib:1").calibration_id != first.calibration_id


def test_calibrate_counts_what_was_not_acquired(engine, make_face, make_population):
    vectors, people = make_population(12, 3)
    pictures = [Path(f"{index}.jpg") for index in range(38)]
    engine.faces = {path.name: [make_face(row)] for path, row in zip(pictures, vectors, strict=False)}
    engine.faces["37.jpg"] = "it is empty"
    names = [f"person {person}" for person in people] + ["person 0", "nobody"]
    run = calibrate(engine, pictures, names, "stub people", name="stub", repeats=20)
    assert run.calibration.n_subjects == 12
    assert run.n_images == 38
    assert run.fta == pytest.approx(2 / 38)
    assert run.not_acquired == (("36.jpg", "no face found"), ("37.jpg", "cannot read image 37.jpg: it is empty"))
    assert run.contract == engine.contract
    score, one, other = run.nearest[0]
    assert names[int(Path(one).stem)] != names[int(Path(other).stem)]
    assert score == pytest.approx(float(vectors[int(Path(one).stem)] @ vectors[int(Path(other).stem)]), abs=1e-5)
    with pytest.raises(
        InputError, match="each picture needs a subject and an embedding: 38 pictures, 1 subjects, 38 emb"
    ):
        calibrate(engine, pictures, ["one"], "stub people", name="stub")
