"""`vultus identify`: who is in the picture?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vultus.cli import options, record
from vultus.cli.build import Choice, among, far_options, open_gallery, pack_of, tell_among, tell_recall
from vultus.cli.console import say
from vultus.cli.pictures import Album, name_marks
from vultus.cli.scan import Answer, Tally, expand_inputs, report, views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.cli.scan import Row, View
    from vultus.types import Identification


def identify(
    inputs: options.Inputs,
    gallery: options.GalleryPath = None,
    door: options.Door = options.SearchDoor.exact,
    milvus_uri: options.MilvusUri = "",
    allow_plain: options.AllowPlain = False,
    fpir: options.Fpir = options.DEFAULT_FPIR,
    top: Annotated[
        int, typer.Option("--top", min=1, metavar="N", help="Candidates per face in the JSON document.")
    ] = 5,
    as_json: options.Json = False,
    purpose: options.Purpose = "",
    annotate: options.Annotate = None,
    fps: options.SampleRate = 1.0,
    among_people: options.AmongPeople = None,
    among_collections: options.AmongCollections = None,
    among_tags: options.AmongTags = None,
    among_since: options.AmongSince = None,
    among_until: options.AmongUntil = None,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
    calibration: options.Calibration = None,
    liveness: options.Liveness = options.LivenessModel.pack,
) -> None:
    """Name the people in pictures and videos; a stranger is answered as unknown."""
    items = expand_inputs(inputs)
    far = far_options(door, milvus_uri, allow_plain)
    within = among(among_people, among_collections, among_tags, among_since, among_until)
    album = None if annotate is None else Album(annotate, items)
    own = pack_of(gallery, needed=True)
    engine = Choice(pack or own, device, threads, offline, licence_policy, calibration, liveness.value).engine()
    tally = Tally(extra={"known": 0, "unknown": 0})
    with open_gallery(gallery, engine, door=door, door_options=far, logged=True, purpose=purpose) as people:
        # a rate that cannot be had is told before any picture is looked at
        people.identify_faces([], fpir=fpir, top=top, within=within)
        if not len(people):
            say("the gallery knows nobody yet, so everybody is unknown; make people known: vultus enroll", "yellow")
        else:
            tell_among(people, within)
        tell_recall(people, door)

        def each(view: View) -> Answer:
            answers = people.identify_faces(view.faces, fpir=fpir, top=top, within=within)
            for answer in answers:
                tally.extra["unknown" if answer.name is None else "known"] += 1
            if album is not None:
                album.save(view, name_marks(answers))
            return Answer({"faces": [record.identification(answer) for answer in answers]}, _rows(answers))

        report(
            views(engine, items, embed=True, fps=fps), items, label="identifying", each=each, as_json=as_json,
            columns=["#", "=person", ">similarity", ">threshold", "quality"], tally=tally, target=annotate, head={
                "schema": "vultus.identify/1", "contract": engine.contract, "people": len(people), "fpir_target": fpir,
            },
        )  # fmt: skip


def _rows(answers: Sequence[Identification]) -> list[Row]:
    """One table row per face."""
    if not answers:
        return [[("-", "dim"), ("no face", "dim"), "", "", ""]]
    rows: list[Row] = []
    for number, answer in enumerate(answers, start=1):
        who = (answer.name, "bold green") if answer.name is not None else ("unknown", "yellow")
        quality = (record.text_of_quality(answer.face), "" if answer.face.quality.ok else "yellow")
        rows.append([str(number), who, *record.text_of(answer.decision), quality])
    return rows
