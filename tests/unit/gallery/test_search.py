from __future__ import annotations

from copy import copy
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import ConfigError, InputError, ShapeError
from vultus.gallery.part import KERNELS
from vultus.gallery.search import ExactDoor, assign, average, background_of
from vultus.gallery.templates import Changes, Templates
from vultus.types import Calibration, CalibrationPoint, Candidate


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def gallery(counts: list[int], dimension: int = 16, seed: int = 0) -> Templates:
    random = np.random.default_rng(seed)
    vectors = unit(random.normal(size=(sum(counts), dimension))) if counts else np.zeros((0, dimension), np.float32)
    starts = np.concatenate([[0], np.cumsum(counts)])[: len(counts)].astype(np.int64)
    names = tuple(f"p{n}" for n in range(len(counts)))
    return Templates(1, names, starts, np.arange(100, 100 + sum(counts)), vectors)


def oracle(templates: Templates, counts: list[int], probe: np.ndarray, top: int, rule: str) -> list[tuple[str, float]]:
    """The plain way: person by person, in float64."""
    rows, at = [], 0
    for name, count in zip(templates.names, counts, strict=True):
        own = templates.vectors[at : at + count].astype(np.float64)
        at += count
        mean = own.mean(axis=0)
        stretch = (0.9 / min(max(mean @ mean - 0.1, 0.225), 0.9)) ** 0.3
        rows.append((name, float((own @ probe).max() if rule == "best" else 0.1 + stretch * (mean @ probe - 0.1))))
    return sorted(rows, key=lambda row: -row[1])[:top]


@pytest.mark.parametrize("rule", ["average", "best"])
@pytest.mark.parametrize("kernel", ["float32", "int8"])
@given(st.lists(st.integers(1, 6), min_size=1, max_size=30), st.integers(1, 40), st.integers(0, 99))
def test_like_the_plain_way(rule, kernel, counts, top, seed):
    templates = gallery(counts, seed=seed)
    probes = unit(np.random.default_rng(seed + 1).normal(size=(3, 16)))
    door = ExactDoor(templates, rule, 0.1, kernel=kernel)
    assert (door.n_people, door.n_templates) == (len(counts), sum(counts) if rule == "best" else len(counts))
    for probe, found in zip(probes, door.search(probes, top), strict=True):
        wanted = oracle(templates, counts, probe.astype(np.float64), top, rule)
        assert len(found) == len(wanted)
        np.testing.assert_allclose([one.similarity for one in found], [row[1] for row in wanted], atol=2e-6)
        assert {one.name for one in found} == {row[0] for row in wanted}


def test_best_names_the_face():
    templates = gallery([2, 3, 1])
    for row, face_id in enumerate(templates.face_ids):
        ((best,),) = ExactDoor(templates, "best", 0.5).search(templates.vectors[row : row + 1], 1)
        assert best.face_id == face_id
        assert best.similarity == pytest.approx(1, abs=1e-6)
    ((best,),) = ExactDoor(templates).search(templates.vectors[:1], 1)
    assert (best.name, best.face_id) == ("p0", None)


def test_equal_ones_come_in_the_order_of_enrolment():
    vectors = unit(np.ones((5, 4)))
    templates = Templates(1, tuple("abcde"), np.arange(5), np.arange(5), vectors)
    for kernel in KERNELS:
        (found,) = ExactDoor(templates, kernel=kernel).search(vectors[:1], 3)
        assert [one.name for one in found] == ["a", "b", "c"]


def test_nobody():
    door = ExactDoor(gallery([]))
    assert door.search(unit(np.ones((2, 16))), 5) == [[], []]
    assert ExactDoor(gallery([1])).search(np.zeros((0, 16), np.float32), 5) == []


def test_templates_that_cancel_out_resemble_nobody():
    one = unit(np.ones((1, 4)))
    rows, offsets = average(np.concatenate([one, -one]), np.array([0]), 0.5)
    assert rows.tolist() == [[0, 0, 0, 0]]
    assert offsets[0] < 0


def test_one_picture_is_its_own_average():
    templates = gallery([1, 1])
    rows, offsets = average(templates.vectors, templates.starts, 0.85)
    np.testing.assert_allclose(rows, templates.vectors, atol=1e-7)
    assert offsets.tolist() == [0, 0]


def faces(n_people: int, each: int, seed: int) -> np.ndarray:
    """People about a common direction, as embeddings of real networks lie; (people, each, 64)."""
    random = np.random.default_rng(seed)
    who = 0.035 * random.normal(size=(n_people, 1, 64)) + np.eye(64)[0]
    rows = who + 0.025 * random.normal(size=(n_people, each, 64))
    return (rows / np.linalg.norm(rows, axis=2, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("each", [2, 5, 10])
def test_strangers_pass_about_as_often_as_with_one_picture(each):
    known, strangers = faces(300, each, 1), faces(1000, 1, 2)[:, 0]
    single = known[:, 0] @ strangers.T
    threshold = float(np.quantile(single, 0.999))
    starts = np.arange(300) * each
    rows, offsets = average(known.reshape(-1, 64), starts, float(np.median(single)))
    ours = float((rows @ strangers.T + offsets[:, None] >= threshold).mean())
    means = known.mean(axis=1)
    usual = float(((means / np.linalg.norm(means, axis=1, keepdims=True)) @ strangers.T >= threshold).mean())
    assert 0.0004 < ours < 0.002
    assert usual > 4 * ours


def test_background():
    random = np.random.default_rng(0)
    strangers = random.normal(0.7, 0.05, 1_000_000)
    points = tuple(
        CalibrationPoint(fmr, float(np.quantile(strangers, 1 - fmr)), 0, 1) for fmr in (0.1, 0.05, 0.01, 1e-3)
    )
    assert background_of(Calibration("c", "d", 1000, 10, points)) == pytest.approx(0.7, abs=1e-3)
    assert background_of(Calibration("c", "d", 1000, 10, points[:1])) == 0, "one point does not tell"
    low = (CalibrationPoint(0.1, -0.5, 0, 1), CalibrationPoint(0.01, -0.4, 0, 1))
    assert background_of(Calibration("c", "d", 1000, 10, low)) == 0


def test_no_similarity_is_above_1():
    vectors = np.repeat(unit(np.ones((1, 16))), 3, axis=0)
    ((found,),) = ExactDoor(Templates(1, ("a",), np.array([0]), np.arange(3), vectors), "average", 0.9).search(
        vectors[:1], 1
    )
    assert found.similarity <= 1


def test_bad_arguments():
    with pytest.raises(InputError, match="top must be at least 1, but is 0"):
        ExactDoor(gallery([1])).search(np.ones((1, 16), np.float32), 0)
    with pytest.raises(ShapeError, match=r"probes must be \(Q, 16\), but is \(1, 8\)"):
        ExactDoor(gallery([1])).search(np.ones((1, 8), np.float32), 1)
    with pytest.raises(ConfigError, match="the kernel must be one of auto, float32, int8, but is 'fp8'"):
        ExactDoor(gallery([1]), kernel="fp8")
    with pytest.raises(InputError, match="within must hold positions from 0 to 1, but has 1 to 2"):
        ExactDoor(gallery([1, 1])).search(np.ones((1, 16), np.float32), 1, np.array([1, 2]))


def test_only_some_people():
    templates = gallery([2, 1, 3, 1])
    probe = templates.vectors[:1]
    for rule in ("average", "best"):
        door = ExactDoor(templates, rule)
        (everybody,) = door.search(probe, 9)
        (some,) = door.search(probe, 9, np.array([1, 2]))
        assert [(one.name, one.face_id) for one in some] == [
            (one.name, one.face_id) for one in everybody if one.name in ("p1", "p2")
        ]
        assert door.search(probe, 9, np.array([], np.int64)) == [[]]
        assert door.count(np.array([1, 2])) == (4 if rule == "best" else 2)
        assert door.count() == door.n_templates


def ranked(rows: list[dict[str, float]]) -> list[list[Candidate]]:
    return [sorted((Candidate(n, s) for n, s in row.items()), key=lambda one: -one.similarity) for row in rows]


def test_the_more_similar_face_gets_the_person():
    rows = ranked([{"ada": 0.8, "bob": 0.6}, {"ada": 0.9, "bob": 0.5}, {"ada": 0.7, "bob": 0.2}])
    first, second, third = assign(rows, 0.55, exclusive=True)
    assert (first.matched, first.candidates[0].name) == (True, "bob"), "the next candidate above the threshold"
    assert (second.matched, second.candidates[0].name) == (True, "ada")
    assert (third.matched, third.displaced, third.candidates[0].name) == (False, True, "ada")
    assert [one.candidates[0].name for one in assign(rows, 0.55, exclusive=False)] == ["ada"] * 3


def test_an_unknown_face_keeps_its_candidates_for_review():
    rows = ranked([{"ada": 0.9}, {"ada": 0.3}])
    _, unknown = assign(rows, 0.5, exclusive=True)
    assert (unknown.matched, unknown.displaced, unknown.candidates) == (False, False, (Candidate("ada", 0.3),))


def test_at_the_threshold_is_a_match():
    (answer,) = assign(ranked([{"ada": 0.5}]), 0.5, exclusive=True)
    assert answer.matched


rows_of_scores = st.lists(
    st.dictionaries(st.sampled_from("abcdef"), st.floats(-1, 1, width=32), min_size=1), min_size=1, max_size=7
)


@given(rows_of_scores, st.floats(-0.5, 0.9))
def test_nobody_is_twice_in_one_picture(rows, threshold):
    answers = assign(ranked(rows), threshold, exclusive=True)
    given_names = [one.candidates[0].name for one in answers if one.matched]
    assert len(given_names) == len(set(given_names))
    for row, answer in zip(rows, answers, strict=True):
        able = {name for name, similarity in row.items() if similarity >= threshold}
        if answer.matched:
            assert answer.candidates[0].name in able
        else:
            assert able <= set(given_names), "a face stays unknown only if all its people are taken"
            assert answer.displaced == bool(able)
    # Stable: nobody and no face would both rather have each other.
    for row, answer in zip(rows, answers, strict=True):
        got = answer.candidates[0].similarity if answer.matched else threshold
        for name, similarity in row.items():
            if similarity > got and similarity >= threshold and name in given_names:
                holder = next(one for one in answers if one.matched and one.candidates[0].name == name)
                assert holder.candidates[0].similarity >= similarity


def changed(
    templates: Templates, *, gone: list[int], faces: dict[int, int], seed: int = 7
) -> tuple[Templates, Changes]:
    """What becomes of a gallery when people go and others come to have so many faces; and the difference."""
    random = np.random.default_rng(seed)
    stay = templates.person_ids[~np.isin(templates.person_ids, [*gone, *faces])]
    own = dict(zip(templates.person_ids.tolist(), np.split(templates.vectors, templates.starts[1:]), strict=True))
    ids = dict(zip(templates.person_ids.tolist(), np.split(templates.face_ids, templates.starts[1:]), strict=True))
    for number, count in faces.items():
        own[number] = unit(random.normal(size=(count, templates.vectors.shape[1])))
        ids[number] = 1000 * number + np.arange(count)

    def of(numbers: list[int]) -> Templates:
        counts = np.array([len(own[number]) for number in numbers], dtype=np.int64)
        none = np.zeros((0, templates.vectors.shape[1]), np.float32)
        return Templates(
            2, tuple(f"n{number}" for number in numbers), np.cumsum(counts) - counts,
            np.concatenate([np.zeros(0, np.int64), *(ids[number] for number in numbers)]),
            np.concatenate([none, *(own[number] for number in numbers)]), np.array(numbers, dtype=np.int64),
        )  # fmt: skip

    return of(sorted([*stay.tolist(), *faces])), Changes(2, np.array(gone, dtype=np.int64), of(sorted(faces)))


@pytest.mark.parametrize("rule", ["average", "best"])
@given(st.lists(st.integers(1, 4), min_size=1, max_size=40), st.integers(0, 99), st.integers(1, 12))
def test_changes_are_taken_in(rule, counts, seed, top):
    random = np.random.default_rng(seed)
    templates = gallery(counts, seed=seed)
    templates = replace(templates, names=tuple(f"n{n + 1}" for n in range(len(counts))))
    door = ExactDoor(templates, rule, 0.1)
    probes = unit(random.normal(size=(2, 16)))
    for turn in range(3):
        gone = templates.person_ids[random.random(len(templates.person_ids)) < 0.2].tolist()
        rest = [number for number in range(1, 60) if number not in gone]
        faces = {int(number): int(random.integers(1, 4)) for number in random.choice(rest, 5, replace=False)}
        templates, changes = changed(templates, gone=gone, faces=faces, seed=seed + turn)
        before, kept = copy(door), door.search(probes, top)
        assert door.update(changes)
        assert before.search(probes, top) == kept, "a copy made before stays as it was"
        anew = ExactDoor(templates, rule, 0.1)
        assert (door.n_people, door.n_templates) == (anew.n_people, anew.n_templates)
        assert door.search(probes, top) == anew.search(probes, top)
        within = np.flatnonzero(random.random(door.n_people) < 0.5)
        assert door.search(probes, top, within) == anew.search(probes, top, within)
        assert door.count(within) == anew.count(within)
        numbers = np.sort(random.choice(60, 9, replace=False))
        assert np.array_equal(door.positions(numbers), anew.positions(numbers))


def test_many_changes_are_made_anew():
    templates = gallery([1] * 100)
    door = ExactDoor(templates)
    _, changes = changed(templates, gone=[], faces=dict.fromkeys(range(200, 265), 1))
    assert not door.update(changes)
    assert door.n_people == 100
    _, changes = changed(templates, gone=list(range(1, 65)), faces={})
    assert door.update(changes)
    assert door.n_people == 36
