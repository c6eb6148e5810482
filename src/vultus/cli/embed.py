"""`vultus embed`: faces as unit vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.cli import options, record
from vultus.cli.build import Choice
from vultus.cli.scan import Answer, Tally, expand_inputs, largest, report, views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.cli.scan import Row, View
    from vultus.types import Face


def embed(
    inputs: options.Inputs,
    as_json: options.Json = False,
    fps: options.SampleRate = 1.0,
    max_faces: options.MaxFaces = None,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
) -> None:
    """Turn faces into embeddings; use --json to get the numbers."""
    items = expand_inputs(inputs)
    engine = Choice(pack, device, threads, offline, licence_policy).engine()

    def each(view: View) -> Answer:
        faces = largest(view.faces, max_faces)
        return Answer({"faces": [record.face(face, embedding=True) for face in faces]}, _rows(faces))

    report(
        views(engine, items, embed=True, fps=fps), items, label="embedding", each=each, as_json=as_json,
        head={"schema": "vultus.embed/1", "contract": engine.contract}, tally=Tally(),
        columns=["#", ">quality", "embedding"],
    )  # fmt: skip


def _rows(faces: Sequence[Face]) -> list[Row]:
    """One table row per face."""
    if not faces:
        return [[("-", "dim"), "", ("no face", "dim")]]
    rows: list[Row] = []
    for number, face in enumerate(faces, start=1):
        if face.embedding is None:
            numbers = (f"none ({face.liveness.reason if face.liveness else 'refused'})", "yellow")
        else:
            numbers = (" ".join(f"{value:+.3f}" for value in face.embedding.vector[:5]) + " ...", "")
        rows.append([str(number), f"{face.quality.score:.2f}", numbers])
    return rows
