"""`vultus audit report`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from unit.cli.conftest import Cli
from unit.evaluation.audit.made import made


def written(path: str, rates: list[tuple[float, float]], **more: int) -> str:
    found = made(rates, **more)
    labels = found.labels["group"]
    with open(path, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["score", "same", "subject1", "subject2", "region1", "region2"])
        for score, same, a, b in zip(found.scores, found.same, found.left, found.right, strict=True):
            rows.writerow([f"{score:.6f}", int(same), a, b, labels[a], labels[b]])
    return path


def test_an_unfair_system(cli: Cli) -> None:
    written("s.csv", [(0.15, 0.1), (0.03, 0.1)], people=100)
    out = cli("audit", "report", "s.csv", "--threshold", 0.5, "--limit", "fmr_max_min=2", code=1)
    assert "region a: more false matches than the others" in out.stderr
    assert "fmr_max_min of region is" in out.stderr
    assert "written: audit.html and audit.json" in out.stderr
    assert "More false" not in out.stdout
    assert json.loads(Path("audit.json").read_text("utf-8"))["schema"] == "vultus.audit.report/1"
    assert Path("audit.html").read_text("utf-8").startswith("<!doctype html>")


def test_a_fair_one_as_json(cli: Cli) -> None:
    written("s.csv", [(0.05, 0.1), (0.05, 0.1)], people=100)
    written("t.csv", [(0.05, 0.1), (0.05, 0.1)], people=100)
    document = cli.json("audit", "report", "s.csv", "--other", "t.csv", "--fmr", 0.05, "--out", "deep/page.html",
                        "--per-day", 100, "--listed", 5, "--prevalence", 0.01)  # fmt: skip
    assert (document["findings"], document["beyond_limits"]) == ([], [])
    assert document["traffic"] == {"per_day": 100, "listed": 5, "prevalence": 0.01}
    assert Path("deep/page.json").exists()
    assert "no group differs from the others by more than chance" in cli(
        "audit", "report", "s.csv", "--fmr", 0.05
    ).stderr  # fmt: skip


def test_the_threshold_of_a_calibration_and_whom_it_was_measured_on(cli: Cli) -> None:
    written("s.csv", [(0.05, 0.1), (0.05, 0.1)], people=100)
    head, *rows = Path("s.csv").read_text("utf-8").splitlines()
    Path("scores.csv").write_text(
        "\n".join(",".join(line.split(",")[:4]) for line in [head, *rows[:1000], *rows[-1000:]]), "utf-8"
    )
    cli("calibrate", "scores.csv", "--out", "ours.json")
    document = cli.json("audit", "report", "s.csv", "--calibration", "ours.json", "--fmr", 0.05)
    assert document["threshold"]["from"] == "ours.json at an FMR of 0.05"
    assert document["threshold"]["fmr_target"] is None
    assert any("people were in the data of ours.json too" in line for line in document["warnings"])
    assert "ours.json too" in Path("audit.html").read_text("utf-8")
    words = ("audit", "report", "s.csv", "--calibration", "ours.json", "--threshold", 0.5)
    assert "--threshold and --calibration both give a threshold; leave one out" in cli(*words, code=2).stderr


def test_bad_input_is_one_line(cli: Cli) -> None:
    Path("s.csv").write_text("score,same\n1,1\n", "utf-8")
    for words, message in (
        (["s.csv"], "must have the columns score, same and a pair per attribute"),
        (["none.csv"], "cannot read none.csv"),
        (["s.csv", "--limit", "fairness=1"], "unknown limit 'fairness'"),
        (["s.csv", "--prevalence", "2"], "a watch-list needs people per day"),
    ):
        assert message in cli("audit", "report", *words, code=2).stderr
    assert not Path("audit.html").exists()
