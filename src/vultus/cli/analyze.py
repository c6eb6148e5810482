"""`vultus analyze`: what faces show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.cli import options, record
from vultus.cli.build import Choice
from vultus.cli.pictures import Album, expression_marks
from vultus.cli.scan import Answer, Tally, expand_inputs, largest, report, views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.cli.scan import Row, View
    from vultus.inference.engine import Task
    from vultus.types import Face


def analyze(
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
    liveness: options.Liveness = options.LivenessModel.pack,
) -> None:
    """Say what faces show: angry, disgust, fear, happy, sad, surprise or neutral."""
    from vultus.weights.expression import expression_spec
    from vultus.weights.shipped import checked

    spec = expression_spec()
    checked(spec, licence_policy.value)
    items = expand_inputs(inputs)
    tasks: tuple[Task, ...] = ("expression",)
    album = None if annotate is None else Album(annotate, items)
    engine = Choice(pack, device, threads, offline, licence_policy, liveness=liveness.value).engine()

    def each(view: View) -> Answer:
        faces = largest(view.faces, max_faces)
        if album is not None:
            album.save(view, expression_marks(faces))
        return Answer({"faces": [record.face(face) for face in faces]}, _rows(faces))

    report(
        views(engine, items, embed=False, fps=fps, tasks=tasks), items, label="looking", each=each,
        as_json=as_json, head={"schema": "vultus.analyze/1", "pack": engine.pack.name, "model": spec.name},
        tally=Tally(), target=annotate, columns=["#", "left, top  size px", "shows", ">score", "then", "quality"],
    )  # fmt: skip


def _doubt(face: Face) -> tuple[str, str]:
    """Why not to trust what a face shows: an attack before its quality."""
    if face.liveness is not None and not face.liveness.live:
        return f"{face.liveness.reason} (live {face.liveness.live_score:.2f})", "yellow"
    return record.text_of_quality(face), "" if face.quality.ok else "yellow"


def _rows(faces: Sequence[Face]) -> list[Row]:
    """One table row per face."""
    if not faces:
        return [[("-", "dim"), ("no face", "dim"), "", "", "", ""]]
    rows: list[Row] = []
    for number, face in enumerate(faces, start=1):
        left, top = face.box.xyxy[:2]
        scores = face.expression.scores if face.expression else {}
        first, second = sorted(scores, key=lambda word: -scores[word])[:2]
        rows.append([
            str(number), f"{left:.0f}, {top:.0f}  {face.box.width:.0f} x {face.box.height:.0f}", (first, "bold"),
            f"{scores[first]:.2f}", f"{second} {scores[second]:.2f}",
            _doubt(face),
        ])  # fmt: skip
    return rows
