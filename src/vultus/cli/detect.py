"""`vultus detect`: where the faces are, and how usable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.cli import options, record
from vultus.cli.build import Choice
from vultus.cli.pictures import Album, plain_marks
from vultus.cli.scan import Answer, Tally, expand_inputs, largest, report, views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.cli.scan import Row, View
    from vultus.types import Face


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

    def each(view: View) -> Answer:
        faces = largest(view.faces, max_faces)
        if album is not None:
            album.save(view, plain_marks(faces))
        return Answer({"faces": [record.face(face) for face in faces]}, _rows(faces))

    report(
        views(engine, items, embed=False, fps=fps), items, label="detecting", each=each, as_json=as_json,
        head={"schema": "vultus.detect/1", "pack": engine.pack.name}, tally=Tally(), target=annotate,
        columns=["#", "left, top  size px", ">score", "quality"],
    )  # fmt: skip


def _rows(faces: Sequence[Face]) -> list[Row]:
    """One table row per face."""
    if not faces:
        return [[("-", "dim"), ("no face", "dim"), "", ""]]
    rows: list[Row] = []
    for number, face in enumerate(faces, start=1):
        left, top = face.box.xyxy[:2]
        box = f"{left:.0f}, {top:.0f}  {face.box.width:.0f} x {face.box.height:.0f}"
        quality = (record.text_of_quality(face), "" if face.quality.ok else "yellow")
        rows.append([str(number), box, f"{face.score:.3f}", quality])
    return rows
