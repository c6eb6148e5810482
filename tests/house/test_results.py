"""The page of results says what the committed JSON files say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_generated():
    spec = importlib.util.spec_from_file_location("write_results", ROOT / "tools/write_results.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.PAGE.read_text() == tool.page(), "run: python tools/write_results.py"


def test_the_tables_of_the_methods_are_generated():
    spec = importlib.util.spec_from_file_location("write_methods", ROOT / "tools/write_methods.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    pages = sorted(tool.PAGES.glob("*.md"))
    assert pages
    for path in pages:
        assert path.read_text("utf-8") == tool.page(path), "run: python tools/write_methods.py"
        assert "<!-- ablation: " in path.read_text("utf-8"), path
    for path in tool.MODELS.glob("*.md"):
        assert path.read_text("utf-8") == tool.page(path), "run: python tools/write_methods.py"
    assert tool.SETS.read_text("utf-8") == tool.page(tool.SETS), "run: python tools/write_methods.py"
    assert tool.WORLD.read_text("utf-8") == tool.page(tool.WORLD), "run: python tools/write_methods.py"
