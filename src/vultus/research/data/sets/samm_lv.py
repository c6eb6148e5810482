"""SAMM Long Videos: 147 films of 32 people with 159 micro- and 343 macro-expressions, 200 frames a second.

Frames lie in `SAMM_longvideos/006_1/006_1_0001.jpg`. `SAMM_LongVideos_V3_Release.xlsx` says where expressions are
(Subject, Filename, Inducement Code, Onset, Apex, Offset, Duration, Type, Action Units, Notes, below ten rows of
remarks); which emotion a micro-expression shows stands in SAMM's own `SAMM_Micro_FACS_Codes_v2.xlsx` only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vultus.errors import InputError
from vultus.research.data.sets.material import DataSet, Found
from vultus.research.data.sets.recordings import Film, Kind, Mark, found, gathered, mark, numbered
from vultus.research.data.sets.sheets import columns_of

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("angry", "contempt", "disgust", "fear", "happy", "sad", "surprise", "others")
PEOPLE = 32
MICRO = {"": 159, "angry": 57, "contempt": 12, "disgust": 9, "fear": 8, "happy": 26, "sad": 6, "surprise": 15,
         "others": 26}  # fmt: skip
PUBLISHED = {"films": {"": 147}, "micro": {"": MICRO[""]}, "macro": {"": 343}}
FPS = 200.0
_FILM = re.compile(r"(\d{3})_\d+")
_COLUMNS = {"name": ("Filename",), "onset": ("Onset",), "apex": ("Apex",), "offset": ("Offset",), "type": ("Type",)}
_EMOTIONS = {"name": ("Filename",), "emotion": ("Estimated Emotion", "Emotion")}


def find(root: Path) -> Found | None:
    """SAMM Long Videos below a folder.

    Raises:
        InputError: a workbook is damaged.
        MissingExtraError: openpyxl is not installed.
    """
    tables = sorted(root.glob("SAMM_LongVideos_V*_Release.xlsx"))
    films = _films(root / "SAMM_longvideos") or _films(root)
    if not tables or not films:
        return None
    emotions = root / "SAMM_Micro_FACS_Codes_v2.xlsx"
    named = named_emotions(emotions) if emotions.is_file() else {}
    marked, remarks = gathered(films, marks(tables[-1], named))
    published = {**PUBLISHED, "micro": MICRO} if named else PUBLISHED
    if not named:
        remarks = (*remarks, f"no expression bears a word: {emotions.name} is not here")
    return found(tables[-1].stem, marked, CLASSES, published, remarks, PEOPLE)


def marks(table: Path, emotions: dict[str, str]) -> dict[str, list[Mark]]:
    """Marked expressions by film, e.g. "006_1".

    Args:
        table: the workbook.
        emotions: of micro-expressions, see `named_emotions`.

    Raises:
        InputError: the workbook is damaged.
        MissingExtraError: openpyxl is not installed.
    """
    by_film: dict[str, list[Mark]] = {}
    for cells in columns_of(table, _COLUMNS):
        where = f"{table}, row {cells['row']}"
        kind: Kind = "micro" if cells["type"].lower().startswith("micro") else "macro"
        if not cells["type"].lower().startswith(kind):
            raise InputError(f"{where}: expected the type Micro or Macro, not '{cells['type']}'")
        word = emotions.get(cells["name"], "") if kind == "micro" else ""
        film = "_".join(cells["name"].split("_")[:2])
        by_film.setdefault(film, []).append(mark(kind, {**cells, "expression": word}, where))
    return by_film


def named_emotions(table: Path) -> dict[str, str]:
    """The emotion of each of SAMM's micro-expressions by its name, e.g. "006_1_2".

    Raises:
        InputError: the workbook is damaged.
        MissingExtraError: openpyxl is not installed.
    """
    return {cells["name"]: cells["emotion"] for cells in columns_of(table, _EMOTIONS) if cells["name"]}


def _films(home: Path) -> list[Film]:
    films = []
    for path in sorted(path for path in home.iterdir() if path.is_dir()) if home.is_dir() else ():
        match = _FILM.fullmatch(path.name)
        frames = numbered(path) if match else ()
        if match and frames:
            films.append(Film(path.name, match[1], frames, FPS))
    return films


SET = DataSet(
    name="samm_lv",
    title="SAMM Long Videos",
    label="expression",
    classes=CLASSES,
    wanted=(
        "SAMM_LongVideos_V3_Release.xlsx and SAMM_Micro_FACS_Codes_v2.xlsx beside SAMM_longvideos/006_1/006_1_0001.jpg",
    ),
    find=find,
    access="on request, for research: helward.mmu.ac.uk/STAFF/M.Yap/dataset.php",
)
