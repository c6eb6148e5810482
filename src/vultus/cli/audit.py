"""`vultus audit`: who did what with a gallery, and whether the log of it is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from vultus.cli import options
from vultus.cli.build import gallery_path, open_gallery
from vultus.cli.console import JsonList, emit, fail, plural, say, table

if TYPE_CHECKING:
    from vultus.gallery.audit import Entry

app = typer.Typer(help="Read the audit log of a gallery, and check that nobody tampered with it.")
app.callback(invoke_without_command=True)(options.help_if_alone)


@app.command()
def log(
    gallery: options.GalleryPath = None,
    person: Annotated[
        str | None, typer.Option("--person", metavar="NAME", help="Only what concerned this person.")
    ] = None,
    number: Annotated[
        int | None, typer.Option("--number", metavar="N", help="The same by number, of somebody who may be removed.")
    ] = None,
    after: Annotated[int, typer.Option("--after", min=0, metavar="N", help="Only entries after number N.")] = 0,
    as_json: options.Json = False,
) -> None:
    """Show who did what with the gallery, when, and for which purpose."""
    with open_gallery(gallery) as people:
        entries = people.audit_log(after=after, name=person, number=number)
        if as_json:
            head = {"schema": "vultus.audit.log/1", "gallery": str(gallery_path(gallery))}
            with JsonList(head, "entries") as listed:
                for entry in entries:
                    listed.add(_record(entry))
            return
        rows = [_row(entry) for entry in entries]
    if rows:
        table("", [">entry", "=when", "who", "did", "people", "purpose", "detail"], rows)
    say(plural(len(rows), "entry", "entries"), "dim")


@app.command()
def verify(
    gallery: options.GalleryPath = None,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="HEAD", help="What this command printed earlier: the log must still hold it."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Look for edited, removed, moved or cut-off entries; exit 1 when there are any."""
    from vultus.gallery.audit import Head

    kept = None if head is None else Head.parse(head)
    with open_gallery(gallery) as people:
        verdict = people.verify_log(kept)
    if as_json:
        emit({"schema": "vultus.audit.verify/1", "gallery": str(gallery_path(gallery)), "entries": verdict.head.seq,
              "head": str(verdict.head), "keyed": verdict.keyed, "problems": list(verdict.problems),
              "notes": list(verdict.notes)})  # fmt: skip
    else:
        for note in verdict.notes:
            say(note, "yellow")
    for problem in verdict.problems:
        fail(problem)
    if verdict.problems:
        raise typer.Exit(1)
    if not as_json:
        say(f"the log is whole: {plural(verdict.head.seq, 'entry', 'entries')}", "green")
        if not verdict.keyed:
            say("the gallery is not encrypted, so whoever may write it can write its log anew", "yellow")
        say(f"head, to be kept elsewhere: {verdict.head}")


def _record(entry: Entry) -> dict[str, Any]:
    return {"entry": entry.seq, "at": entry.at, "actor": entry.actor, "action": entry.action,
            "subjects": list(entry.subjects), "purpose": entry.purpose, "detail": dict(entry.detail),
            "master": entry.master}  # fmt: skip


def _row(entry: Entry) -> list[str | tuple[str, str]]:
    detail = dict(entry.detail)
    everybody = detail.pop("everybody", False)
    subjects = ", ".join(str(number) for number in entry.subjects[:5]) + (", ..." if len(entry.subjects) > 5 else "")
    return [
        str(entry.seq), entry.at[:19].replace("T", " "), entry.actor, (entry.action, "bold"),
        "everybody" if everybody else subjects, entry.purpose,
        ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in detail.items()),
    ]  # fmt: skip
