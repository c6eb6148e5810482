from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vultus.errors import ConfigError, InputError
from vultus.evaluation.acquire import Acquired
from vultus.evaluation.opensets import OpenSet, measure_sets, pooled, read_set, score_set, to_dict


def made(identities, vectors, missing=()):
    images = tuple(Path(f"{index}.jpg") for index in range(len(identities)))
    rows = np.asarray(vectors, dtype=np.float32)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    there = ~np.isin(np.arange(len(images)), missing)
    rows[~there] = np.nan
    return OpenSet("made", images, tuple(identities)), Acquired(rows, there, {})


def clear(n_people=40, n_each=10, spread=0.3, missing=(), seed=0):
    random = np.random.default_rng(seed)
    person = np.repeat(np.arange(n_people), n_each)
    centres = random.normal(size=(n_people, 64))
    return made([f"p{code:02d}" for code in person], centres[person] + spread * random.normal(size=(400, 64)), missing)


def test_clear_people_are_all_found():
    result = score_set(*clear())
    assert (result.n_people, result.n_mated, result.n_nonmated) == (40, 280, 400)
    assert result.supported
    assert result.fpir_target == 0.01
    assert result.points[0].fnir == 0
    assert result.points[0].fpir <= 0.01
    assert all(miss.kind == "named" for miss in result.missed)


def test_a_missing_face_is_a_missed_search():
    # Pictures 0-2 are person 0's enrolment, so nobody can find that person; picture 15 is a probe of person 1.
    result = score_set(*clear(missing=(0, 1, 2, 15)))
    kinds = [miss.kind for miss in result.missed if miss.kind != "named"]
    assert kinds == ["not enrolled"] * 7 + ["not acquired"]
    point = result.points[0]
    assert point.fnir == pytest.approx(8 / 280)
    assert point.fnir_low < point.fnir < point.fnir_high
    assert result.fta == pytest.approx(4 / 400)


def test_wrong_person_first_and_below_threshold_are_told_apart():
    a, b, c = np.eye(3)
    part, got = made(["a", "a", "b", "b", "c", "c"], [a, b, b, 0.2 * b + c, c, c])
    result = score_set(part, got)
    kinds = {miss.image: miss.kind for miss in result.missed if miss.kind != "named"}
    assert kinds["1.jpg"] == "wrong person first"
    miss = next(miss for miss in result.missed if miss.image == "1.jpg")
    assert (miss.person, miss.other, miss.similarity, miss.other_similarity) == ("a", "b", 0, 1)
    assert not result.supported
    assert result.fpir_target == 0.5


def test_a_person_with_one_picture_is_an_unknown():
    part, got = made(["a", "a", "b", "b", "lone"], np.eye(5) + 0.1)
    result = score_set(part, got)
    assert (result.n_people, result.n_mated, result.n_nonmated) == (2, 2, 5)


def test_template_rules():
    a, b, c = np.eye(3)
    # One enrolled picture equals the probe: "best" sees it, "average" dilutes it.
    part, got = made(["x", "x", "x", "y", "y"], [a, b, a, c, c])
    best = score_set(part, got, templates="best", enrol=2)
    average = score_set(part, got, templates="average", enrol=2)
    assert best.points[0].fnir == average.points[0].fnir == 0
    part, got = made(["x", "x", "x", "y", "y", "z", "z"], [a, b, a, 0.9 * a + 0.4 * c, c, c, 0.8 * a + b])
    assert "wrong person first" in [m.kind for m in score_set(part, got, templates="average", enrol=2).missed]
    assert "2.jpg" not in [m.image for m in score_set(part, got, templates="best", enrol=2).missed if m.kind != "named"]


def test_several_sets_and_all_of_them_as_one(engine, make_face):
    first, got = clear()
    engine.faces = {path.name: [make_face(row)] for path, row in zip(first.images, got.vectors, strict=True)}
    second = OpenSet("more", first.images[200:], first.identities[200:])
    first = OpenSet("made", first.images[:200], first.identities[:200])
    results = measure_sets(engine, [first, second], templates=("best",))
    assert [(result.name, result.n_people) for result in results] == [("made", 20), ("more", 20), ("made+more", 40)]
    assert [point.source for point in results[2].points] == ["these searches", "stub:0"]
    assert json.loads(json.dumps(to_dict(results), allow_nan=False))["sets"][2]["n_people"] == 40
    assert len(measure_sets(engine, [first], templates=("best",))) == 1


def test_a_calibration_that_does_not_reach_is_left_out(engine, make_face):
    part, got = clear()
    # 40 people at FPIR 0.001 need FMR 2.5e-5, and the stub's calibration ends at 1e-4.
    assert len(score_set(part, got, fpir=0.0075, calibration=engine.calibration).points) == 2
    engine.calibration = type(engine.calibration)("s", "d", 1000, 10, engine.calibration.points[:1])
    assert len(score_set(part, got, calibration=engine.calibration).points) == 1


def test_refusals(tmp_path):
    part, got = clear()
    with pytest.raises(InputError, match="400 pictures need as many embeddings, not 1"):
        score_set(part, Acquired(got.vectors[:1], got.acquired[:1], {}))
    with pytest.raises(InputError, match="at least one picture per person is enrolled, not 0"):
        score_set(part, got, enrol=0)
    with pytest.raises(InputError, match="two people with two pictures each, not 1"):
        score_set(*made(["a", "a", "b"], np.eye(3)))
    with pytest.raises(ConfigError, match="unknown identity set 'lfw'; known: celeb_examples, orl_faces, yale_faces"):
        read_set(tmp_path, "lfw")


@pytest.mark.shared
def test_the_shared_sets_are_whole(shared):
    sets = [read_set(shared / "data", name) for name in ("celeb_examples", "orl_faces", "yale_faces")]
    assert [len(part.images) for part in sets] == [140, 380, 149]
    assert [len(part.left_out) for part in sets] == [4, 0, 15]
    assert all(path.is_file() for path in pooled(sets).images)
