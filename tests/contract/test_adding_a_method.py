"""Does what docs/adding-a-method.md says, to the letter, in a copy of the checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FILE = re.compile(r"^`([\w/.-]+)`:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
TABLE = "src/vultus/research/table.py"


@pytest.fixture
def copy(checkout: Path, tmp_path: Path) -> Path:
    """What a newcomer has in front of them, as far as the guide speaks of it."""
    heavy = shutil.ignore_patterns("__pycache__", "*.pdf", "images")
    for name in ("src", "docs", "results", "tools"):
        shutil.copytree(checkout / name, tmp_path / name, ignore=heavy)
    (tmp_path / "tests/contract").mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "tests/conftest.py", "tests/contract/test_methods.py"):
        shutil.copy(checkout / name, tmp_path / name)
    return tmp_path


def test_a_newcomer_adds_a_method_in_three_files(checkout: Path, copy: Path) -> None:
    guide = (checkout / "docs/adding-a-method.md").read_text("utf-8")
    files = dict(FILE.findall(guide))
    assert len(files) == 3, "the guide promises three files"
    for name, text in files.items():
        target = copy / name
        if name == TABLE:
            rows, end = target.read_text("utf-8").rsplit("\n)", 1)
            text = f"{rows}\n{text}){end}"
        else:
            assert not target.exists()
        target.write_text(text, "utf-8")
    *_, commands = COMMANDS.findall(guide)
    env = {**os.environ, "PYTHONPATH": str(copy / "src"), "OMP_NUM_THREADS": "1"}
    for line in commands.splitlines():
        program, *words = line.split()
        command = [sys.executable, "-m", "vultus", *words] if program == "vultus" else [sys.executable, *words]
        done = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, timeout=170, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    assert re.search(r"\b9 passed, \d+ deselected", done.stdout), "the sweep has lost some of its tests"
    report = json.loads((copy / "results/ablate_brightest.json").read_text("utf-8"))
    assert {claim["verdict"] for claim in report["claims"]} == {"holds"}
    assert "**holds**" in (copy / "docs/methods/brightest.md").read_text("utf-8")
