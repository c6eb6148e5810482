"""Pairs of pictures: who the people are called, and what is not acquired."""

from __future__ import annotations

import numpy as np

from unit.cli.fake import ADA, GRACE, NOBODY, FakeEngine, save
from vultus.evaluation.tasks.pictures import compare_listed, with_fta
from vultus.evaluation.tasks.verification import Terms, evaluate_verification


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
