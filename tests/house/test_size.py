"""Nothing grows past one sitting of reading: files to 400 lines, functions to 60."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FILE_LINES, FUNCTION_LINES = 400, 60
LIMITED_DOCS = {"CONTRIBUTING.md": 120, "SECURITY.md": 80}


def _sources(checkout: Path) -> list[Path]:
    files = sorted(file for folder in ("src", "tests") for file in (checkout / folder).rglob("*.py"))
    assert len(files) >= 60, "the sweep has lost most of the repository"
    return files


def test_files_are_short(checkout: Path) -> None:
    lengths = {file: len(file.read_text("utf-8").splitlines()) for file in _sources(checkout)}
    assert {str(file.relative_to(checkout)): n for file, n in lengths.items() if n > FILE_LINES} == {}


def test_functions_are_short(checkout: Path) -> None:
    long = {}
    for file in _sources(checkout):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    long[f"{file.relative_to(checkout)}:{node.lineno} {node.name}"] = lines
    assert long == {}


@pytest.mark.parametrize(("name", "lines"), LIMITED_DOCS.items())
def test_guides_are_short(checkout: Path, name: str, lines: int) -> None:
    assert len((checkout / name).read_text("utf-8").splitlines()) <= lines


def test_decision_records_are_short(checkout: Path) -> None:
    records = sorted((checkout / "docs/decisions").glob("[0-9]*.md"))
    assert len(records) >= 5
    assert {file.name: n for file in records if (n := len(file.read_text("utf-8").splitlines())) > 30} == {}
