"""`vultus demo`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from unit.cli.conftest import Cli
from unit.cli.fake import ADA, GRACE, MARIE, save
from vultus.inference.image import read


@pytest.fixture
def photos(cli: Cli) -> Path:
    for at in range(3):
        save(Path(f"photos/Ada/{at}.png"), ADA, seed=at)
        save(Path(f"photos/Grace/{at}.png"), GRACE, seed=at)
    save(Path("photos/Marie/0.png"), MARIE)
    return Path("photos")


def test_own_photos(cli: Cli, photos: Path) -> None:
    out = cli("demo", "--photos", photos, "--out", "deep/out.png")
    assert "enrolled Ada from 2 pictures" in out.stderr
    assert "3 of 3 pictures answered rightly" in out.stderr
    rows = [line.split() for line in out.stdout.splitlines()]
    assert ["Ada:", "2.png", "Ada", "1.000"] in [row[:4] for row in rows]
    assert ["Marie", "(not", "enrolled):", "0.png", "unknown"] in [row[:5] for row in rows]
    assert read(Path("deep/out.png")).shape[:2] == (2 * 456 + 12, 4 * 412 + 12)


def test_json(cli: Cli, photos: Path) -> None:
    document = cli.json("demo", "--photos", photos)
    assert [item["right"] for item in document["pictures"]] == [True] * 3
    assert Path("demo.jpg").exists()


def test_a_wrong_answer_is_told(cli: Cli, photos: Path) -> None:
    save(photos / "Ada/9.png", GRACE, seed=9)
    out = cli("demo", "--photos", photos)
    assert "2 of 3 pictures answered rightly" in out.stderr
    assert "wrong" in out.stdout


def test_it_leaves_the_users_gallery_alone(cli: Cli, photos: Path, tmp_path: Path) -> None:
    cli("demo", "--photos", photos)
    assert not list(tmp_path.rglob("gallery.db*"))


def test_a_folder_without_people(cli: Cli) -> None:
    Path("empty").mkdir()
    assert "holds no folders of people" in cli("demo", "--photos", "empty", code=2).stderr


def test_the_real_demo(tmp_path: Path, checkout: Path) -> None:
    """What a newcomer runs first, with the real engine, pictures and process."""
    pytest.importorskip("matplotlib")
    env = {**os.environ, "PYTHONPATH": str(checkout / "src"), "XDG_DATA_HOME": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-m", "vultus", "demo"], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "10 of 10 pictures answered rightly" in done.stderr
    assert done.stdout.count("Eileen Collins") == 8
    assert done.stdout.count("unknown") == 2
    assert read(tmp_path / "demo.jpg").shape == (3 * 456 + 12, 4 * 412 + 12, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo.jpg"]
