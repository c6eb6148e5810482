"""MSU-MFSD: 280 films of 35 people: alive, a print, films on a tablet and on a phone; by a laptop and a phone.

Layout: scene01/real/ and scene01/attack/ with real_client001_android_SD_scene01.mp4 and
attack_client001_android_SD_ipad_video_scene01.mp4, beside them the face of every frame (.face: frame, left, top, right,
bottom, eyes), and train_sub_list.txt and test_sub_list.txt with the numbers of people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.errors import InputError
from vultus.evaluation.sets.attacks import Presentation
from vultus.evaluation.sets.pairset import lines_of
from vultus.evaluation.tasks.pad import BONA_FIDE
from vultus.research.data.sets.films import films_in, middle_row, part
from vultus.research.data.sets.material import DataSet, Found

if TYPE_CHECKING:
    from pathlib import Path

    from vultus.research.data.sets.films import Box

CLASSES = (BONA_FIDE, "printed_photo", "ipad_video", "iphone_video")
_SPLITS = {"train": ("train_sub_list.txt", 30), "test": ("test_sub_list.txt", 40)}


def find(root: Path) -> Found | None:
    """MSU-MFSD below a folder.

    Raises:
        InputError: a film has another name, a list of people is damaged or not there, or the faces of a film are.
    """
    named = [(path, presentation(path)) for path in films_in(root / "scene01")]
    if not named:
        return None
    parts, published = {}, {}
    for split, (file, each) in _SPLITS.items():
        people = _people(root / file)
        films = [(path, one) for path, one in named if int(one.subject) in people]
        if films:
            parts[split] = part(films, CLASSES, _box)
            published[split] = {"": each * len(CLASSES), **dict.fromkeys(CLASSES, each)}
    return Found("scene01 and lists of people", parts, published) if parts else None


def presentation(path: Path) -> Presentation:
    """What the name of a film says.

    Raises:
        InputError: it is not one of MSU-MFSD.
    """
    words = path.stem.split("_")
    client = words[1][6:] if len(words) > 2 and words[1].startswith("client") else ""
    kind = BONA_FIDE if words[0] == "real" else "_".join(words[4:6]) if words[0] == "attack" else ""
    if not client.isdecimal() or kind not in CLASSES:
        raise InputError(f"{path}: expected real_client001_... or attack_client001_android_SD_ipad_video_scene01")
    return Presentation(path.stem, kind, client)


def _people(path: Path) -> set[int]:
    try:
        return {int(float(line)) for line in lines_of(path) if line.strip()}
    except ValueError as error:
        raise InputError(f"{path} must hold a number of a person in each line, but: {error}") from error


def _box(path: Path) -> Box | None:
    row = middle_row(path.with_suffix(".face"), 4)
    return None if row is None else (float(row[0]), float(row[1]), float(row[2]), float(row[3]))


SET = DataSet(
    name="msu_mfsd", title="MSU-MFSD", label="species", classes=CLASSES,
    wanted=("scene01/real/ and scene01/attack/ beside train_sub_list.txt and test_sub_list.txt",), find=find,
    access="for research, with a signed agreement: biometrics.cse.msu.edu", apart=True,
)  # fmt: skip
