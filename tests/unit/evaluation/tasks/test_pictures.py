"""Pairs of pictures: who the people are called, and what is not acquired."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unit.cli.fake import ADA, GRACE, NOBODY, FakeEngine, save
from vultus.errors import InputError
from vultus.evaluation.acquire import Acquired
from vultus.evaluation.sets.pairset import PairSet
from vultus.evaluation.tasks.identification import NEVER, evaluate_identification
from vultus.evaluation.tasks.identification import Terms as SearchTerms
from vultus.evaluation.tasks.pictures import (
    compare_listed,
    compare_set,
    grade_listed,
    look_alive,
    search_people,
    with_fta,
)
from vultus.evaluation.tasks.verification import Terms, evaluate_verification
from vultus.types import Liveness


def test_people_have_names_from_subjects_or_pictures(tmp_path, scores_csv) -> None:
    for name, colour in (("a1", ADA), ("a2", ADA), ("g", GRACE), ("none", NOBODY)):
        save(tmp_path / f"{name}.png", colour)
    rows = [("a1.png", "a2.png", 1), ("a1.png", "g.png", 0), ("g.png", "none.png", 0)]
    scored, got, _ = compare_listed(FakeEngine(), scores_csv("image1,image2,same", rows))
    assert [name.rsplit("/")[-1] for name in (scored.names[scored.left[0]], scored.names[scored.right[1]])] == [
        "a1.png", "g.png"]  # fmt: skip
    assert scored.left[0] == scored.right[0]
    assert scored.scores[2] == -np.inf
    report = with_fta(evaluate_verification(scored, "x", Terms(repeats=20)), got)
    assert report.value("fta") == 0.25
    assert report.sizes["pictures"] == 4
    named = [(*row, a, b) for row, (a, b) in zip(rows, (("Ada", "Ada"), ("Ada", "Grace"), ("Grace", "?")), strict=True)]
    scored, *_ = compare_listed(FakeEngine(), scores_csv("image1,image2,same,subject1,subject2", named))
    assert (scored.names[scored.left[1]], scored.names[scored.right[1]]) == ("Ada", "Grace")


def test_qualities_are_those_of_the_engine(tmp_path, scores_csv) -> None:
    for name, colour in (("a1", ADA), ("a2", ADA), ("g", GRACE), ("none", NOBODY)):
        save(tmp_path / f"{name}.png", colour)
    rows = [("a1.png", "a2.png", 1), ("a1.png", "none.png", 1), ("a1.png", "g.png", 0)]
    scored, got, listed = compare_listed(FakeEngine(), scores_csv("image1,image2,same", rows))
    graded = grade_listed(scored, got, listed)
    assert graded.quality.tolist() == [min(got.quality[0], got.quality[1]), -np.inf]
    assert graded.scores[1] == -np.inf
    with pytest.raises(InputError, match="this engine gives faces no quality score"):
        grade_listed(scored, replace(got, quality=None), listed)


def test_everybody_is_a_stranger_once() -> None:
    """Two people in two directions, a third with one picture; a face of Ada was not acquired."""
    vectors = np.array([[1, 0], [0.8, 0.6], [np.nan, np.nan], [0, 1], [0.6, 0.8], [-1, 0]], dtype=np.float32)
    people = ["Ada", "Ada", "Ada", "Grace", "Grace", "Marie"]
    got = search_people(Acquired(vectors, np.isfinite(vectors[:, 0]), {2: "no face found"}), people, 1)
    assert (got.n_people, got.n_searched, int(got.enrolled.sum())) == (2, 3, 3)
    assert got.mate[:3].tolist() == [pytest.approx(0.8), -np.inf, pytest.approx(0.8)]
    assert got.rank[:3].tolist() == [1, NEVER, 1]
    assert got.best[3:].tolist() == pytest.approx([0, 0.6, -np.inf, 0, 0.6, 0])
    report = evaluate_identification(got, "x", SearchTerms(thresholds=(0.5,), repeats=20))
    assert report.value("fnir", "threshold 0.5, rank 1") == pytest.approx(1 / 3)
    assert report.value("fpir", "threshold 0.5") == pytest.approx(2 / 6)
    with pytest.raises(InputError, match="at least two people with more than 2 pictures each, but there are 1"):
        search_people(Acquired(vectors, np.isfinite(vectors[:, 0]), {}), people, 2)


def test_templates_of_a_set(tmp_path) -> None:
    files = tuple(save(tmp_path / f"{n}.png", colour, seed=n) for n, colour in enumerate((ADA, GRACE, ADA, NOBODY)))
    one = np.array([0, 0, 1, 2])
    pairs = PairSet(files, (), np.array([0, 0]), np.array([1, 2]), np.array([True, False]), None, one, np.arange(4))
    scored, got = compare_set(FakeEngine(), pairs)
    single, _ = compare_set(FakeEngine(), PairSet(files, ("A", "G", "A", "N"), np.array([0, 0]), np.array([2, 1]),
                                                  np.array([True, False])))  # fmt: skip
    assert 0 < scored.scores[0] < single.scores[0] == pytest.approx(1)
    assert (scored.scores[1], got.fta, scored.names) == (-np.inf, 0.25, ())
    assert (single.names, single.right.tolist()) == (("A", "G", "N"), [0, 1])


class Judging(FakeEngine):
    """Takes everybody but Grace for alive."""

    def _face(self, number, colour, height, embed):
        face = super()._face(number, colour, height, embed)
        return replace(face, liveness=Liveness(0.2 if colour[1] > 150 else 0.9, 0.6))


def test_attacks_in_pictures(tmp_path, scores_csv) -> None:
    for name, colour in (("a", ADA), ("g", GRACE), ("none", NOBODY)):
        save(tmp_path / f"{name}.png", colour)
    rows = [("a.png", "bona_fide", "Ada"), ("g.png", "print", "Grace"), ("none.png", "print", "Ada")]
    path = scores_csv("image,species,subject", rows)
    got, threshold = look_alive(Judging(), path)
    assert (got.scores.tolist(), got.names, threshold) == ([0.9, 0.2, -np.inf], ("Ada", "Grace"), 0.6)
    with pytest.raises(InputError, match="no face was judged: the pack has no attack detection, or no picture"):
        look_alive(FakeEngine(), path)
    (tmp_path / "g.png").unlink()
    with pytest.raises(InputError, match=r"names .*g\.png, but there is no such file"):
        look_alive(Judging(), path)


def test_pictures_that_cannot_be_read_are_named(tmp_path, scores_csv) -> None:
    for name, colour in (("a1", ADA), ("a2", ADA), ("g", GRACE)):
        save(tmp_path / f"{name}.png", colour)
    broken = [f"broken{n}.png" for n in range(12)]
    for name in broken:
        (tmp_path / name).write_bytes(b"")
    rows = [("a1.png", "a2.png", 1), ("a1.png", "g.png", 0), *(("g.png", name, 0) for name in broken)]
    scored, got, _ = compare_listed(FakeEngine(), scores_csv("image1,image2,same", rows))
    told = with_fta(evaluate_verification(scored, "x", Terms(repeats=20)), got).warnings
    assert "cannot read image" in told[1]
    assert told[-1] == "and 2 more pictures that cannot be read"
