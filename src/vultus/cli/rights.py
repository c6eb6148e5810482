"""`vultus gallery consent`, `tag`, `expire` and `export-person`: what is owed to the people in a gallery."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from vultus.cli import options
from vultus.cli.build import gallery_path, open_gallery, tell_wiped
from vultus.cli.console import clean, emit, out, plural, say, table
from vultus.cli.gallery import Name, Yes, there_is_somebody
from vultus.errors import InputError


def consent(
    name: Name,
    gallery: options.GalleryPath = None,
    basis: Annotated[
        str | None, typer.Option("--basis", metavar="TEXT", help="The ground, e.g. consent, contract, law.")
    ] = None,
    given: Annotated[str | None, typer.Option("--given", metavar="DATE", help="When it was given.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="When it ends.")] = None,
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Where the paper lies.")] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", metavar="", help="It was taken back, now.")] = False,
    keep_days: Annotated[
        float | None, typer.Option("--keep-days", metavar="N", help="Keep for N days from now.")
    ] = None,
    keep_until: Annotated[str | None, typer.Option("--keep-until", metavar="DATE", help="Keep until then.")] = None,
    keep_forever: Annotated[bool, typer.Option("--keep-forever", metavar="", help="Keep without a limit.")] = False,
    purpose: options.Purpose = "",
    as_json: options.Json = False,
) -> None:
    """Show or set on what grounds and how long a person is kept; vultus gallery expire acts on it."""
    if sum((keep_days is not None, keep_until is not None, keep_forever)) > 1:
        raise InputError("how long a person is kept must be said once: --keep-days, --keep-until or --keep-forever")
    from vultus.gallery.writer import now

    said = {
        "basis": basis,
        "given_at": given,
        "until": until,
        "note": note,
        "withdrawn_at": now() if withdraw else None,
    }
    fields = {field: value for field, value in said.items() if value is not None}
    changes = bool(fields) or keep_days is not None or keep_until is not None or keep_forever
    with open_gallery(gallery, write=changes, create=False, logged=True, purpose=purpose) as people:
        if fields:
            people.set_consent(name, replace(people.consent(name), **fields))
        if keep_days is not None or keep_until is not None or keep_forever:
            people.keep(name, keep_days, until=keep_until or "")
        person = people.person(name)
    if as_json:
        emit({"schema": "vultus.gallery.consent/1", "name": person.name, "consent": dict(person.consent),
              "keep_until": person.keep_until})  # fmt: skip
        return
    words = ", ".join(f"{field.replace('_', ' ')}: {clean(value)}" for field, value in person.consent.items())
    out().print(f"{clean(person.name)}: {words or 'no consent on record'}", soft_wrap=True)
    say(f"kept until {person.keep_until}" if person.keep_until else "kept without a limit", "dim")


def tag(
    name: Name,
    tags: Annotated[
        list[str] | None, typer.Argument(metavar="TAGS...", help="Tags to give.", show_default=False)
    ] = None,
    gallery: options.GalleryPath = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", metavar="TAG", help="A tag to take away; may be repeated.")
    ] = None,
    purpose: options.Purpose = "",
    as_json: options.Json = False,
) -> None:
    """Give a person tags to filter searches by, or take them away."""
    changes = bool(tags or remove)
    with open_gallery(gallery, write=changes, create=False, logged=True, purpose=purpose) as people:
        left = people.tag(name, tags or (), remove or ()) if changes else people.person(name).tags
    if as_json:
        emit({"schema": "vultus.gallery.tag/1", "name": name, "tags": list(left)})
        return
    out().print(f"{clean(name)}: {clean(', '.join(left)) or 'no tags'}", soft_wrap=True)


def expire(
    gallery: options.GalleryPath = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", metavar="", help="Only show who would be removed.")] = False,
    at: Annotated[
        str | None, typer.Option("--at", metavar="DATE", help="Who is due by then; only with --dry-run.")
    ] = None,
    yes: Yes = False,
    purpose: options.Purpose = "",
    as_json: options.Json = False,
) -> None:
    """Remove everybody whose time is over, or whose consent has ended or was withdrawn."""
    if at and not dry_run:
        raise InputError("--at looks at another day than today; add --dry-run")
    removed: list[Any] = []
    with open_gallery(gallery, write=not dry_run, create=False, purpose=purpose) as people:
        due = people.due(at or "")
        if due and not as_json:
            table("", ["person", ">faces", "why"], [
                [(one.name, "bold"), str(one.faces), one.reason.replace("_", " ")] for one in due
            ])  # fmt: skip
        if due and not dry_run:
            _confirm(len(due), yes=yes)
            removed = people.expire()
            tell_wiped(people)
    if as_json:
        emit({"schema": "vultus.gallery.expire/1", "gallery": str(gallery_path(gallery)), "dry_run": dry_run,
              "due": [asdict(one) for one in due], "removed": [asdict(one) for one in removed]})  # fmt: skip
        return
    if not due:
        say("nobody is due", "green")
    elif dry_run:
        say(f"{plural(len(due), 'person', 'people')} would be removed", "yellow")
    else:
        say(f"removed {plural(len(removed), 'person', 'people')}", "green")


def export_person(
    name: Name,
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="A new folder, or a new file that ends in .zip.")],
    gallery: options.GalleryPath = None,
    purpose: options.Purpose = "",
) -> None:
    """Write everything that is held about one person: person.json, and the cut-outs of the faces."""
    with open_gallery(gallery, logged=True, purpose=purpose) as people:
        faces = people.export_person(name, target)
    say(f"wrote what is held about '{name}', {plural(faces, 'face')}, to {target}", "green")
    say("it holds biometric templates: hand it to nobody but the person", "yellow")


def _confirm(count: int, *, yes: bool) -> None:
    if yes:
        return
    if not there_is_somebody():
        raise InputError("nobody is here to confirm the removal; add --yes")
    typer.confirm(f"Remove {plural(count, 'person', 'people')} for good?", abort=True, err=True)
