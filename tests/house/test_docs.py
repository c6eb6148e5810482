"""The docs cannot rot: their code runs, their commands exist, and whatever a user can meet is in them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|<img[^>]+src=\"([^\"]+)\"")
COMMAND = re.compile(r"(?<![\w./-])vultus((?: [a-z]+)+)((?: +[^\s`;)]+)*)")


def _pages(checkout: Path) -> list[Path]:
    pages = sorted([*checkout.glob("*.md"), *(checkout / "docs").rglob("*.md")])
    assert {"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "tour.md"} <= {page.name for page in pages}
    return pages


def _all_docs(checkout: Path) -> str:
    return "\n".join(page.read_text("utf-8") for page in _pages(checkout))


def _sources(checkout: Path) -> list[Path]:
    files = sorted((checkout / "src/vultus").rglob("*.py"))
    assert len(files) >= 40, "the sweep has lost most of the package"
    return files


# ---------------------------------------------------------------------------------------------------- code that runs
@pytest.fixture
def album(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pictures that the docs speak of: one known person alone, and once more in another light."""
    skimage = pytest.importorskip("skimage.data")
    from vultus.inference.image import write

    portrait = np.ascontiguousarray(skimage.astronaut()[..., :3])
    darker = (portrait[:, ::-1].astype(np.float32) * 0.7).astype(np.uint8)
    monkeypatch.chdir(tmp_path)
    write(Path("eileen.jpg"), portrait)
    write(Path("crew.jpg"), np.ascontiguousarray(np.hstack([darker, np.zeros_like(darker)])))
    return tmp_path


@pytest.mark.parametrize("page", ["README.md", "docs/tour.md"])
def test_python_in_the_docs_runs(checkout: Path, album: Path, page: str, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = [code for kind, code in FENCE.findall((checkout / page).read_text("utf-8")) if kind == "python"]
    assert blocks, f"{page} has no Python in it"
    names: dict[str, Any] = {}
    for code in blocks:
        exec(compile(code, page, "exec"), names)
    assert "Eileen" in capsys.readouterr().out
    assert list(album.glob("*.vultus")), "the gallery of the docs was not written"


# ------------------------------------------------------------------------------------------------ commands that exist
def _verbs() -> dict[str, set[str]]:
    """Every command path with its flags, e.g. "packs pull" -> {"--offline", ...}."""
    import typer

    from vultus.cli.main import app

    def walk(command: Any, path: str) -> Iterator[tuple[str, set[str]]]:
        flags = {flag for param in command.params for flag in (*param.opts, *param.secondary_opts) if flag[:1] == "-"}
        yield path, flags | {"--help", "-h"}
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, f"{path} {name}".strip())

    verbs = dict(walk(typer.main.get_command(app), ""))
    assert len(verbs) >= 20, "the sweep has lost most of the commands"
    return verbs


def _sections(text: str) -> dict[str, str]:
    """Markdown by heading; the commands named in a heading own the section."""
    parts = re.split(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_flag_of_every_command_is_documented(checkout: Path) -> None:
    """In the command's own section, or in one that is about no single command."""
    sections = _sections((checkout / "docs/cli.md").read_text("utf-8"))
    shared = " ".join(body for head, body in sections.items() if not re.match(r"`?vultus [a-z]", head))
    missing = []
    for path, flags in _verbs().items():
        own = " ".join(body for head, body in sections.items() if re.match(rf"`?vultus {path}\b", head))
        if path and not own:
            missing.append(f"vultus {path}")
        missing += [f"vultus {path} {flag}" for flag in sorted(flags) if not _mentions(own + shared, flag)]
    assert missing == []


def _mentions(text: str, flag: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", text) is not None


def _commands(text: str) -> Iterator[tuple[str, list[str]]]:
    for words, rest in COMMAND.findall(text):
        yield words.strip(), re.findall(r"(?<![\w-])--?[a-z][\w-]*", rest)


def _wrong(where: str, text: str, verbs: dict[str, set[str]]) -> list[str]:
    found = []
    for words, flags in _commands(text):
        parts = words.split()
        path = next((" ".join(parts[:n]) for n in (2, 1) if " ".join(parts[:n]) in verbs), None)
        if path is None:
            found.append(f"{where}: vultus {words}")
        else:
            found += [f"{where}: vultus {path} {flag}" for flag in flags if flag not in verbs[path] | verbs[""]]
    return found


def test_every_command_in_the_docs_exists(checkout: Path) -> None:
    verbs, wrong, seen = _verbs(), [], 0
    for page in _pages(checkout):
        text = page.read_text("utf-8")
        code = [body for kind, body in FENCE.findall(text) if kind in {"", "bash", "console", "sh", "shell", "text"}]
        code += re.findall(r"(?<!`)`(vultus [^`\n]+)`", FENCE.sub("", text))
        seen += sum(1 for part in code for _ in _commands(part))
        wrong += [line for part in code for line in _wrong(page.name, part, verbs)]
    assert seen >= 20
    assert wrong == []


def test_every_command_that_a_message_names_exists(checkout: Path) -> None:
    """Errors tell people what to run; what they tell must be there."""
    verbs, wrong, seen = _verbs(), [], 0
    for file in _sources(checkout):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value:
                told = re.findall(r"(?:run|list|see|with|make one|once|anew)[^:]*: (vultus [^;]+)", node.value, re.I)
                seen += len(told)
                wrong += [line for part in told for line in _wrong(file.name, part, verbs)]
    assert seen >= 5
    assert wrong == []


def test_every_make_word_in_the_docs_exists(checkout: Path) -> None:
    words = set(re.findall(r"^([a-z]+):", (checkout / "Makefile").read_text("utf-8"), re.MULTILINE))
    used = set(re.findall(r"`make ([a-z]+)|^(?:\$ )?make ([a-z]+)", _all_docs(checkout), re.MULTILINE))
    assert {first or second for first, second in used} <= words
    assert len(used) >= 5


# --------------------------------------------------------------------------------------- what a user can meet is told
def test_links_and_pictures_lead_somewhere(checkout: Path) -> None:
    broken = []
    for page in _pages(checkout):
        text = FENCE.sub("", page.read_text("utf-8"))
        for link, picture in LINK.findall(text):
            target = (link or picture).split("#")[0]
            if target and not re.match(r"[a-z]+:", target) and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(checkout)}: {target}")
    assert broken == []


def test_every_error_is_explained(checkout: Path) -> None:
    tree = ast.parse((checkout / "src/vultus/errors.py").read_text("utf-8"))
    names = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    assert len(names) >= 16
    told = (checkout / "docs/errors.md").read_text("utf-8")
    assert [name for name in names if f"`{name}`" not in told] == []


def test_every_environment_variable_is_explained(checkout: Path) -> None:
    found = {
        name for file in _sources(checkout) for name in re.findall(r"\"(VULTUS_[A-Z_]+)\"", file.read_text("utf-8"))
    }
    assert "VULTUS_OFFLINE" in found
    docs = _all_docs(checkout)
    assert sorted(name for name in found if name not in docs) == []


def test_every_schema_is_explained(checkout: Path) -> None:
    schemas = {
        name
        for file in _sources(checkout)
        for name in re.findall(r"\"(vultus\.[a-z_]+/\d+)\"", file.read_text("utf-8"))
    }
    assert len(schemas) >= 5
    docs = _all_docs(checkout)
    assert sorted(name for name in schemas if name not in docs) == []


def test_every_pack_is_explained(checkout: Path) -> None:
    packs = sorted((checkout / "src/vultus/weights/packs").glob("*.json"))
    assert len(packs) >= 3
    readme = (checkout / "README.md").read_text("utf-8")
    for file in packs:
        pack = json.loads(file.read_text("utf-8"))
        assert f"`{pack['name']}`" in (checkout / "docs/packs.md").read_text("utf-8")
        assert f"`{pack['name']}`" in readme, f"README does not give the licence of {pack['name']}"


def test_the_tree_in_the_readme_is_the_tree(checkout: Path) -> None:
    """Every folder and file of the package by name; those that stand alone with a word about them."""
    tree = next(body for _, body in FENCE.findall((checkout / "README.md").read_text("utf-8")) if "src/vultus" in body)
    source = checkout / "src/vultus"
    folders = {f"{file.parent.relative_to(source)}/" for file in _sources(checkout)} - {"./"}
    # a method is told by its row in the table and by its page
    told = (checkout / "src/vultus/research/methods").rglob("*.py")
    files = {file.name for file in set(_sources(checkout)) - set(told)} - {"__init__.py"}
    absent = sorted(name for name in folders if f"{name.split('/')[-2]}/" not in tree)
    absent += sorted(name for name in files if not re.search(rf"\b{re.escape(name.removesuffix('.py'))}\b", tree))
    assert absent == []
    bare = [line for line in tree.splitlines()[1:] if re.fullmatch(r"[│├└─ ]*\S+(/|\.py)", line)]
    assert bare == []
