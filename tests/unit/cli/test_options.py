"""Options that verbs share mean the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from vultus.cli.main import app
from vultus.cli.options import SearchDoor
from vultus.gallery.doors import DOORS

SHARED = {
    "--json",
    "--gallery",
    "--door",
    "--pack",
    "--device",
    "--threads",
    "--offline",
    "--licence-policy",
    "--calibration",
    "--fmr",
    "--fpir",
}


def _commands(command: Any, path: str = "vultus") -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", {})
    if not inner:
        yield path, command
    for name, one in inner.items():
        yield from _commands(one, f"{path} {name}")


def test_every_door_can_be_asked_for() -> None:
    assert tuple(door.value for door in SearchDoor) == DOORS


OWN = {
    "vultus bench": {"--threads"}, "vultus evaluate": {"--fmr", "--fpir", "--device"}, "vultus cluster": {"--fmr"},
    "vultus unknown": {"--fmr"}, "vultus serve": {"--gallery", "--door"}, "vultus audit report": {"--calibration"},
    "vultus train": {"--device"}, "vultus predict": {"--device"}, "vultus ablate": {"--device"},
}  # fmt: skip


def test_every_shared_option_has_one_meaning() -> None:
    helps: dict[str, set[str]] = {}
    commands = dict(_commands(typer.main.get_command(app)))
    assert len(commands) >= 20
    for path, command in commands.items():
        for param in command.params:
            for flag in SHARED.intersection(param.opts):
                # A bench has one meaning of its own; an evaluation takes several rates; groups are joined by one; a
                # service serves a gallery besides and searches by size; what trains has another library's devices.
                if not any(path.startswith(verb) and flag in flags for verb, flags in OWN.items()):
                    helps.setdefault(flag, set()).add(param.help)
    assert set(helps) == SHARED
    assert {flag: texts for flag, texts in helps.items() if len(texts) != 1} == {}


def test_every_verb_that_answers_speaks_json() -> None:
    silent = {
        path for path, command in _commands(typer.main.get_command(app))
        if not any("--json" in param.opts for param in command.params)
    }  # fmt: skip
    assert silent == {
        "vultus gallery rename", "vultus gallery remove", "vultus gallery export", "vultus gallery import",
        "vultus gallery export-person", "vultus packs pull", "vultus vault new-key", "vultus vault seal",
        "vultus vault rotate", "vultus vault rekey", "vultus vault shred", "vultus serve",
    }  # fmt: skip


def test_every_option_and_verb_explains_itself() -> None:
    mute = []
    for path, command in _commands(typer.main.get_command(app)):
        mute += [] if command.help else [path]
        mute += [f"{path} {param.name}" for param in command.params if not getattr(param, "help", None)]
    assert mute == []
