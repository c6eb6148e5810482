"""`vultus embed`: faces as unit vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vultus.cli import options, record
from vultus.cli.build import Choice
from vultus.cli.console import table
from vultus.cli.scan import Tally, expand_inputs, largest, report, short, views

if TYPE_CHECKING:
    from vultus.cli.scan import View


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
    rows: list[list[str | tuple[str, str]]] = []

    def each(view: View) -> dict[str, Any]:
        faces = largest(view.faces, max_faces)
        for number, face in enumerate(faces, start=1):
            if face.embedding is None:
                numbers = (f"none ({face.liveness.reason if face.liveness else 'refused'})", "yellow")
            else:
                numbers = (" ".join(f"{value:+.3f}" for value in face.embedding.vector[:5]) + " ...", "")
            rows.append([short(view.label) if number == 1 else "", str(number), f"{face.quality.score:.2f}", numbers])
        if not faces:
            rows.append([short(view.label), ("no face", "dim"), "", ""])
        return {"faces": [record.face(face, embedding=True) for face in faces]}

    def show() -> None:
        if rows:
            table("", ["=picture", "#", ">quality", "embedding"], rows)

    report(
        views(engine, items, embed=True, fps=fps), items, label="embedding", each=each, as_json=as_json, show=show,
        head={"schema": "vultus.embed/1", "contract": engine.contract}, tally=Tally(),
    )  # fmt: skip
