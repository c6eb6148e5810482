"""CASIA-FASD: train_release/<subject>/ and test_release/<subject>/ with twelve films each.

1, 2 and HR_1 show the person; 3, 4, HR_2 a warped print; 5, 6, HR_3 a print with holes for eyes; 7, 8, HR_4 a screen.
A list is a text file with one `subject/film` per line, or the folder test_release or train_release itself.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from vultus.errors import InputError
from vultus.evaluation.sets.attacks import Presentation
from vultus.evaluation.sets.pairset import lines_of
from vultus.evaluation.tasks.pad import BONA_FIDE

KINDS = {
    film: kind
    for kind, films in (
        (BONA_FIDE, ("1", "2", "HR_1")), ("warped_print", ("3", "4", "HR_2")), ("cut_print", ("5", "6", "HR_3")),
        ("replay", ("7", "8", "HR_4")),
    )
    for film in films
}  # fmt: skip


def read_casia_fasd(path: Path) -> list[Presentation]:
    """Read a list or a folder; a name is subject/film without ending, as the scores file must have it.

    Raises:
        InputError: it cannot be read, a name is not as above, or a folder has no films.
    """
    if not path.is_dir():
        return [
            casia_presentation(line.strip(), f"{path}, line {number}") for number, line in enumerate(lines_of(path), 1)
        ]
    films = sorted(path.glob("*/*.avi"))
    if not films:
        raise InputError(f"{path} holds no films <subject>/*.avi")
    return [casia_presentation(f"{film.parent.name}/{film.name}", str(film)) for film in films]


def name_of(text: str) -> str:
    """Subject and film of a path, without ending."""
    parts = PurePosixPath(text.replace("\\", "/")).with_suffix("").parts
    return "/".join(parts[-2:])


def casia_presentation(text: str, where: str) -> Presentation:
    """What subject/film says.

    Raises:
        InputError: it is not such a name.
    """
    name = name_of(text)
    subject, _, film = name.partition("/")
    if not subject.isdecimal() or film not in KINDS:
        raise InputError(f"{where}: expected subject/film such as 12/HR_4, but it is '{text}'")
    return Presentation(name, KINDS[film], subject)
