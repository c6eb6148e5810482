"""`vultus sets`: the published sets of faces that research reads, and whether one on a disk is whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vultus.cli import options
from vultus.cli.console import Bar, emit, keep, say, table
from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


def sets(
    name: Annotated[str | None, typer.Argument(metavar="[NAME", help="A set.", show_default=False)] = None,
    folder: Annotated[Path | None, typer.Argument(metavar="DIR]", help="Where it is.", show_default=False)] = None,
    check: Annotated[
        bool, typer.Option("--check", metavar="", help="Also read every picture, and look for what splits share.")
    ] = False,
    target: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write the JSON document too.", show_default=False),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """List the sets that can be read; or count one in a folder, and exit 1 unless it is as published."""
    from vultus.research.data.sets import SETS, open_set

    if name is None:
        if as_json:
            emit({"schema": "vultus.sets/1", "sets": [
                {"name": one.name, "title": one.title, "classes": list(one.classes), "layouts": list(one.wanted),
                 "access": one.access} for one in SETS
            ]})  # fmt: skip
            return
        table("", ["name", "set", "what a folder of it holds", "access"], [
            [(one.name, "bold"), one.title, "; or: ".join(one.wanted), one.access] for one in SETS
        ])  # fmt: skip
        say("is one whole? vultus sets NAME DIR --check", "dim")
        return
    if folder is None:
        raise InputError(f"say where {name} is: vultus sets {name} DIR")
    reader = open_set(name, folder)
    total = sum(part.pictures.size for part in reader.found.parts.values())
    with Bar(f"reading {name}", total=total if check else 1) as bar:
        manifest = reader.check(decode=check, tell=bar.advance).document()
    if target is not None:
        keep(manifest, target)
    if as_json:
        emit(manifest)
    else:
        _show(manifest)
    if not manifest["as_published"]:
        raise typer.Exit(1)


def _show(manifest: Mapping[str, Any]) -> None:
    rows = []
    for split, one in manifest["splits"].items():
        published = one["published"] or {}
        for key, count in {"": one["pictures"], **one["classes"]}.items():
            wanted = published.get(key)
            style = "" if wanted in (None, count) else "bold red"
            people = "-" if key or one["subjects"] is None else f"{one['subjects']:,}"
            bad = "-" if key or one["bad"] is None else f"{len(one['bad']):,}"
            rows.append([split, key or "all", (f"{count:,}", style), "-" if wanted is None else f"{wanted:,}", people,
                         bad])  # fmt: skip
    table(f"{manifest['set']}: {manifest['layout']}", ["split", "class", ">pictures", ">published", ">people", ">bad"],
          rows)  # fmt: skip
    for line in manifest["remarks"]:
        say(line, "dim")
    for line in manifest["problems"]:
        say(line, "bold red")
    say("as published" if manifest["as_published"] else f"{len(manifest['problems'])} problems", "bold")
