"""`vultus detect`: where the faces are, and how usable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vultus.cli import options, record
from vultus.cli.build import Choice
from vultus.cli.console import say, table
from vultus.cli.pictures import Album, plain_marks
from vultus.cli.scan import Tally, expand_inputs, largest, report, short, views

if TYPE_CHECKING:
    from vultus.cli.scan import View


def detect(
    inputs: options.Inputs,
    as_json: options.Json = False,
    annotate: options.Annotate = None,
    fps: options.SampleRate = 1.0,
    max_faces: options.MaxFaces = None,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
) -> None:
    """Find faces in pictures, folders and videos."""
    items = expand_inputs(inputs)
    album = None if annotate is None else Album(annotate, items)
    engine = Choice(pack, device, threads, offline, licence_policy).engine()
    rows: list[list[str | tuple[str, str]]] = []

    def each(view: View) -> dict[str, Any]:
        faces = largest(view.faces, max_faces)
        for number, face in enumerate(faces, start=1):
            left, top = face.box.xyxy[:2]
            box = f"{left:.0f}, {top:.0f}  {face.box.width:.0f} x {face.box.height:.0f}"
            quality = (record.text_of_quality(face), "" if face.quality.ok else "yellow")
            rows.append([short(view.label) if number == 1 else "", str(number), box, f"{face.score:.3f}", quality])
        if not faces:
            rows.append([short(view.label), ("no face", "dim"), "", "", ""])
        if album is not None:
            album.save(view, plain_marks(faces))
        return {"faces": [record.face(face) for face in faces]}

    def show() -> None:
        if rows:
            table("", ["=picture", "#", "left, top  size px", ">score", "quality"], rows)
        if album is not None and album.written:
            say(f"annotated: {annotate}", "dim")

    report(
        views(engine, items, embed=False, fps=fps), items, label="detecting", each=each, as_json=as_json, show=show,
        head={"schema": "vultus.detect/1", "pack": engine.pack.name}, tally=Tally(),
    )  # fmt: skip
