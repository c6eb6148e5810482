"""SiW: films named subject_sensor_type_medium_session; type 1 is a person, 2 a print, 3 a replay.

A list is a text file with one name per line, such as the films of a protocol, or the folder Test or Train itself.
"""

from __future__ import annotations

from pathlib import Path, PurePath

from vultus.errors import InputError
from vultus.evaluation.sets.attacks import Presentation
from vultus.evaluation.sets.pairset import lines_of
from vultus.evaluation.tasks.pad import BONA_FIDE

_TYPES = {"1": BONA_FIDE, "2": "print", "3": "replay"}
FILMS = {".mov", ".mp4"}


def read_siw(path: Path) -> list[Presentation]:
    """Read a list or a folder.

    Raises:
        InputError: it cannot be read, a name is not as above, or a folder has no films.
    """
    if not path.is_dir():
        return [
            siw_presentation(line.strip(), f"{path}, line {number}") for number, line in enumerate(lines_of(path), 1)
        ]
    films = sorted(file for file in path.rglob("*") if file.suffix.lower() in FILMS)
    if not films:
        raise InputError(f"{path} holds no films (.mov, .mp4)")
    return [siw_presentation(film.name, str(film)) for film in films]


def siw_presentation(name: str, where: str) -> Presentation:
    """What the name of a film says; hyphens stand for underscores.

    Raises:
        InputError: it is not such a name.
    """
    stem = PurePath(name).stem
    parts = stem.replace("-", "_").split("_")
    if len(parts) != 5 or not all(part.isdecimal() for part in parts) or parts[2] not in _TYPES:
        raise InputError(f"{where}: expected subject_sensor_type_medium_session, but it is '{name}'")
    kind = _TYPES[parts[2]]
    return Presentation(stem, kind if kind == BONA_FIDE else f"{kind}_{parts[3]}", parts[0])
