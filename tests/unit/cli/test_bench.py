"""`vultus bench`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from unit.cli.conftest import Cli
from vultus.cli.bench import number
from vultus.evaluation.row import Measurement, Row

ROW = {"what": "embedding", "ours": 1234.5, "peer": 100.25, "peer_name": "dlib", "ratio": 12.3, "unit": "faces/s",
       "n": 64, "goal": ">= 8", "met": True, "reason": ""}  # fmt: skip
REPORT = {
    "schema": "vultus.bench/1",
    "rows": [ROW, {**ROW, "what": "lfw", "ours": None, "peer": None, "met": None, "reason": "not measured: no data"}],
    "machine": {"processor": "Z80", "threads": 2, "system": "CP/M"}, "versions": {"python": "3.11"}, "details": {},
}  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    asked: dict[str, Any] = {}

    def bench_core(pack: str, data: Path | None, *, tell: Any, **more: Any) -> dict[str, Any]:
        asked.update(pack=pack, data=data, **more)
        tell("embedding (1 of 2)")
        return REPORT

    monkeypatch.setattr("vultus.evaluation.bench.bench_core", bench_core)
    return asked


def test_a_table_and_a_file(cli: Cli, asked: dict[str, Any]) -> None:
    out = cli("bench", "core", "--data", ".", "--out", "bench.json", "--only", "embedding", "--quick", "--threads", 1)
    row = "embedding 1,234 100.2 dlib 12.3 faces/s 64 >= 8 yes"
    assert row.split() in [line.split() for line in out.stdout.splitlines()]
    assert "measuring embedding (1 of 2)" in out.stderr
    assert "lfw: not measured: no data" in out.stderr
    assert json.loads(Path("bench.json").read_text()) == REPORT
    assert asked == {"pack": "dlib", "data": Path("."), "threads": 1, "only": ("embedding",), "quick": True}


def test_json(cli: Cli, asked: dict[str, Any]) -> None:
    assert cli.json("bench", "core") == REPORT


def test_the_gallery(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = (Measurement("scan", lambda bench: [Row(what=f"scan, {bench.threads} thread", ours=2.0, unit="probes/s")]),)
    monkeypatch.setattr("vultus.evaluation.bench_gallery.MEASUREMENTS", suite)
    report = cli.json("bench", "gallery", "--threads", 1, "--quick", "--only", "scan")
    assert report["rows"][0]["what"] == "scan, 1 thread"
    assert "unknown measurement 'skan'" in cli("bench", "gallery", "--only", "skan", code=2).stderr


def test_encrypted_faces(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def bench_encrypted(study: Any, only: tuple[str, ...]) -> dict[str, Any]:
        seen.append((study, only))
        return REPORT

    monkeypatch.setattr("vultus.evaluation.bench_encrypted.bench_encrypted", bench_encrypted)
    monkeypatch.setattr("vultus.evaluation.encrypted.report.page", lambda report: f"<p>{report['schema']}")
    cli("bench", "encrypted", "--backend", "vultus, phe", "--bits", "2048", "--dims", "128,512", "--only", "costs",
        "--html", "made/page.html", "--quick", "--threads", 1, "--out", "made/study.json")  # fmt: skip
    study, only = seen[0]
    assert (study.backends, study.bits, study.dimensions, study.pairs) == (("vultus", "phe"), (2048,), (128, 512), "")
    assert (study.bench.quick, study.bench.threads, study.bench.pack, only) == (True, 1, "dlib", ("costs",))
    assert Path("made/page.html").read_text() == "<p>vultus.bench/1"
    assert json.loads(Path("made/study.json").read_text()) == REPORT
    assert cli.json("bench", "encrypted") == REPORT


def test_encrypted_faces_are_asked_for_properly(cli: Cli) -> None:
    words = "--bits takes whole numbers with commas between, not '2048;3072'"
    assert words in cli("bench", "encrypted", "--bits", "2048;3072", code=2).stderr
    assert "--dims takes whole numbers" in cli("bench", "encrypted", "--dims", ",", code=2).stderr
    assert "unknown backend 'pyfhel'" in cli("bench", "encrypted", "--backend", "pyfhel", code=2).stderr
    assert "needs the evaluation data lfw_view2" in cli("bench", "encrypted", "--pairs", "lfw", code=2).stderr


def test_data_must_be_a_folder(cli: Cli) -> None:
    assert "vultus: --data nowhere is no folder" in cli("bench", "core", "--data", "nowhere", code=2).stderr


def test_an_unknown_measurement(cli: Cli) -> None:
    assert (
        "unknown measurement 'embeding'; did you mean 'embedding'?"
        in cli("bench", "core", "--only", "embeding", code=2).stderr
    )


def test_alone_it_shows_its_help(cli: Cli) -> None:
    assert "core" in cli("bench").stdout


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (0.99991234, "0.9999"), (12.345, "12.35"), (12345.6, "12,346"), (0.0, "0")]
)
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


def test_metrics(cli: Cli) -> None:
    report = cli.json("bench", "metrics", "--quick", "--threads", 1)
    assert [row["unit"] for row in report["rows"]] == ["million scores/s", "million scores/s", "share"]
    assert "scikit-learn" in report["versions"]
    assert "unknown measurement 'rate'" in cli("bench", "metrics", "--only", "rate", code=2).stderr


def test_the_service(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fastapi")
    suite = (Measurement("load", lambda bench: [Row(what="/identify", ours=2.0, unit="pictures/s")]),)
    monkeypatch.setattr("vultus.service.bench.MEASUREMENTS", suite)
    assert cli.json("bench", "service", "--quick", "--only", "load")["rows"][0]["what"] == "/identify"
