"""SiW: films of 165 people in four sessions with two cameras; prints and replays.

Layout: Train and Test, below them live/<subject> and spoof/<subject> with subject-sensor-type-medium-session.mov or
.mp4, and beside a film the face of every frame (.face: left, top, right, bottom). How many films each split should have
is not published in a form we know, so it is held to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.evaluation.sets.siw import FILMS, siw_presentation
from vultus.evaluation.tasks.pad import BONA_FIDE
from vultus.research.data.sets.films import films_in, middle_row, part
from vultus.research.data.sets.material import DataSet, Found

if TYPE_CHECKING:
    from pathlib import Path

    from vultus.research.data.sets.films import Box

CLASSES = (BONA_FIDE, "print_1", "print_2", "replay_1", "replay_2", "replay_3", "replay_4")
_SPLITS = {"train": "Train", "test": "Test"}


def find(root: Path) -> Found | None:
    """SiW below a folder.

    Raises:
        InputError: a film has another name, or the faces of one are damaged.
    """
    parts = {}
    for split, folder in _SPLITS.items():
        films = [path for path in films_in(root / folder) if path.suffix.lower() in FILMS]
        if films:
            parts[split] = part([(path, siw_presentation(path.name, str(path))) for path in films], CLASSES, _box)
    return Found("Train and Test", parts, {}, ("held to no published totals",)) if parts else None


def _box(path: Path) -> Box | None:
    row = middle_row(path.with_suffix(".face"), 4, numbered=False)
    return None if row is None else (float(row[0]), float(row[1]), float(row[2]), float(row[3]))


SET = DataSet(
    name="siw", title="SiW", label="species", classes=CLASSES,
    wanted=("Train/ and Test/ with live/<subject>/ and spoof/<subject>/ of films such as 003-1-1-1-1.mov",),
    find=find, access="for research, with a signed agreement: cvlab.cse.msu.edu", apart=True,
)  # fmt: skip
