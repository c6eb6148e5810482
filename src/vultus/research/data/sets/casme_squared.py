"""CAS(ME)^2: 98 films of 22 people with 57 micro- and 300 macro-expressions, 30 frames a second.

The workbook `CAS(ME)^2code_final.xlsx` has three sheets without a head: expressions (number of the person, film and
expression as "anger1_1", onset, apex, offset, action units, estimated emotion, micro- or macro-expression,
self-reported emotion), people (1: "s15", 2: number), and films (0: "0401", 1: "anger1"). Films are folders
`rawpic/s15/15_0401girlcrashed/img001.jpg` or files `rawvideo/s15/15_0401girlcrashed.avi`.
"""

from __future__ import annotations

import re
from pathlib import Path

from vultus.errors import InputError
from vultus.research.data.sets.material import DataSet, Found
from vultus.research.data.sets.recordings import VIDEOS, Film, Kind, Mark, found, gathered, mark, numbered
from vultus.research.data.sets.sheets import sheets_of

CLASSES = ("negative", "positive", "surprise", "others")
PEOPLE = 22
PUBLISHED = {"films": {"": 98}, "micro": {"": 57}, "macro": {"": 300}}
FPS = 30.0
_FILM = re.compile(r"\d+_(\d{4}).*")
_DIGITS = re.compile(r"\d+")
_COLUMNS = 8
_KINDS: dict[str, Kind] = {"micro-expression": "micro", "macro-expression": "macro"}


def find(root: Path) -> Found | None:
    """CAS(ME)^2 below a folder.

    Raises:
        InputError: the workbook is damaged.
        MissingExtraError: openpyxl is not installed.
    """
    tables = sorted(root.glob("CAS(ME)^2code_final*.xlsx"))
    homes = (root / "rawpic", root / "rawpic/rawpic", root / "rawvideo", root / "rawvideo/rawvideo")
    films = next((films for home in homes if (films := _films(home))), [])
    if not tables or not films:
        return None
    marked, remarks = gathered(films, marks(tables[-1]))
    layout = "films in files" if isinstance(films[0].frames, Path) else "frames in folders"
    return found(layout, marked, CLASSES, PUBLISHED, remarks, PEOPLE)


def marks(table: Path) -> dict[str, list[Mark]]:
    """Marked expressions by film, e.g. "15_0401".

    Raises:
        InputError: the workbook is damaged.
        MissingExtraError: openpyxl is not installed.
    """
    sheets = sheets_of(table)
    if len(sheets) < 3:
        raise InputError(f"{table} must have three sheets (expressions, people, films), but has {len(sheets)}")
    people = {row[2]: digits[0] for row in sheets[1] if len(row) > 2 and (digits := _DIGITS.search(row[1]))}
    codes = {row[1]: row[0].zfill(4) for row in sheets[2] if len(row) > 1 and row[0]}
    by_film: dict[str, list[Mark]] = {}
    for number, row in enumerate(sheets[0], 1):
        if not any(row):
            continue
        where = f"{table}, row {number}"
        if len(row) < _COLUMNS:
            raise InputError(f"{where}: {len(row)} cells, but {_COLUMNS} are expected")
        name = row[1].split("_")[0]
        if row[0] not in people or name not in codes:
            raise InputError(f"{where}: person {row[0]} or film '{name}' is not in the sheets of people and films")
        kind = _KINDS.get(row[7].lower())
        if kind is None:
            raise InputError(f"{where}: expected micro-expression or macro-expression, not '{row[7]}'")
        cells = {"onset": row[2], "apex": row[3], "offset": row[4], "expression": row[6]}
        one = mark(kind, cells, where)
        by_film.setdefault(f"{int(people[row[0]]):02d}_{codes[name]}", []).append(one)
    return by_film


def _films(home: Path) -> list[Film]:
    """Films of a folder of people; those whose names bear no code are not among them."""
    films = []
    people = sorted(path for path in home.iterdir() if path.is_dir()) if home.is_dir() else []
    for person in people:
        number = _DIGITS.search(person.name)
        for path in sorted(person.iterdir()) if number else ():
            code = _FILM.fullmatch(path.name)
            frames = numbered(path) if path.is_dir() else path
            if number and code and (path.suffix.lower() in VIDEOS or (path.is_dir() and frames)):
                subject = f"{int(number[0]):02d}"
                films.append(Film(f"{subject}_{code[1]}", f"s{subject}", frames, FPS))
    return films


SET = DataSet(
    name="casme_squared",
    title="CAS(ME)^2",
    label="expression",
    classes=CLASSES,
    wanted=(
        "CAS(ME)^2code_final.xlsx beside rawpic/s15/15_0101*/img001.jpg",
        "CAS(ME)^2code_final.xlsx beside rawvideo/s15/15_0101*.avi",
    ),
    find=find,
    access="on request, for research: casme.psych.ac.cn/casme/e3",
)
