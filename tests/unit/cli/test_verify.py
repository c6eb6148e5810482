"""`vultus verify`."""

from __future__ import annotations

from pathlib import Path

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, GRACE, NOBODY, save


def test_the_same_person(cli: Cli) -> None:
    save(Path("a.png"), ADA), save(Path("b.png"), ADA, seed=1)
    line = cli("verify", "a.png", "b.png").stdout.strip()
    assert line.startswith("same person: similarity 1.000 reaches the threshold 0.500 for FMR 0.001")
    assert "calibration fake-calibration" in line


def test_another_person(cli: Cli) -> None:
    save(Path("a.png"), ADA), save(Path("b.png"), GRACE)
    assert cli("verify", "a.png", "b.png").stdout.startswith("not the same person: similarity -0.500 is below the")
    cli("verify", "a.png", "b.png", "--exit-code", code=1)


def test_no_face_is_an_answer_and_no_failure(cli: Cli) -> None:
    save(Path("a.png"), ADA), save(Path("b.png"), NOBODY)
    assert cli("verify", "a.png", "b.png").stdout.startswith("no answer: no face was found in at least one")
    document = cli.json("verify", "a.png", "b.png")
    assert document["decision"]["reason"] == "failure_to_acquire"
    assert document["decision"]["similarity"] is None


def test_json_and_another_rate(cli: Cli) -> None:
    save(Path("a.png"), ADA)
    document = cli.json("verify", "a.png", "a.png", "--fmr", "0.01")
    assert (document["a"], document["b"]) == ("a.png", "a.png")
    assert document["decision"] == {
        "matched": True, "similarity": 1.0, "threshold": 0.4, "fmr_target": 0.01, "fpir_target": None,
        "gallery_size": None, "calibration_id": "fake-calibration", "reason": "",
    }  # fmt: skip


def test_a_rate_the_data_cannot_support_is_refused(cli: Cli) -> None:
    save(Path("a.png"), ADA)
    assert "smallest supported FMR is" in cli("verify", "a.png", "a.png", "--fmr", "1e-9", code=2).stderr


def test_stdin_once_and_not_twice(cli: Cli) -> None:
    data = save(Path("a.png"), ADA).read_bytes()
    assert cli("verify", "-", "a.png", stdin=data).stdout.startswith("same person")
    assert "standard input (-) can be read only once" in cli("verify", "-", "-", code=2).stderr


def test_two_pictures_and_no_folders(cli: Cli) -> None:
    save(Path("p/a.png"), ADA), save(Path("p/b.png"), ADA)
    assert (
        "two pictures are compared, but p and p/a.png are 3; name two files"
        in cli("verify", "p", "p/a.png", code=2).stderr
    )
    assert "no such file or folder: 'nowhere.jpg'" in cli("verify", "p/a.png", "nowhere.jpg", code=2).stderr
