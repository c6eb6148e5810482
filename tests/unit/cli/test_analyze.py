"""`vultus analyze`."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, GRACE, NOBODY, SHOWN, picture, save
from unit.inference.portraits import portrait
from vultus.inference.image import read, write


def test_a_table_tells_what_faces_show(cli: Cli) -> None:
    save(Path("two.png"), ADA, GRACE)
    save(Path("none.png"), NOBODY)
    lines = [line.split() for line in cli("analyze", "two.png", "none.png").stdout.splitlines()]
    assert ["two.png", "1", "10,", "10", "80", "x", "100", "happy", "0.70", "surprise", "0.20", "0.90"] in lines
    assert ["none.png", "-", "no", "face"] in lines


def test_json_has_the_seven_scores(cli: Cli) -> None:
    save(Path("two.png"), ADA, GRACE)
    document = cli.json("analyze", "two.png")
    assert document["schema"] == "vultus.analyze/1"
    assert document["model"].startswith("vultus-expression-")
    (image,) = document["images"]
    assert [face["expression"] for face in image["faces"]] == [{"label": "happy", "scores": dict(SHOWN.scores)}] * 2
    assert "embedding" not in image["faces"][0], "nobody is identified"
    assert len(cli.json("analyze", "two.png", "--max-faces", 1)["images"][0]["faces"]) == 1


def test_a_picture_is_annotated(cli: Cli) -> None:
    save(Path("two.png"), ADA, GRACE)
    cli("analyze", "two.png", "--annotate", "out/marked.png")
    assert not np.array_equal(read(Path("out/marked.png")), picture(ADA, GRACE))


def test_an_attack_is_told_in_the_place_of_quality(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from vultus.cli import analyze
    from vultus.types import Liveness

    save(Path("one.png"), ADA)
    asked = []
    before = analyze.Choice.engine

    def engine(choice):
        asked.append(choice.liveness)
        return before(choice)

    monkeypatch.setattr(analyze.Choice, "engine", engine)
    real = analyze.largest
    refused = Liveness(0.12, 0.5, "presentation_attack", "trained on rendered attacks")
    monkeypatch.setattr(
        analyze, "largest", lambda faces, count: [replace(face, liveness=refused) for face in real(faces, count)]
    )
    out = " ".join(cli("analyze", "one.png", "--liveness", "rendered").stdout.split())
    assert "presentation_attack (live 0.12)" in out
    face = cli.json("analyze", "one.png", "--liveness", "off")["images"][0]["faces"][0]
    assert face["liveness"]["reason"] == "presentation_attack"
    assert asked == ["rendered", "off"]


def test_a_bad_file_is_reported(cli: Cli) -> None:
    Path("b.jpg").write_text("no picture")
    assert cli.json("analyze", "b.jpg", code=2)["summary"]["failed"] == 1


def test_the_commercial_policy_refuses_the_model(cli: Cli) -> None:
    save(Path("two.png"), ADA)
    out = cli("analyze", "two.png", "--licence-policy", "commercial", code=2)
    assert "is for research only (LicenceRef-FER2013-research)" in " ".join(out.stderr.split())


@pytest.mark.usefixtures("engine")
def test_it_needs_no_torch_and_sees_a_smile(checkout: Path, tmp_path: Path) -> None:
    write(tmp_path / "smile.png", portrait())
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "sys.argv = ['vultus', 'analyze', 'smile.png', '--json', '--threads', '1']\n"
        "from vultus.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(checkout / "src")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"label": "happy"' in done.stdout, "Eileen Collins smiles"
