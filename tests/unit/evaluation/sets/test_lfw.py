"""LFW's list, and the folds that are present, written in its exact layout."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vultus.errors import InputError
from vultus.evaluation.pairs import read_pairs
from vultus.evaluation.sets.lfw import read_lfw

PICTURES = [f"lfw/{name}/{name}_000{n}.jpg" for name in ("Ada_L", "Grace_H") for n in (1, 2)]


def test_a_list_with_folds(touch, text) -> None:
    folder = touch(*PICTURES)
    text("pairs.txt", "2\t1", "Ada_L\t1\t2", "Ada_L\t1\tGrace_H\t2", "Grace_H\t1\t2", "Ada_L\t2\tGrace_H\t1")
    got = read_lfw(folder)
    assert got.same.tolist() == [True, False, True, False]
    assert got.fold.tolist() == ["1", "1", "2", "2"]
    assert got.images[got.b[1]] == folder / "lfw/Grace_H/Grace_H_0002.jpg"
    assert got.people[got.b[1]] == "Grace_H"


def test_view_1_has_no_folds_and_pictures_may_lie_beside_the_list(touch, text) -> None:
    folder = touch("Ada_L/Ada_L_0001.png", "Ada_L/Ada_L_0002.png", "Bo/Bo_0001.png")
    listed = text("pairsDevTest.txt", "1", "Ada_L 1 2", "Ada_L 1 Bo 1")
    got = read_lfw(folder, listed)
    assert (got.fold, len(got.images)) == (None, 3)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("1\t1", "Ada_L\t1"), "line 2: expected 'name n1 n2' or 'name1 n1 name2 n2', but it is 'Ada_L\t1'"),
        (("1\t1", "Ada_L\t1\tAda_L\t2"), "line 2: expected 'name n1 n2'"),
        (("1\t1", "Ada_L\t1\t9"), "but there is no such file"),
        (("1\t1",), "has no pairs"),
    ],
)
def test_bad_lists(touch, text, lines, message: str) -> None:
    folder = touch(*PICTURES)
    text("pairs.txt", *lines)
    with pytest.raises(InputError, match=message):
        read_lfw(folder)


@pytest.mark.shared
def test_the_folds_that_are_present(shared: Path, tmp_path: Path) -> None:
    """Written in LFW's own layout, they read as the reader of the shared folder reads them."""
    known = read_pairs(shared / "data/lfw_view2")
    lines = ["5\t300"]
    for a, b, same in zip(known.a, known.b, known.same, strict=True):
        (one, n), (other, m) = (re.fullmatch(r"(.+)_0*(\d+)", known.images[side].stem).groups() for side in (a, b))
        lines.append("\t".join([one, n, m] if same else [one, n, other, m]))
    (tmp_path / "pairs.txt").write_text("\n".join(lines) + "\n")
    for image in known.images:
        home = tmp_path / "lfw_funneled" / image.stem.rsplit("_", 1)[0]
        home.mkdir(parents=True, exist_ok=True)
        (home / image.name).symlink_to(image)
    got = read_lfw(tmp_path)
    assert got.same.tolist() == known.same.tolist()
    assert got.fold.tolist() == [str(fold) for fold in known.fold]
    assert [got.images[i].name for i in got.a] == [known.images[i].name for i in known.a]
    assert [got.people[i] for i in got.b] == [known.identities[i] for i in known.b]
