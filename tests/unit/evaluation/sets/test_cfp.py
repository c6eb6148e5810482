"""CFP: a tiny fake, and the real lists."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from vultus.errors import InputError
from vultus.evaluation.sets.cfp import read_cfp, read_numbers


@pytest.fixture
def folder(touch, text) -> Path:
    names = {view: [f"Data/Images/{n:03d}/{view}/01.jpg" for n in (1, 2)] for view in ("frontal", "profile")}
    root = touch(*names["frontal"], *names["profile"])
    for letter, view in (("F", "frontal"), ("P", "profile")):
        text(f"Protocol/Pair_list_{letter}.txt", *(f"{n} ../{name}" for n, name in enumerate(names[view], 1)))
    for fold in ("01", "02"):
        text(f"Protocol/Split/FP/{fold}/same.txt", "1,1")
        text(f"Protocol/Split/FP/{fold}/diff.txt", "1,2")
    return root


def test_frontal_with_profile(folder: Path) -> None:
    got = read_cfp(folder, "FP")
    assert got.same.tolist() == [True, False] * 2
    assert got.fold.tolist() == ["01", "01", "02", "02"]
    assert got.images[got.b[1]] == folder / "Data/Images/002/profile/01.jpg"
    assert [got.people[side] for side in (got.a[0], got.b[0], got.b[1])] == ["001", "001", "002"]


def test_bad_lists(folder: Path, text) -> None:
    with pytest.raises(InputError, match="CFP has the protocols FF and FP, not 'PP'"):
        read_cfp(folder, "PP")
    with pytest.raises(InputError, match="has no folds 01 to 10"):
        read_cfp(folder, "FF")
    text("Protocol/Split/FP/01/same.txt", "1,9")
    with pytest.raises(InputError, match=r"same.txt, line 1: expected two numbers of the lists, but it is '1,9'"):
        read_cfp(folder, "FP")
    with pytest.raises(InputError, match="line 1: expected a number and a path, but it is 'x'"):
        read_numbers(text("list.txt", "x"))


@pytest.mark.shared
def test_the_real_lists(shared: Path, tmp_path: Path) -> None:
    """All 14,000 pairs of both protocols, in the layout of the set with empty pictures."""
    lists = shared / "data/protocols_and_label_lists"
    (tmp_path / "Protocol").mkdir()
    for letter, count in (("F", 5000), ("P", 2000)):
        path = tmp_path / f"Protocol/Pair_list_{letter}.txt"
        path.write_bytes((lists / f"cfp_Pair_list_{letter}.txt").read_bytes())
        numbers = read_numbers(path)
        assert sorted(numbers) == list(range(1, count + 1))
        for file in numbers.values():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    split = defaultdict(list)
    rows = list(csv.DictReader((lists / "cfp_pairs.csv").read_text().splitlines()))
    for row in rows:
        kind = "same" if row["same"] == "1" else "diff"
        split[row["protocol"], int(row["fold"]), kind].append(f"{row['index1']},{row['index2']}")
    for (protocol, fold, kind), lines in split.items():
        path = tmp_path / f"Protocol/Split/{protocol}/{fold:02d}/{kind}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines))
    for protocol in ("FF", "FP"):
        got = read_cfp(tmp_path, protocol)
        assert (got.same.size, int(got.same.sum()), len(set(got.fold))) == (7000, 3500, 10)
        people = [(got.people[a], got.people[b]) for a, b in zip(got.a, got.b, strict=True)]
        assert [a == b for a, b in people] == got.same.tolist()
        assert {got.images[b].parent.name for b in got.b} == {"frontal" if protocol == "FF" else "profile"}
