from __future__ import annotations

import pytest

from vultus.errors import InputError
from vultus.evaluation.audit.comparisons import read_comparisons

GOOD = "score,same,subject1,subject2,sex1,sex2,age1,age2\n0.9,1,ada,ada,f,f,old,old\n0.2,0,ada,bob,f,m,old,\n"


def written(path, text):
    (path / "s.csv").write_text(text, "utf-8")
    return path / "s.csv"


def test_scores_people_and_labels(tmp_path):
    found = read_comparisons(written(tmp_path, GOOD))
    assert found.scores.tolist() == [0.9, 0.2]
    assert found.same.tolist() == [True, False]
    assert (found.left.tolist(), found.right.tolist(), found.n_subjects) == ([0, 0], [0, 1], 2)
    assert {name: labels.tolist() for name, labels in found.labels.items()} == {"sex": ["f", "m"], "age": ["old", ""]}
    assert found.group_of(("sex",)) == (("f", "m"), pytest.approx([0, 1]))
    assert found.group_of(("sex", "age"))[0] == ("f / old",)
    assert found.group_of(("sex", "age"))[1].tolist() == [0, -1]
    assert len(found.sha256) == 64
    assert found.people == ("ada", "bob")


def test_without_people_each_comparison_is_of_its_own(tmp_path):
    found = read_comparisons(written(tmp_path, "score,same,g1,g2\n1,1,x,x\n0,0,x,y\n"))
    assert (found.n_subjects, found.left.tolist(), found.right.tolist()) == (0, [0, 1], [0, 3])
    assert found.labels["g"].tolist() == ["x", "x", "", "y"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must have the columns score, same and a pair per attribute .*, but has none"),
        ("score,same,g1,g2\n", "has no rows"),
        ("score,same,g1,g2,g2\n1,1,a,a,a\n", "each once, but has score,same,g1,g2,g2"),
        ("score,same\n1,1\n", "must have the columns score, same and a pair per attribute such as group1,group2"),
        ("score,g1,g2\n1,a,a\n", "must have the columns score, same"),
        ("score,same,g1,g2\n1,1,a,a\n", "has genuine comparisons only; an audit needs those of one person and of two"),
        ("score,same,g1,g2\n1,0,a,a\n", "has impostor comparisons only"),
        ("score,same,g1,g2\nnan,1,a,a\n", "line 2: score must be a finite number, but is 'nan'; leave out comparisons"),
        ("score,same,g1,g2\n1,2,a,a\n", "line 2: same must be 1 or 0, but is '2'"),
        ("score,same,g1,g2\n1,1,a\n", "line 2: expected 4 cells, score,same,g1,g2, but it has 3"),
        ("score,same,subject1,g1,g2\n1,1,x,a,a\n2,0,x,a,a\n", "has the column subject1 alone"),
        ("score,same,image1,image2,g1,g2\n1,1,x,y,a,a\n2,0,y,x,a,a\n", "line 3: this pair is in line 2 already"),
        (GOOD + "0.3,0,ada,cem,m,m,old,old\n", "line 4: sex of one person is 'f' in an earlier line and 'm' here"),
        (GOOD + "0.3,1,ada,bob,f,m,old,old\n", "line 4: same is 1, but the subjects are ada and bob"),
    ],
)
def test_what_cannot_be_audited(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_comparisons(written(tmp_path, text))


def test_files_that_are_no_csv(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*: No such file"):
        read_comparisons(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="it is no CSV file in UTF-8"):
        read_comparisons(tmp_path / "b.csv")
