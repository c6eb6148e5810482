"""CAS(ME)^3, part A: 1,300 films of 100 people with marked micro- and macro-expressions, 30 frames a second.

Frames lie in `data/<person>/<film>/color/<number>.jpg`, counted from 1 with gaps. Workbooks: `casme3_label.xlsx` or
`cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx` (Subject, Filename, Onset, Apex, Offset, AU, Objective class, emotion), and
the same for macro-expressions, `cas(me)3_part_A_MaE_label_JpgIndex_v2.xlsx` (sub, seq, onset, apex, offset, emotion).
The paper has 943 micro-expressions in this part, the second release of the table 860.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.research.data.sets.material import DataSet, Found
from vultus.research.data.sets.recordings import Film, Kind, Mark, found, gathered, mark, numbered
from vultus.research.data.sets.sheets import columns_of

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "others")
PEOPLE, FILMS = 100, 1_300
MICRO, SECOND, MACRO = 943, 860, 3_143
FPS = 30.0
_HOMES = ("data", "data/part_A_split/part_A", "data/part_A", "part_A/data/part_A", "part_A_split/part_A", "part_A")
_TABLES: dict[Kind, tuple[str, ...]] = {
    "micro": ("casme3_label*.xlsx", "cas(me)3_part_A_ME_label*.xlsx"),
    "macro": ("cas(me)3_part_A_MaE_label*.xlsx",),
}
_COLUMNS = {
    "subject": ("Subject", "sub"), "film": ("Filename", "seq"), "onset": ("Onset",), "apex": ("Apex",),
    "offset": ("Offset",), "expression": ("emotion",),
}  # fmt: skip


def find(root: Path) -> Found | None:
    """Part A of CAS(ME)^3 below a folder.

    Raises:
        InputError: a workbook is damaged.
        MissingExtraError: openpyxl is not installed.
    """
    places = [root, root / "annotation", root / "part_A/annotation"]
    tables = {
        kind: next((file for name in names for place in places for file in sorted(place.glob(name))), None)
        for kind, names in _TABLES.items()
    }
    films = next((films for home in _HOMES if (films := _films(root / home))), [])
    if tables["micro"] is None or not films:
        return None
    by_film: dict[str, list[Mark]] = {}
    for kind, table in tables.items():
        for name, some in marks(table, kind).items() if table is not None else ():
            by_film.setdefault(name, []).extend(some)
    marked, remarks = gathered(films, by_film)
    second = "_v2" in tables["micro"].name
    published = {"films": {"": FILMS}, "micro": {"": SECOND if second else MICRO}, "macro": {"": MACRO}}
    layout = "part A, second table" if second else "part A"
    return found(layout, marked, CLASSES, published, remarks, PEOPLE)


def marks(table: Path, kind: Kind) -> dict[str, list[Mark]]:
    """Marked expressions by film, e.g. "1/a": the person's name behind its last point, and the film's.

    Raises:
        InputError: the workbook is damaged.
        MissingExtraError: openpyxl is not installed.
    """
    by_film: dict[str, list[Mark]] = {}
    for cells in columns_of(table, _COLUMNS, optional=("expression",)):
        name = _name(cells["subject"], cells["film"])
        by_film.setdefault(name, []).append(mark(kind, cells, f"{table}, row {cells['row']}"))
    return by_film


def _name(person: str, film: str) -> str:
    return f"{person.rpartition('.')[2]}/{film.lower()}"


def _films(home: Path) -> list[Film]:
    """Films of a folder of people: colour alone, not depth."""
    films = []
    people = sorted(path for path in home.iterdir() if path.is_dir()) if home.is_dir() else []
    for person in people:
        for path in sorted(path for path in person.iterdir() if (path / "color").is_dir()):
            frames = numbered(path / "color")
            if frames:
                films.append(Film(_name(person.name, path.name), person.name, frames, FPS))
    return films


SET = DataSet(
    name="casme_cubed",
    title="CAS(ME)^3, part A",
    label="expression",
    classes=CLASSES,
    wanted=(
        "casme3_label.xlsx beside data/<person>/<film>/color/<number>.jpg",
        "annotation/cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx (and MaE) beside data/part_A/<person>/<film>/color/",
    ),
    find=find,
    access="on request, for research: casme.psych.ac.cn/casme/e4",
)
