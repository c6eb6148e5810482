"""`vultus demo`: the whole product in one command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vultus.cli import options, record
from vultus.cli.build import Choice
from vultus.cli.console import Bar, emit, plural, say, table

if TYPE_CHECKING:
    from vultus.cli.material import Material, Scene
    from vultus.gallery.collection import Gallery
    from vultus.inference.engine import FaceEngine
    from vultus.types import Identification

_MOST_ENROLLED, _MOST_SHOWN = 3, 40


@dataclass(frozen=True, slots=True, eq=False)
class _Result:
    """A scene with its answers."""

    scene: Scene
    answers: list[Identification]

    @property
    def found(self) -> tuple[str, ...]:
        return tuple(sorted(answer.name or "unknown" for answer in self.answers))

    @property
    def right(self) -> bool:
        """Strangers beside the expected people are no mistake: real photographs have passers-by."""
        named = [name for name in self.found if name != "unknown"]
        return named == [name for name in self.scene.expected if name != "unknown"] and (
            bool(self.found) or not self.scene.expected
        )


def demo(
    photos: Annotated[
        Path | None, typer.Option("--photos", metavar="DIR", help="Your own DIR/<person>/*.jpg instead.")
    ] = None,
    target: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The annotated picture to write.")] = Path(
        "demo.jpg"
    ),
    fpir: options.Fpir = options.DEFAULT_FPIR,
    as_json: options.Json = False,
    pack: options.PackName = None,
    threads: options.Threads = None,
) -> None:
    """Enrol people, recognise them in other pictures, print a table and write an annotated picture."""
    material = _material(photos)
    engine = Choice(pack, "cpu", threads).engine()
    from tempfile import TemporaryDirectory

    from vultus.gallery.collection import Gallery

    with (
        TemporaryDirectory(prefix="vultus-demo-") as folder,
        Gallery.open(Path(folder) / "demo.db", engine=engine) as gallery,
    ):
        _enrol(gallery, material)
        with Bar("identifying", len(material.scenes)) as bar:
            results = []
            for scene in material.scenes:
                results.append(_Result(scene, gallery.identify(scene.image, fpir=fpir)))
                bar.advance()
    _draw(engine, material, results, target)
    if as_json:
        emit(_document(results, target, fpir))
    else:
        _show(results, target, material)
    if not all(result.right for result in results) and photos is None:
        raise typer.Exit(1)


def _material(photos: Path | None) -> Material:
    from vultus.cli.material import bundled, own

    if photos is None:
        return bundled()
    from vultus.cli.folders import by_folder

    return own([(name, Path(str(source))) for name, source in by_folder([str(photos)])], photos)


def _enrol(gallery: Gallery, material: Material) -> None:
    counts: dict[str, int] = {}
    with Bar("enrolling", len(material.people)) as bar:
        for name, pictures in material.people.items():
            outcome = gallery.enroll(name, pictures, override_quality=True, face="largest")
            counts[name] = len(outcome.accepted)
            for picture in outcome.rejected:
                say(f"refused: {picture.source}: {', '.join(picture.reasons)}", "yellow")
            bar.advance()
    if len(counts) > _MOST_ENROLLED:
        say(f"enrolled {plural(len(counts), 'person', 'people')} from {plural(sum(counts.values()), 'picture')}")
    else:
        for name, count in counts.items():
            say(f"enrolled {name} from {plural(count, 'picture')}")


def _show(results: list[_Result], target: Path, material: Material) -> None:
    rows: list[list[str | tuple[str, str]]] = []
    for result in results:
        verdict = ("right", "green") if result.right else ("wrong", "bold red")
        lines = [
            ((answer.name, "bold green") if answer.name else ("unknown", "yellow"), *record.text_of(answer.decision))
            for answer in result.answers
        ] or [(("no face", "dim"), "", "")]
        for number, (who, similarity, threshold) in enumerate(lines):
            first = number == 0
            rows.append([result.scene.title if first else "", who, similarity, threshold, verdict if first else ""])
    table("", ["picture", "who", ">similarity", ">threshold", "answer"], rows)
    right = sum(result.right for result in results)
    say(f"{right} of {len(results)} pictures answered rightly", "green" if right == len(results) else "yellow")
    more = f" ({_MOST_SHOWN} of the pictures, wrong answers first)" if len(results) > _MOST_SHOWN else ""
    say(f"annotated picture: {target}{more}")
    say(f"pictures: {material.credit}", "dim")
    say(
        "next: vultus enroll FOLDER (with FOLDER/<person>/*.jpg), then vultus identify PICTURE --annotate out.jpg",
        "dim",
    )


def _document(results: list[_Result], target: Path, fpir: float) -> dict[str, Any]:
    return {
        "schema": "vultus.demo/1", "fpir_target": fpir, "annotated": str(target),
        "pictures": [
            {"title": result.scene.title, "expected": list(result.scene.expected), "right": result.right,
             "faces": [record.identification(answer) for answer in result.answers]} for result in results
        ],
    }  # fmt: skip


def _draw(engine: FaceEngine, material: Material, results: list[_Result], target: Path) -> None:
    """One sheet: who was enrolled, then the answers, wrong ones first where not all have room."""
    from vultus.cli.pictures import name_marks
    from vultus.cli.sheet import sheet, tile
    from vultus.inference.image import read, write

    tiles = []
    if len(material.people) <= _MOST_ENROLLED:
        for name, pictures in material.people.items():
            image = read(pictures[0])
            tiles.append(
                tile(image, [(face, "", "plain") for face in engine.find(image)], f"enrolled: {name}", right=None)
            )
    shown = sorted(results, key=lambda one: one.right) if len(results) > _MOST_SHOWN else results
    tiles += [
        tile(read(one.scene.image), name_marks(one.answers), one.scene.title, right=one.right)
        for one in shown[:_MOST_SHOWN]
    ]
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target, sheet(tiles))
