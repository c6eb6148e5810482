"""`vultus unknown`: the faces in a gallery that nobody has named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vultus.cli import options
from vultus.cli.build import Choice, gallery_path, open_gallery, pack_of, tell_wiped
from vultus.cli.console import emit, plural, say, table
from vultus.cli.gallery import Yes, there_is_somebody
from vultus.cli.keep import group_record, grouped, show_groups
from vultus.errors import InputError

if TYPE_CHECKING:
    from vultus.gallery.record import FaceRecord

app = typer.Typer(help="Name, correct and forget the faces kept by cluster --keep.")
app.callback(invoke_without_command=True)(options.help_if_alone)
GroupNumber = Annotated[int, typer.Argument(metavar="GROUP", help="A number of vultus unknown list.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A person's name.")]


def _face(face: FaceRecord) -> dict[str, Any]:
    return {"face_id": face.face_id, "source": face.source, "picture_sha256": face.picture,
            "box": [round(value, 2) for value in face.box_xyxy_px], "quality": round(face.quality, 5),
            "kept_at": face.enrolled_at}  # fmt: skip


def _done(action: str, sentence: str, *, as_json: bool, **detail: Any) -> None:
    """Say what was changed, in words or as JSON."""
    if as_json:
        emit({"schema": "vultus.unknown.change/1", "action": action, **detail})
    else:
        say(sentence, "green")


@app.command("list")
def list_groups(
    gallery: options.GalleryPath = None,
    at_least: Annotated[
        int | None,
        typer.Option(
            "--min",
            min=1,
            metavar="N",
            help="Groups with so many faces or more; 1 shows faces seen once too.",
            show_default=False,
        ),
    ] = None,
    suggest: Annotated[
        bool, typer.Option("--suggest", metavar="", help="Say whom groups probably are, of the people known by now.")
    ] = False,
    fpir: options.Fpir = options.DEFAULT_FPIR,
    as_json: options.Json = False,
    calibration: options.Calibration = None,
    purpose: options.Purpose = "",
) -> None:
    """List the groups of unknown faces, the largest first."""
    engine = Choice(pack_of(gallery, needed=True), calibration=calibration).engine() if suggest else None
    with open_gallery(gallery, engine, logged=suggest, purpose=purpose) as people:
        groups = people.unknown.groups()
        probably = people.unknown.suggest(fpir) if suggest else None
    if as_json:
        emit({"schema": "vultus.unknown.list/1", "gallery": str(gallery_path(gallery)),
              "groups": [group_record(group, probably) for group in groups
                         if group.n_faces >= (at_least or 1)]})  # fmt: skip
    else:
        show_groups(groups, probably, at_least=at_least)


@app.command()
def show(
    group: GroupNumber,
    target: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="DIR", show_default=False, help="Write the kept cut-outs of its faces here."
        ),
    ] = None,
    gallery: options.GalleryPath = None,
    as_json: options.Json = False,
    purpose: options.Purpose = "",
) -> None:
    """Show the faces of a group."""
    if target is not None and target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"--out {target} exists and is not an empty folder; name a new one")
    with open_gallery(gallery, logged=True, purpose=purpose) as people:
        faces = people.unknown.faces(group)
        pictures = people.unknown.cut_outs(group, taken=True) if target is not None else {}
    if target is not None:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        for face_id, jpeg in pictures.items():
            with open(
                target / f"face_{face_id}.jpg", "xb", opener=lambda path, flags: os.open(path, flags, 0o600)
            ) as file:
                file.write(jpeg)
        say(f"{plural(len(pictures), 'cut-out')} of {plural(len(faces), 'face')} written to {target}", "dim")
    if as_json:
        emit({"schema": "vultus.unknown.show/1", "group": group, "faces": [_face(face) for face in faces]})
        return
    table(f"group {group}: {plural(len(faces), 'face')}", [">face", "picture", "place", ">quality", "kept"], [
        [str(face.face_id), face.source, ", ".join(f"{value:.0f}" for value in face.box_xyxy_px),
         f"{face.quality:.2f}", face.enrolled_at[:16].replace("T", " ")] for face in faces
    ])  # fmt: skip


@app.command("group")
def group_anew(
    gallery: options.GalleryPath = None,
    fmr: options.GroupFmr = None,
    as_json: options.Json = False,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
    calibration: options.Calibration = None,
) -> None:
    """Form all groups anew. What was joined, split off or rejected by you stays so; groups keep their numbers."""
    engine = Choice(
        pack or pack_of(gallery, needed=True), device, threads, offline, licence_policy, calibration
    ).engine()
    with open_gallery(gallery, engine, write=True, create=False) as people:
        groups = grouped(people, fmr, anew=True)
    if as_json:
        emit({"schema": "vultus.unknown.list/1", "gallery": str(gallery_path(gallery)),
              "groups": [group_record(group) for group in groups]})  # fmt: skip
    else:
        show_groups(groups)


@app.command("name")
def name_group(
    group: GroupNumber,
    name: Name,
    gallery: options.GalleryPath = None,
    purpose: options.Purpose = "",
    as_json: options.Json = False,
) -> None:
    """Enrol the faces of a group as those of a person, new or known."""
    with open_gallery(gallery, write=True, create=False, purpose=purpose) as people:
        named = people.unknown.name(group, name)
    left = f"; {plural(len(named.left), 'face')} of the group cannot be, and stayed" if named.left else ""
    _done("name", f"{plural(len(named.face_ids), 'face')} enrolled as '{named.name}'{left}", as_json=as_json,
          group=group, name=named.name, faces=list(named.face_ids), left=list(named.left))  # fmt: skip


@app.command()
def reject(
    what: Annotated[
        str,
        typer.Argument(metavar="GROUP|PICTURE", help="A group, or a picture in which the person was wrongly found."),
    ],
    name: Name,
    face: Annotated[
        list[int] | None, typer.Option("--face", metavar="N", help="Only this face of the group; may be repeated.")
    ] = None,
    gallery: options.GalleryPath = None,
    purpose: options.Purpose = "",
    as_json: options.Json = False,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
) -> None:
    """Say that somebody is not this person; faces that look more like the rejected one are not taken for them again."""
    if what.isdecimal():
        with open_gallery(gallery, write=True, create=False, purpose=purpose) as people:
            count = people.unknown.reject(int(what), name, face or ())
        _done("reject", f"{plural(count, 'face')} of group {what} will not be taken for '{name}'", as_json=as_json,
              group=int(what), name=name, count=count)  # fmt: skip
        return
    if face:
        raise InputError("--face goes with a group; of a picture, the face most like the person is meant")
    engine = Choice(pack or pack_of(gallery, needed=True), device, threads, offline, licence_policy).engine()
    with open_gallery(gallery, engine, write=True, create=False, purpose=purpose) as people:
        face_id = people.unknown.reject_picture(Path(what), name)
    _done("reject", f"face {face_id} of {what} will not be taken for '{name}'", as_json=as_json, name=name,
          faces=[face_id], count=1)  # fmt: skip


@app.command()
def join(
    groups: Annotated[list[int], typer.Argument(metavar="GROUP...", help="Groups that are one person.")],
    gallery: options.GalleryPath = None,
    purpose: options.Purpose = "",
    as_json: options.Json = False,
) -> None:
    """Say that several groups are one person."""
    with open_gallery(gallery, write=True, create=False, purpose=purpose) as people:
        kept = people.unknown.join(groups)
    _done("join", f"they are group {kept} now", as_json=as_json, group=kept)


@app.command()
def split(
    group: GroupNumber,
    faces: Annotated[list[int], typer.Argument(metavar="FACE...", help="Faces of vultus unknown show.")],
    gallery: options.GalleryPath = None,
    purpose: options.Purpose = "",
    as_json: options.Json = False,
) -> None:
    """Say that some faces of a group are not the person that the others are."""
    with open_gallery(gallery, write=True, create=False, purpose=purpose) as people:
        new = people.unknown.split(group, faces)
    _done("split", f"{plural(len(set(faces)), 'face')} left group {group} and are group {new} now", as_json=as_json,
          group=new, faces=sorted(set(faces)))  # fmt: skip


@app.command()
def forget(
    groups: Annotated[list[int] | None, typer.Argument(metavar="[GROUP]...", help="Groups that go.")] = None,
    older_than: Annotated[
        float | None,
        typer.Option(
            "--older-than", min=0, metavar="DAYS", help="Faces kept for longer; 0 for all.", show_default=False
        ),
    ] = None,
    gallery: options.GalleryPath = None,
    yes: Yes = False,
    purpose: options.Purpose = "",
    as_json: options.Json = False,
) -> None:
    """Delete unknown faces with their templates."""
    if not groups and older_than is None:
        raise InputError("nothing was named to forget: give groups, or --older-than DAYS")
    with open_gallery(gallery, write=True, create=False, purpose=purpose) as people:
        for group in groups or ():
            people.unknown.faces(group)
        if not yes:
            if not there_is_somebody():
                raise InputError("nobody is here to confirm the removal; add --yes")
            typer.confirm("Delete these unknown faces for good?", abort=True, err=True)
        count = people.unknown.forget(groups or (), older_than_days=older_than)
        tell_wiped(people)
    _done("forget", f"{plural(count, 'unknown face')} deleted", as_json=as_json, count=count)
