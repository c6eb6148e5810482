"""`vultus evaluate`: each task from files, in words and as JSON."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, GRACE, MARIE, NOBODY, save
from unit.evaluation.tasks.conftest import comparisons

PEOPLE = {"Ada": ADA, "Grace": GRACE, "Marie": MARIE}


@pytest.fixture
def scores(cli: Cli) -> Path:
    return write(cli, "scores.csv", "score,same,subject1,subject2", comparisons())


@pytest.fixture
def pairs(cli: Cli) -> Path:
    """All pairs of three people with four pictures each."""
    files = [save(cli.folder / f"album/{name}/{number}.png", colour, seed=number)
             for name, colour in PEOPLE.items() for number in range(4)]  # fmt: skip
    rows = [(a.relative_to(cli.folder), b.relative_to(cli.folder), int(a.parent == b.parent))
            for a, b in combinations(files, 2)]  # fmt: skip
    return write(cli, "pairs.csv", "image1,image2,same", rows)


def write(cli: Cli, name: str, header: str, rows) -> Path:
    path = cli.folder / name
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def values(document) -> dict[tuple[str, str], float | None]:
    return {(one["name"], one["at"]): one["value"] for one in document["measures"]}


def test_verification_of_scores(cli: Cli, scores: Path) -> None:
    document = cli.json("evaluate", "verification", scores, "--repeats", 50, "--out", "made/report.json")
    assert json.loads(Path("made/report.json").read_text()) == document
    assert (document["task"], document["sizes"]["people"]) == ("verification", 30)
    assert ("tmr", "fmr 0.01") in values(document)
    shown = cli("evaluate", "verification", scores, "--repeats", 50, "--threshold", 1, "--fmr", 0.1)
    assert "comparisons 525, genuine 90, impostor 435" in shown.stdout
    assert "threshold 1" in shown.stdout
    assert "fmr 0.01" not in shown.stdout
    assert "chosen on the comparisons that they are judged by" in shown.stderr
    assert "rule of three" in cli("evaluate", "verification", scores, "--fmr", 1e-5, code=2).stderr


def test_verification_with_thresholds_from_elsewhere(cli: Cli, scores: Path) -> None:
    strangers = [(s, t, f"q{a}", f"q{b}") for s, t, a, b in comparisons(seed=1)]
    write(cli, "other.csv", "score,same,subject1,subject2", strangers)
    cli("calibrate", "other.csv", "--out", "other.json")
    first = cli.json("evaluate", "verification", scores, "--calibration", "other.json", "--repeats", 50)
    second = cli.json("evaluate", "verification", scores, "--development", "other.csv", "--repeats", 50)
    assert values(first)["fmr", "fmr 0.01 of other.json"] == values(second)["fmr", "fmr 0.01 of the development file"]
    assert second["warnings"] == []
    same = cli("evaluate", "verification", scores, "--development", scores, "--repeats", 50)
    assert "30 of the people are in the development file too" in same.stderr


def test_verification_of_pictures(cli: Cli, pairs: Path) -> None:
    save(cli.folder / "album/Ada/0.png", NOBODY)
    document = cli.json("evaluate", "verification", pairs, "--repeats", 50, "--ratios")
    assert document["sizes"] == {"pictures": 12, "comparisons": 66, "genuine": 18, "impostor": 48, "people": 3,
                                 "not_made": 11}  # fmt: skip
    assert values(document)["fta", ""] == pytest.approx(1 / 12)
    assert values(document)["tmr", "fmr 0.1"] == pytest.approx(15 / 18)


def test_identification_of_candidate_lists(cli: Cli) -> None:
    rows = [("a", "ada", 1, "ada", 0.9), ("b", "bob", 1, "ada", 0.7), ("c", "", 0, "ada", 0.4)]
    path = write(cli, "found.csv", "search,person,enrolled,candidate,score", rows)
    args = ("evaluate", "identification", path, "--threshold", 0.5, "--people", 100, "--rank", 1, "--repeats", 30)
    document = cli.json(*args)
    assert document["sizes"]["people"] == 100
    assert values(document)["fnir", "threshold 0.5, rank 1"] == 0.5
    assert "cmc" in cli(*args).stdout
    assert "rule of three" in cli("evaluate", "identification", path, "--fpir", 0.001, code=2).stderr


def test_identification_of_a_folder(cli: Cli, pairs: Path) -> None:
    save(cli.folder / "album/Ada/3.png", NOBODY)
    document = cli.json("evaluate", "identification", "album", "--enrol", 2, "--threshold", 0.5, "--repeats", 30)
    assert document["sizes"] == {"pictures": 12, "searches": 18, "mated": 6, "nonmated": 12, "people": 3,
                                 "people_searched": 3, "without_candidates": 2}  # fmt: skip
    assert values(document)["fnir", "threshold 0.5, rank 1"] == pytest.approx(1 / 6)
    assert values(document)["fpir", "threshold 0.5"] == 0


def test_pad(cli: Cli) -> None:
    from unit.evaluation.tasks.test_pad import HEADER, rows_of

    test, other = write(cli, "test.csv", HEADER, rows_of()), write(cli, "dev.csv", HEADER, rows_of(1, people="q"))
    document = cli.json("evaluate", "pad", test, "--development", other, "--threshold", 1, "--repeats", 30)
    assert ("hter", "eer of the development file") in values(document)
    assert ("apcer_of_species", "threshold 1, species replay") in values(document)
    assert "only 60 attacks of species 'print'" in cli("evaluate", "pad", test, "--repeats", 30).stdout


def test_quality(cli: Cli, pairs: Path) -> None:
    rows = [(n / 100, n, n + 1) for n in range(100)]
    path = write(cli, "graded.csv", "score,quality1,quality2", rows)
    document = cli.json("evaluate", "quality", path, "--fnmr", 0.1, "--repeats", 30)
    assert values(document)["fnmr", "nothing discarded"] == pytest.approx(0.1)
    document = cli.json("evaluate", "quality", pairs, "--threshold", 1.01, "--repeats", 30)
    assert (document["sizes"]["pictures"], values(document)["fnmr", "nothing discarded"]) == (12, 1)
    assert "there is no error that a quality measure could leave out" in " ".join(
        cli("evaluate", "quality", pairs, "--threshold", 0.1, code=2).stderr.split()
    )


def test_expression_and_spotting(cli: Cli) -> None:
    labels = write(cli, "labels.csv", "truth,predicted", [("happy", "happy"), ("sad", "happy"), ("sad", "sad")])
    assert values(cli.json("evaluate", "expression", labels, "--repeats", 30))["uar", ""] == 0.75
    truth = write(cli, "truth.csv", "film,first,last,subject", [("a", 1, 10, "s"), ("b", 1, 10, "t")])
    found = write(cli, "found.csv", "film,first,last", [("a", 2, 10), ("b", 8, 20)])
    document = cli.json("evaluate", "spotting", truth, found, "--iou", 0.5, "--repeats", 30)
    assert values(document)["f1", "iou 0.5"] == 0.5
    assert "precision" in cli("evaluate", "spotting", truth, found, "--repeats", 30).stdout


def test_published_sets(cli: Cli) -> None:
    for name, colour in (("Ada", ADA), ("Grace", GRACE)):
        for number in range(1, 8):
            save(cli.folder / f"lfw/{name}/{name}_{number:04d}.png", colour, seed=number)
    pairs = [f"{name}\t{a}\t{b}" for name in ("Ada", "Grace") for a, b in combinations(range(1, 8), 2)]
    pairs += [f"Ada\t{a}\tGrace\t{b}" for a in range(1, 7) for b in range(1, 8)]
    (cli.folder / "pairs.txt").write_text("\n".join(["1\t42", *pairs]))
    document = cli.json("evaluate", "verification", ".", "--layout", "lfw", "--repeats", 30)
    assert (document["sizes"]["comparisons"], values(document)["tmr", "fmr 0.1"]) == (84, 1)
    listed = write(cli, "Test.txt", "+1,1_1_01_1", [["-1", "1_1_01_2"]])
    scores = write(cli, "scores.csv", "file,score", [("1_1_01_1.avi", 1), ("1_1_01_2.avi", 0)])
    other = write(cli, "dev.csv", "file,score", [("1_1_01_1.avi", 0.9), ("1_1_01_2.avi", 0.1)])
    document = cli.json("evaluate", "pad", scores, "--list", listed, "--layout", "oulu", "--threshold", 0.5,
                        "--development", other, "--development-list", listed, "--repeats", 30)  # fmt: skip
    assert values(document)["hter", "eer of the development file"] == 0
    assert values(document)["bpcer", "threshold 0.5"] == 0


def test_one_to_many_protocols_of_ijb(cli: Cli) -> None:
    colours = {"1001": ADA, "1002": GRACE, "1003": MARIE}
    lines, lists = [], {"gallery_G1": [], "gallery_G2": [], "probe_mixed": []}
    homes = [("gallery_G1", "1001"), ("gallery_G2", "1002"), *(("probe_mixed", who) for who in colours)]
    for number, (home, who) in enumerate(homes, 1):
        save(cli.folder / f"loose_crop/{number}.png", colours[who], seed=number)
        lines.append(f"{number}.png {number} {number}")
        lists[home].append((number, who))
    (cli.folder / "meta").mkdir()
    (cli.folder / "meta/ijbc_face_tid_mid.txt").write_text("\n".join(lines))
    for name, rows in lists.items():
        write(cli, f"meta/ijbc_1N_{name}.csv", "TEMPLATE_ID,SUBJECT_ID", rows)
    document = cli.json("evaluate", "identification", ".", "--layout", "ijb", "--threshold", 0.5, "--repeats", 30)
    assert (document["sizes"]["mated"], document["sizes"]["nonmated"]) == (2, 4)
    assert values(document)["fnir", "threshold 0.5, rank 1"] == 0
    document = cli.json("evaluate", "identification", ".", "--layout", "ijb-g2", "--repeats", 30)
    assert (document["sizes"]["mated"], document["sizes"]["people"]) == (1, 1)


def test_attacks_in_pictures_need_a_pack_that_detects_them(cli: Cli) -> None:
    save(cli.folder / "a.png", ADA)
    save(cli.folder / "g.png", GRACE)
    listed = write(cli, "films.csv", "image,species", [("a.png", "bona_fide"), ("g.png", "print")])
    assert "the pack has no attack detection" in cli("evaluate", "pad", listed, code=2).stderr
