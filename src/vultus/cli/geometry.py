"""`vultus audit geometry`: what the embeddings of a system follow, and what they ignore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vultus.cli import options
from vultus.cli.build import Choice
from vultus.cli.console import Bar, emit, interruptible, say, table, waiting
from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vultus.evaluation.geometry.material import Material
    from vultus.evaluation.geometry.micro import Terms
    from vultus.inference.engine import FaceEngine


Source = Annotated[
    Path,
    typer.Argument(
        metavar="SOURCE",
        show_default=False,
        help="A folder of people's folders with pictures; or of another system: a folder with df_param_step.csv "
        "and .npy files, or one .npy file of embeddings.",
    ),
]
Attributes = Annotated[
    Path | None,
    typer.Option(
        "--attributes",
        metavar="CSV",
        show_default=False,
        help="Attributes of the pictures: image (and identity), or identity row by row for a .npy file.",
    ),
]
Names = Annotated[
    list[str] | None, typer.Option("--attribute", metavar="COLUMN", help="Only this column; may be repeated.")
]
Target = Annotated[
    Path, typer.Option("--out", "-o", metavar="FILE", help="The page to write; its JSON is written beside it.")
]
People = Annotated[
    int, typer.Option("--people", min=1, metavar="N", help="People whose pictures are changed: who has most.")
]
Variants = Annotated[int, typer.Option("--variants", min=1, metavar="N", help="Starting points made of each picture.")]
Labelled = Annotated[
    int, typer.Option("--labelled", min=1, metavar="N", help="People who are looked at once, for --attributes.")
]
Neighbours = Annotated[
    int, typer.Option("--neighbours", min=1, metavar="N", help="Pictures of the person compared with each.")
]  # fmt: skip


def geometry(
    source: Source,
    attributes: Attributes = None,
    names: Names = None,
    target: Target = Path("geometry.html"),
    people: People = 40,
    variants: Variants = 2,
    labelled: Labelled = 1000,
    neighbours: Neighbours = 10,
    as_json: options.Json = False,
    pack: options.PackName = None,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    offline: options.Offline = False,
    licence_policy: options.LicencePolicy = options.Policy.any,
) -> None:
    """Measure which attributes of pictures and people an embedding follows, and rank those it is invariant to."""
    from vultus.evaluation.drawing import needed
    from vultus.evaluation.geometry.lattice import LIST
    from vultus.evaluation.geometry.micro import Terms
    from vultus.evaluation.geometry.report import page
    from vultus.evaluation.measured import jsonable
    from vultus.evaluation.page import write_report

    needed()
    terms = Terms(neighbours)
    if source.is_file():
        found = _embeddings(source, attributes, names or [], terms)
    elif (source / LIST).is_file():
        if attributes is not None:
            raise InputError("--attributes goes with pictures or with one .npy file, not with a lattice")
        found = _lattice(source, terms)
    else:
        choice = Choice(pack, device, threads, offline, licence_policy)
        found = _pictures(source, attributes, names or [], choice, (people, variants, labelled), terms)
    document = jsonable(found)
    write_report(target, page(document), document)
    if as_json:
        emit(document)
    else:
        _tell(document)
        say(f"written: {target} and {target.with_suffix('.json')}", "dim")


def _lattice(folder: Path, terms: Terms) -> dict[str, Any]:
    from vultus.evaluation.geometry.lattice import read_lattices
    from vultus.evaluation.geometry.study import study

    lattices = read_lattices(folder)
    source = {"path": str(folder), "kind": "lattice", "systems": len(lattices)}
    with Bar("measuring", len(lattices)) as bar:
        return study(source, lattices, terms, progress=bar.advance)


def _embeddings(path: Path, attributes: Path | None, names: list[str], terms: Terms) -> dict[str, Any]:
    """Another system's embeddings, row by row with a table."""
    import numpy as np

    from vultus.evaluation.geometry.attributes import read_attributes
    from vultus.evaluation.geometry.lattice import read_array
    from vultus.evaluation.geometry.macro import macroscale
    from vultus.evaluation.geometry.study import study

    if attributes is None:
        raise InputError(f"{path} is an array of embeddings; give who and what is on each row with --attributes CSV")
    rows = read_array(path)
    found, labels = read_attributes(attributes, "identity", names)
    if found.size != len(rows):
        raise InputError(f"{attributes} has {found.size} rows, but {path} has {len(rows)} embeddings")
    who = np.unique(np.array(found.values["identity"]), return_inverse=True)[1].astype(np.int64)
    with Bar("measuring", len(labels)) as bar:
        macro = macroscale(np.asarray(rows, np.float32), who, labels, progress=bar.advance)
    return study({"path": str(path), "kind": "embeddings", "attributes": str(attributes)}, (), terms, macro=macro)


def _pictures(
    folder: Path, attributes: Path | None, names: list[str], choice: Choice, most: tuple[int, int, int], terms: Terms
) -> dict[str, Any]:
    from vultus.evaluation.geometry.changes import CHANGES
    from vultus.evaluation.geometry.material import gather
    from vultus.evaluation.geometry.pictures import make_lattice
    from vultus.evaluation.geometry.study import separation, study

    if not folder.is_dir():
        raise InputError(f"{folder} is no folder and no .npy file")
    material = gather(folder, attributes, names)
    chosen = material.best_covered(most[0])
    engine = choice.engine()
    with interruptible(lambda: "nothing was written"):
        with Bar("changing and embedding", sum(map(len, chosen.values()))) as bar:
            made = make_lattice(engine, chosen, name=engine.pack.name, variants=most[1], progress=bar.advance)
        macro = _dependence(engine, material, most[2]) if material.labels else None
    source = {
        "path": str(folder), "kind": "pictures", "pack": engine.pack.name, "contract": engine.contract,
        "pictures": len(made.vectors), "variants": most[1],
        "left_out": [{"image": path, "reason": reason} for path, reason in made.left_out],
        "changes": {change.name: change.does for change in CHANGES},
    }  # fmt: skip
    with waiting("measuring ..."):
        return study(source, (made.lattice,), terms, auc=separation(made.vectors, made.people), macro=macro)


def _dependence(engine: FaceEngine, material: Material, most: int) -> dict[str, Any]:
    """Dependence on the labels, from one picture of each of so many people."""
    import numpy as np

    from vultus.evaluation.acquire import acquire
    from vultus.evaluation.geometry.macro import macroscale

    rows = material.one_each(most)
    with Bar("embedding one picture of each", len(rows)) as bar:
        got = acquire(engine, [material.pictures[row] for row in rows], progress=lambda _: bar.advance())
    vectors = np.full((len(material.pictures), got.vectors.shape[1]), np.nan, np.float32)
    vectors[rows] = got.vectors
    who = np.unique(np.array(material.people), return_inverse=True)[1].astype(np.int64)
    with Bar("measuring", len(material.labels)) as bar:
        return macroscale(vectors, who, material.labels, progress=bar.advance)


def _tell(found: Mapping[str, Any]) -> None:
    for system in found["systems"]:
        rows = sorted(system["attributes"], key=lambda row: row["rank"] or len(system["attributes"]) + 1)
        table(
            f"{system['system']}: {system['people']} people; energy 0 follows the attribute, 1 is invariant to it",
            [">rank", "attribute", ">energy", "=95 % interval", ">by chance", ">length", "remark"],
            [["" if row["rank"] is None else str(row["rank"]), (row["attribute"], "bold"), _figure(row["energy"]),
              _interval(row), _figure(row["by_chance"]), _figure(row["length"]),
              row["remark"]] for row in rows],
        )  # fmt: skip
    for one in found["agreement"]:
        say(f"{one['first']} and {one['second']} rank the attributes alike: rho {_figure(one['rho'])}")
    if found["macro"] is not None:
        rows = sorted(found["macro"]["attributes"], key=lambda row: -(row["ks"] or -1))
        table(
            f"{found['macro']['people']} people: how far attributes divide them",
            ["attribute", ">KS", "=95 % interval", ">by chance", ">probe", "remark"],
            [[(row["attribute"], "bold"), _figure(row["ks"]), _interval(row),
              _figure(row["by_chance"]), _figure(row["probe"]), row["remark"]] for row in rows],
        )  # fmt: skip
    for line in found["warnings"]:
        say(line, "yellow")


def _interval(row: Mapping[str, Any]) -> str:
    return "" if row["low"] is None else f"{_figure(row['low'])} to {_figure(row['high'])}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
