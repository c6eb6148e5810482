"""`vultus cluster`: sort the faces of unknown people into groups."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vultus.cli import options, record
from vultus.cli.build import Choice, pack_of
from vultus.cli.console import Bar, emit, interruptible, plural, say, table
from vultus.cli.enroll import Crops
from vultus.cli.keep import keep as keep_unknown
from vultus.cli.keep import moving
from vultus.cli.scan import STILL, Answer, Tally, View, expand_inputs, views, walk
from vultus.errors import InputError

if TYPE_CHECKING:
    from vultus.inference.image import Source
    from vultus.types import Calibration, Face

# faces seen once lie apart, so that nobody enrols them all as one person
PEOPLE, ONCE = "people", "once"
_NAMED = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A face that takes part: the picture's name and source, and its number in the picture."""

    path: str
    source: Source
    number: int
    face: Face


@dataclass(slots=True)
class _Collection:
    """Faces so far, and the pictures that gave none."""

    faces: list[_Seen] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)

    def each(self, view: View) -> Answer:
        for number, face in enumerate(view.faces, start=1):
            if face.embedding is not None:
                self.faces.append(_Seen(view.path, view.source, number, face))
        return Answer({})

    def sink(self, view: View, answer: Answer) -> None:
        if view.error:
            self.failures.append({**view.head, **answer.record})


def cluster(
    inputs: options.Inputs,
    fmr: options.GroupFmr = None,
    target: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            show_default=False,
            help="Cut every face out into a folder of its group, to be named and enrolled.",
        ),
    ] = None,
    keep: Annotated[
        bool,
        typer.Option("--keep", metavar="", help="Keep the faces of people the gallery does not know in it, grouped."),
    ] = False,
    gallery: options.GalleryPath = None,
    crops: Crops = None,
    purpose: options.Purpose = "",
    as_json: options.Json = False,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
    calibration: options.Calibration = None,
) -> None:
    """Group faces by person without knowing anybody; two faces of one picture are never one person."""
    items = expand_inputs(inputs, STILL)
    _check_target(target, keep=keep)
    pack = pack or (pack_of(gallery) if keep else None)
    engine = Choice(pack, device, threads, offline, licence_policy, calibration).engine()
    if keep:
        if code := keep_unknown(items, gallery, engine, fmr, crops=crops, purpose=purpose, as_json=as_json):
            raise typer.Exit(code)
        return
    seen, tally = _Collection(), Tally()
    with interruptible(lambda: f"{tally.text()} so far; nothing was written"):
        walk(views(engine, items, embed=True, fps=1.0), label="embedding", total=len(items), tally=tally,
             each=seen.each, sink=seen.sink)  # fmt: skip
    groups, rate = _group(seen.faces, engine.calibration, fmr)
    if target is not None:
        _write(groups, target)
    if as_json:
        by = engine.calibration
        emit({
            "schema": "vultus.cluster/1", "contract": engine.contract, "fmr_target": rate,
            "threshold": round(by.threshold(rate), 6), "calibration_id": by.calibration_id,
            "groups": [
                {"group": number, "faces": [_face(one) for one in group]} for number, group in enumerate(groups, 1)
            ],
            "failures": seen.failures, "summary": tally.record(),
        })  # fmt: skip
    else:
        _show(groups, tally, target)
    if tally.exit_code:
        raise typer.Exit(tally.exit_code)


def _check_target(target: Path | None, *, keep: bool) -> None:
    if target is not None and target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"--out {target} exists and is not an empty folder; name a new one")
    if keep and target is not None:
        raise InputError("--keep and --out do not go together; cut faces out of a run without --keep")


def _group(faces: list[_Seen], calibration: Calibration, fmr: float | None) -> tuple[list[list[_Seen]], float]:
    """Faces by group, the largest group first, and the false match rate that was used."""
    import numpy as np

    from vultus.gallery import cluster as grouping

    threshold = grouping.follow(calibration) if fmr is None else calibration.threshold(fmr)
    groups: dict[int, list[_Seen]] = {}
    if faces:
        vectors = np.stack([one.face.embedding.vector for one in faces if one.face.embedding is not None])
        pictures = [one.path for one in faces]
        with Bar("comparing", len(faces)) as bar:
            labels = grouping.cluster(vectors, threshold=threshold, pictures=pictures, progress=moving(bar))
        for label, one in zip(labels.tolist(), faces, strict=True):
            groups.setdefault(label, []).append(one)
    rate = grouping.rate_for(calibration, len(groups)) if fmr is None else fmr
    return [groups[label] for label in sorted(groups)], rate


def _face(one: _Seen) -> dict[str, Any]:
    return {"path": one.path, "face": one.number, **record.face(one.face)}


def _show(groups: list[list[_Seen]], tally: Tally, target: Path | None) -> None:
    several = [group for group in groups if len(group) > 1]
    if several:
        paths = {one.path for group in groups for one in group}
        root = os.path.commonpath([os.path.dirname(path) for path in paths]) if "-" not in paths else ""
        rows = []
        for number, group in enumerate(several, 1):
            names = [os.path.relpath(one.path, root) if root else one.path for one in group[:_NAMED]]
            more = f" and {len(group) - _NAMED} more" if len(group) > _NAMED else ""
            rows.append([str(number), str(len(group)), ", ".join(names) + more])
        table("", [">group", ">faces", "pictures"], rows)
    once = len(groups) - len(several)
    say(f"{tally.text()}; {plural(len(several), 'person', 'people')} seen more than once, {once} seen once", "dim")
    if target is not None and groups:
        say(f"faces written to {target}; name the folders in {target / PEOPLE}, then: "
            f"vultus enroll {target / PEOPLE} --face largest", "dim")  # fmt: skip


def _write(groups: list[list[_Seen]], target: Path) -> None:
    """Cut every face out with some of its surroundings, into a folder per group."""
    from vultus.inference.image import read, write

    places = {id(one): number for number, group in enumerate(groups, 1) for one in group}
    alone = {number for number, group in enumerate(groups, 1) if len(group) == 1}
    order = sorted((one for group in groups for one in group), key=lambda one: (one.path, one.number))
    last, image = None, None
    with Bar("writing faces", len(order)) as bar:
        for count, one in enumerate(order, 1):
            if image is None or one.path != last:
                last, image = one.path, read(one.source)
            group = places[id(one)]
            folder = target / ONCE if group in alone else target / PEOPLE / f"person_{group:03d}"
            stem = "stdin" if one.path == "-" else Path(one.path).stem
            left, top, right, bottom = one.face.box.xyxy
            margin = 0.5 * max(one.face.box.width, one.face.box.height)
            x1, y1 = max(int(left - margin), 0), max(int(top - margin), 0)
            cut = image[y1 : int(bottom + margin) + 1, x1 : int(right + margin) + 1]
            write(folder / f"{stem}_{count:05d}.jpg", cut.copy())
            bar.advance()
