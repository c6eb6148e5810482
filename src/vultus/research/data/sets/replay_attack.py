"""Replay-Attack: 1,200 films of 50 people: alive, a print, photographs and films on a phone and on a tablet.

Layout: train, devel and test, each with real/ and attack/fixed/ and attack/hand/; films are called
client001_session01_webcam_authenticate_adverse_1.mov and
attack_print_client001_session01_highdef_photo_adverse.mov. Faces stand below face-locations/ in the same folders
(.face: frame, x, y, width, height).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.errors import InputError
from vultus.evaluation.sets.attacks import Presentation
from vultus.evaluation.tasks.pad import BONA_FIDE
from vultus.research.data.sets.films import films_in, middle_row, part
from vultus.research.data.sets.material import DataSet, Found

if TYPE_CHECKING:
    from pathlib import Path

    from vultus.research.data.sets.films import Box

CLASSES = (BONA_FIDE, "print_photo", "mobile_photo", "mobile_video", "highdef_photo", "highdef_video")
_SPLITS = {"train": 60, "devel": 60, "test": 80}


def find(root: Path) -> Found | None:
    """Replay-Attack below a folder.

    Raises:
        InputError: a film has another name, or the faces of one are damaged.
    """
    parts, published = {}, {}

    def box(path: Path) -> Box | None:
        row = middle_row((root / "face-locations" / path.relative_to(root)).with_suffix(".face"), 4)
        return None if row is None else (float(row[0]), float(row[1]), float(row[0] + row[2]), float(row[1] + row[3]))

    for split, each in _SPLITS.items():
        films = [*films_in(root / split / "real"), *films_in(root / split / "attack")]
        if not films:
            continue
        parts[split] = part([(path, presentation(path)) for path in films], CLASSES, box)
        published[split] = {"": each * len(CLASSES), **dict.fromkeys(CLASSES, each)}
    return Found("train, devel, test", parts, published) if parts else None


def presentation(path: Path) -> Presentation:
    """What the name of a film says.

    Raises:
        InputError: it is not one of Replay-Attack.
    """
    words = path.stem.split("_")
    client = next((word for word in words if word.startswith("client") and word[6:].isdecimal()), "")
    if client and words[0] == client:
        return Presentation(path.stem, BONA_FIDE, client)
    kind = f"{words[1]}_{words[5]}" if words[0] == "attack" and len(words) > 5 else ""
    if not client or kind not in CLASSES:
        raise InputError(
            f"{path}: expected client001_session01_... or attack_DEVICE_client001_session01_highdef_photo_adverse"
        )
    return Presentation(path.stem, kind, client)


SET = DataSet(
    name="replay_attack", title="Replay-Attack", label="species", classes=CLASSES,
    wanted=("train/, devel/ and test/ with real/ and attack/fixed/ and attack/hand/ of .mov films",), find=find,
    access="for research, with a signed agreement: idiap.ch/dataset/replayattack", apart=True,
)  # fmt: skip
