"""Every text that can be raised is looked for by some test: a message nobody has read is a message that is wrong."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from house.raised import HOLE, Raised, Sweep

SHORTEST, GRAM = 8, 5
# raised for control flow, and read by nobody
SILENT = {"Exit", "Abort", "KeyboardInterrupt", "StopIteration", "SystemExit"}
WILD = re.compile(r"\\[dwsDWSbB][+*?]?|\.[*+?]+|\(\?[^)]*\)|[()|^$]|\[[^\]]*\][+*?]?")


@pytest.fixture(scope="module")
def sweep(checkout: Path) -> Sweep:
    return Sweep(checkout / "src/vultus")


@pytest.fixture(scope="module")
def looked_for(checkout: Path) -> set[str]:
    """Literal pieces of every string in the unit tests, with regular expressions taken apart."""
    pieces = set()
    for file in (checkout / "tests").rglob("test_*.py"):
        if file.name == Path(__file__).name:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                parts = [node.value, *WILD.split(node.value)]
                pieces |= {_plain(part) for part in parts if SHORTEST <= len(part) <= 300}
    return pieces


def _plain(part: str) -> str:
    return re.sub(r"\\(.)", r"\1", part).strip()


def _is_tested(raised: Raised, looked_for: set[str], generic: set[str]) -> bool:
    """Some test holds a piece of this text, and not only of the words that every error of its class has."""
    text = f"{HOLE}{raised.text}{HOLE}" if raised.error.startswith("_") else raised.text  # becomes part of another text
    own = [part for part in raised.text.split(HOLE) if part not in generic]
    hints = {part[n : n + GRAM] for part in own for n in range(len(part) - GRAM + 1)} or {part for part in own if part}
    return any(
        any(hint in piece for hint in hints) and _fits(piece, text)
        for piece in looked_for
        if not any(piece in part for part in generic)
    )


def _fits(piece: str, text: str) -> bool:
    """Whether the piece can be cut out of the text once the holes are filled, with enough of its words in the cut."""
    states = dict.fromkeys(range(len(text)), 0)
    for letter in piece:
        after: dict[int, int] = {}
        for place, known in states.items():
            here = place
            while here < len(text) and text[here] == HOLE:
                after[here] = max(after.get(here, 0), known)
                here += 1
            if here < len(text) and text[here] == letter:
                after[here + 1] = max(after.get(here + 1, 0), known + 1)
        states = after
        if not states:
            return False
    return max(states.values(), default=0) >= min(SHORTEST, len(text.replace(HOLE, "")))


def _spoken(sweep: Sweep) -> list[Raised]:
    found = [raised for raised in sweep.all() if raised.error not in SILENT]
    assert len({raised.place for raised in found}) >= 80, "the sweep has lost most of the raises"
    return found


def test_every_message_is_looked_for_by_a_test(sweep: Sweep, looked_for: set[str]) -> None:
    silent = [
        f"{raised.place} {raised.text.replace(HOLE, '…')}"
        for raised in _spoken(sweep)
        if sweep.has_words(raised.text) and not _is_tested(raised, looked_for, sweep.generic)
    ]
    assert silent == [], f"{len(silent)} messages without a test"


def test_hardly_any_raise_hides_its_text(sweep: Sweep) -> None:
    """A text the sweep cannot read is one it cannot guard: these few must stay few."""
    spoken = _spoken(sweep)
    hidden = {raised.place for raised in spoken if not sweep.has_words(raised.text)}
    assert len(hidden) <= 0.1 * len({raised.place for raised in spoken}), sorted(hidden)


def test_messages_are_sentences_for_people(sweep: Sweep) -> None:
    """One line for stderr: no full stop or shout at the end, no capital at the start, no gap before a comma."""
    odd = [
        f"{raised.place} {raised.text!r}"
        for raised in _spoken(sweep)
        if re.search(r"[.!]$|\n|^[A-Z][a-z]+ [a-z]| ;| ,|  ", raised.text)
    ]
    assert odd == []


def test_nothing_is_raised_that_is_not_ours(checkout: Path, sweep: Sweep) -> None:
    """Users catch VultusError; a builtin may only be raised where the same file catches it and says it better."""
    builtin = re.compile(r"^(Value|Type|Key|Index|Runtime|Lookup|OS|IO|NotImplemented)Error$|^Exception$")
    strays = [
        raised.place
        for raised in _spoken(sweep)
        if builtin.match(raised.error) and raised.error not in _caught(checkout / "src/vultus" / raised.file)
    ]
    assert strays == []


def _caught(file: Path) -> set[str]:
    handlers = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.ExceptHandler)]
    return {name.id for node in handlers if node.type for name in ast.walk(node.type) if isinstance(name, ast.Name)}
