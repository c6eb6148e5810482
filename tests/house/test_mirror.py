"""tests/unit mirrors src/vultus: where a file's tests are needs no search."""

from __future__ import annotations

from pathlib import Path

FORBIDDEN = {"utils", "util", "helpers", "common", "misc", "base", "manager", "managers", "tools"}


def _parts(checkout: Path) -> list[Path]:
    source = checkout / "src/vultus"
    files = [file.relative_to(source) for file in source.rglob("*.py")]
    assert len(files) >= 40, "the sweep has lost most of the package"
    return sorted(files)


def _test_of(file: Path) -> str:
    """A package's own __init__ is tested under the folder's name, the package root under `test_vultus.py`."""
    if file.name == "__init__.py":
        return str(file.parent.parent / f"test_{file.parent.name or 'vultus'}.py")
    return str(file.parent / f"test_{file.stem.strip('_')}.py")


def _says_something(checkout: Path, file: Path) -> bool:
    """An __init__ that only re-exports needs no test of its own; tests/house covers the two doors of the package."""
    if str(file) in {"__init__.py", "__main__.py"}:
        return False
    if file.parts[:2] == ("research", "methods") and len(file.parts) == 4:
        return False  # tests/contract/test_methods.py sweeps every method; what a test of its own can add is welcome
    text = (checkout / "src/vultus" / file).read_text("utf-8")
    return file.name != "__init__.py" or "def " in text


def test_every_source_file_has_its_test_file(checkout: Path) -> None:
    unit = checkout / "tests/unit"
    there = {str(file.relative_to(unit)) for file in unit.rglob("test_*.py")}
    wanted = {_test_of(file) for file in _parts(checkout) if _says_something(checkout, file)}
    assert sorted(wanted - there) == []


def test_every_test_file_has_its_source_file(checkout: Path) -> None:
    unit = checkout / "tests/unit"
    known = [_test_of(file).removesuffix(".py") for file in _parts(checkout)]
    strays = []
    for file in sorted(unit.rglob("test_*.py")):
        name = str(file.relative_to(unit)).removesuffix(".py")
        # a long test may be split: test_search_speed.py belongs to search.py
        if not any(name == whole or name.startswith(f"{whole}_") for whole in known):
            strays.append(name)
    assert strays == []


def test_no_file_has_a_name_that_says_nothing(checkout: Path) -> None:
    assert [str(file) for file in _parts(checkout) if FORBIDDEN & {*file.parent.parts, file.stem}] == []


def test_private_names_start_with_an_underscore_and_files_do_not(checkout: Path) -> None:
    odd = [str(file) for file in _parts(checkout) if file.stem.startswith("_") and not file.stem.startswith("__")]
    assert odd == []
