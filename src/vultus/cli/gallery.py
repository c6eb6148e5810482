"""`vultus gallery`: the people that are known."""

from __future__ import annotations

import sys
from dataclasses import asdict
from enum import Enum
from itertools import dropwhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vultus.cli import options
from vultus.cli.build import Choice, far_options, gallery_path, open_gallery, pack_of, tell_recall, tell_wiped
from vultus.cli.console import clean, emit, fail, out, plural, say, table
from vultus.errors import InputError, NameClashError

if TYPE_CHECKING:
    from vultus.gallery.record import FaceRecord, Person


class Clash(Enum):
    """What to do with an imported person who is known already."""

    error = "error"
    add = "add"
    skip = "skip"
    replace = "replace"


app = typer.Typer(help="List, inspect, rename, remove, export and import people.")
app.callback(invoke_without_command=True)(options.help_if_alone)
Name = Annotated[str, typer.Argument(metavar="NAME", help="A person's name.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", metavar="", help="Do not ask.")]


def _person(person: Person) -> dict[str, Any]:
    return {"name": person.name, "faces": person.n_faces, "metadata": dict(person.metadata),
            "created_at": person.created_at, "updated_at": person.updated_at, "number": person.person_id,
            "collection": person.collection, "tags": list(person.tags), "consent": dict(person.consent),
            "keep_until": person.keep_until}  # fmt: skip


def _face(face: FaceRecord) -> dict[str, Any]:
    return {"face_id": face.face_id, "source": face.source, "picture_sha256": face.picture,
            "box": [round(value, 2) for value in face.box_xyxy_px], "quality": round(face.quality, 5),
            "overridden": list(face.reasons), "enrolled_at": face.enrolled_at}  # fmt: skip


def there_is_somebody() -> bool:
    """Whether a question would be read by anybody."""
    return sys.stdin.isatty()


@app.command("list")
def list_people(
    gallery: options.GalleryPath = None, as_json: options.Json = False, purpose: options.Purpose = ""
) -> None:
    """List everybody the gallery knows."""
    path = gallery_path(gallery)
    with open_gallery(gallery, logged=True, purpose=purpose) as people:
        everybody, contract = people.people(), people.contract
    if as_json:
        emit({"schema": "vultus.gallery.list/1", "gallery": str(path), "contract": contract,
              "people": [_person(person) for person in everybody]})  # fmt: skip
        return
    if everybody:
        table("", ["person", ">faces", "changed", "metadata"], [
            [(person.name, "bold"), str(person.n_faces), person.updated_at[:16].replace("T", " "),
             ", ".join(f"{key}: {value}" for key, value in person.metadata.items())] for person in everybody
        ])  # fmt: skip
    faces = sum(person.n_faces for person in everybody)
    say(
        f"{plural(len(everybody), 'person', 'people')}, {plural(faces, 'face')} in {path}"
        f" ({contract or 'no contract yet'})",
        "dim",
    )


@app.command()
def show(
    name: Name, gallery: options.GalleryPath = None, as_json: options.Json = False, purpose: options.Purpose = ""
) -> None:
    """Show one person and the faces enrolled for them."""
    with open_gallery(gallery, logged=True, purpose=purpose) as people:
        person, faces = people.person(name), people.faces(name)
    if as_json:
        emit({"schema": "vultus.gallery.show/1", **_person(person), "enrolled": [_face(face) for face in faces]})
        return
    table(f"{clean(person.name)}: {plural(person.n_faces, 'face')}, since {person.created_at[:10]}",
          [">face", "picture", ">quality", "overridden", "enrolled"], [
        [str(face.face_id), face.source, f"{face.quality:.2f}", ", ".join(face.reasons),
         face.enrolled_at[:16].replace("T", " ")] for face in faces
    ])  # fmt: skip
    about = {"collection": person.collection, "tags": ", ".join(person.tags), "kept until": person.keep_until or "",
             **{f"consent, {key.replace('_', ' ')}": str(value) for key, value in person.consent.items()},
             **person.metadata}  # fmt: skip
    for key, value in about.items():
        if value:
            out().print(f"{clean(key)}: {clean(value)}", soft_wrap=True)


@app.command()
def rename(
    old: Annotated[str, typer.Argument(metavar="NAME", help="The name now.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The new name.")],
    gallery: options.GalleryPath = None,
    purpose: options.Purpose = "",
) -> None:
    """Give a person another name."""
    with open_gallery(gallery, write=True, create=False, purpose=purpose) as people:
        people.rename(old, new)
    say(f"'{old}' is now called '{new}'", "green")


@app.command()
def remove(name: Name, gallery: options.GalleryPath = None, yes: Yes = False, purpose: options.Purpose = "") -> None:
    """Delete a person with all faces."""
    with open_gallery(gallery, write=True, create=False, purpose=purpose) as people:
        person = people.person(name)
        if not yes:
            if not there_is_somebody():
                raise InputError("nobody is here to confirm the removal; add --yes")
            typer.confirm(
                f"Remove {clean(person.name)} with {plural(person.n_faces, 'face')} for good?", abort=True, err=True
            )
        people.remove(name)
        tell_wiped(people)
        about = dropwhile(lambda entry: not entry.subjects, people.audit_log(number=person.person_id))
        exports = sum(entry.action == "export" for entry in about)
    say(f"removed '{person.name}' with {plural(person.n_faces, 'face')}", "green")
    if exports:
        told = f"{plural(exports, 'export')} made before may still hold this person; delete them too. Which they were"
        say(f"{told}: vultus audit log --number {person.person_id}", "yellow")


@app.command("export")
def export_people(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="The JSON file to write.")],
    gallery: options.GalleryPath = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", metavar="", help="Replace the file if it exists.")] = False,
    purpose: options.Purpose = "",
) -> None:
    """Write everybody to a JSON file. It holds biometric templates: keep it as safe as the gallery."""
    if target.exists() and not overwrite:
        raise InputError(f"{target} exists already; add --overwrite to replace it")
    with open_gallery(gallery, logged=True, purpose=purpose) as people:
        faces = people.export(target)
        count = len(people)
    say(f"exported {plural(count, 'person', 'people')} with {plural(faces, 'face')} to {target}", "green")
    say("the file holds biometric templates: keep it as safe as the gallery itself", "yellow")


@app.command("import")
def import_people(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A file that vultus gallery export wrote.")],
    gallery: options.GalleryPath = None,
    on_clash: Annotated[
        Clash, typer.Option("--on-clash", help="A person who is known already: stop, add faces, skip or replace.")
    ] = Clash.error,
    purpose: options.Purpose = "",
) -> None:
    """Take in the people of an exported file; all of them or, when something is wrong, nobody."""
    with open_gallery(gallery, write=True, purpose=purpose) as people:
        try:
            count = people.import_(source, on_clash=on_clash.value)
        except NameClashError as error:
            raise NameClashError(error.name, "; use --on-clash add, skip or replace") from None
    say(f"imported {plural(count, 'face')} into {gallery_path(gallery)}", "green")


@app.command()
def check(
    gallery: options.GalleryPath = None,
    door: options.Door = options.SearchDoor.exact,
    milvus_uri: options.MilvusUri = "",
    allow_plain: options.AllowPlain = False,
    pack: options.PackName = None,
    as_json: options.Json = False,
) -> None:
    """Examine a gallery file for damage, and measure what a door finds; exit 1 when something is wrong."""
    exact = door is options.SearchDoor.exact
    # what a graph finds depends on the calibration
    engine = None if exact else Choice(pack or pack_of(gallery, needed=True)).engine()
    far = far_options(door, milvus_uri, allow_plain)
    with open_gallery(gallery, engine, door=door, door_options=far) as people:
        problems = list(people.check())
        recall = None if problems else tell_recall(people, door)
        count = len(people)
    if as_json:
        emit({"schema": "vultus.gallery.check/1", "gallery": str(gallery_path(gallery)), "people": count,
              "door": door.value, "recall": None if recall is None else asdict(recall),
              "problems": problems})  # fmt: skip
    for problem in problems:
        fail(problem)
    if problems:
        raise typer.Exit(1)
    if not as_json:
        say(f"{gallery_path(gallery)} is sound: {plural(count, 'person', 'people')}", "green")
