"""Lists that people bring: what is read, and every way in which one can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from vultus.errors import InputError
from vultus.evaluation.lists import people_of, read_list


def _csv(folder: Path, text: str) -> Path:
    path = folder / "list.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def album(tmp_path: Path) -> Path:
    for name in "abcde":
        (tmp_path / f"{name}.jpg").write_bytes(b"")
    return tmp_path


def test_pairs_and_the_people_that_follow_from_them(album: Path) -> None:
    text = "\ufeffsame,image1,image2\r\n1,a.jpg,b.jpg\r\nTRUE,b.jpg,c.jpg\r\n0,a.jpg,d.jpg\r\nfalse,d.jpg,e.jpg\r\n\r\n"
    got = read_list(_csv(album, text))
    assert got.images == tuple(album / f"{name}.jpg" for name in "abcde")
    assert got.same.tolist() == [True, True, False, False]
    assert (got.a.tolist(), got.b.tolist()) == ([0, 1, 0, 3], [1, 2, 3, 4])
    assert got.subjects == 3
    assert (got.left == got.right).tolist() == got.same.tolist()
    assert got.left[0] == got.left[1] == got.left[2]
    assert got.scores is None


def test_pairs_with_people(album: Path) -> None:
    head = "image1,image2,same,subject1,subject2\n"
    text = head + "a.jpg,b.jpg,1,Ada,Ada\nb.jpg,c.jpg,0,Ada,Grace\nd.jpg,c.jpg,0,Ada,Grace\n"
    got = read_list(_csv(album, text))
    assert (got.subjects, got.left.tolist(), got.right.tolist()) == (2, [0, 0, 0], [0, 1, 1])


def test_scores_with_and_without_people(tmp_path: Path) -> None:
    got = read_list(_csv(tmp_path, "score,same\n0.9,1\n-1e3,0\n"))
    assert got.scores is not None
    assert (got.scores.tolist(), got.subjects, got.images) == ([0.9, -1000.0], 0, ())
    assert got.left.tolist() == got.right.tolist() == [0, 1]
    got = read_list(_csv(tmp_path, "score,same,subject1,subject2\n0.9,1,x,x\n0.1,0,x,y\n"))
    assert (got.subjects, got.left.tolist(), got.right.tolist()) == (2, [0, 0], [0, 1])


def test_names_are_those_of_the_numbers(tmp_path: Path) -> None:
    """Somebody who comes first on the right side must not take the name of another one."""
    path = _csv(tmp_path, "score,same,subject1,subject2\n0.1,0,Ada,Grace\n0.2,0,Marie,Ada\n0.9,1,Grace,Grace\n")
    got = read_list(path)
    names = people_of(path, got)
    assert [(names[one], names[other]) for one, other in zip(got.left, got.right, strict=True)] == [
        ("Ada", "Grace"), ("Marie", "Ada"), ("Grace", "Grace")]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "list.csv must have the columns image1,image2,same or score,same .*, but has none"),
        ("image1,image2\na.jpg,b.jpg\n", "but has image1,image2"),
        ("score,same,subject1\n1,1,x\n", "but has score,same,subject1"),
        ("score,same,same\n1,1,1\n", "but has score,same,same"),
        ("score,same\n", "list.csv has no rows"),
        ("score,same\n1,1\n2\n", "line 3: expected 2 cells, score,same, but it has 1"),
        ("score,same\n1,1\n2,0,0\n", "line 3: expected 2 cells, score,same, but it has 3"),
        ("score,same\n1,1\n,0\n", "line 3: score must be a finite number, but is ''; leave out comparisons"),
        ("score,same\n1,yes\n", "line 2: same must be 1 or 0, but is 'yes'"),
        ("score,same\n1,1\nNaN,0\n", "line 3: score must be a finite number, but is 'NaN'; leave out"),
        ("score,same\n1,1\n-inf,0\n", "line 3: score must be a finite number, but is '-inf'"),
        ("score,same\n1,1\nhigh,0\n", "line 3: score must be a finite number, but is 'high'"),
        ("score,same\n1,1\n1e300,0\n", "line 3: score must be a finite number below 2.53, but is 1e.300"),
        ("score,same\n1,1\n2,1\n", "has genuine pairs only; a calibration needs pairs of one person and of two"),
        ("score,same\n1,0\n2,0\n", "has impostor pairs only; a calibration needs pairs"),
        ("score,same,subject1,subject2\n1,1,x,x\n2,0,y,y\n", "line 3: same is 0, but the subjects are y and y"),
        ("score,same,subject1,subject2\n1,1,x,y\n2,0,x,y\n", "line 2: same is 1, but the subjects are x and y"),
        ("image1,image2,same\na.jpg,b.jpg,1\nc.jpg,d.jpg,0\nb.jpg,a.jpg,1\n", "this pair is in line 2 already"),
        ("image1,image2,same\na.jpg,b.jpg,1\na.jpg,b.jpg,0\n", "line 3: this pair is in line 2 already .a.jpg, b.jpg."),
        ("image1,image2,same\na.jpg,a.jpg,1\nc.jpg,d.jpg,0\n", "line 2: a.jpg is compared with itself"),
        ("image1,image2,same\na.jpg,b.jpg,1\na.jpg,z.jpg,0\n", "names z.jpg, but there is no such file in"),
        (
            "image1,image2,same\na.jpg,b.jpg,1\nb.jpg,c.jpg,1\na.jpg,c.jpg,0\n",
            "line 4: same is 0, but other lines say that both pictures show one person",
        ),
        ('score,same\n"1,1\n', "it is no CSV file in UTF-8"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(album: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_list(_csv(album, text))


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*none\.csv: No such file"):
        read_list(tmp_path / "none.csv")
    (tmp_path / "bad.csv").write_bytes(b"score,same\n\xff,1\n")
    with pytest.raises(InputError, match="it is no CSV file in UTF-8"):
        read_list(tmp_path / "bad.csv")
