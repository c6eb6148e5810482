"""OULU-NPU: 4,950 films of 55 people by six phones, with prints of two printers and replays on two screens.

Layout: Train_files, Dev_files, Test_files with phone_session_user_file.avi and the eyes of every frame beside it
(frame, x, y, x, y). The lists of its four protocols are read by `vultus evaluate pad --layout oulu`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.errors import InputError
from vultus.evaluation.sets.oulu import KINDS, oulu_presentation
from vultus.research.data.sets.films import films_in, middle_row, of_eyes, part
from vultus.research.data.sets.material import DataSet, Found

if TYPE_CHECKING:
    from pathlib import Path

    from vultus.evaluation.sets.attacks import Presentation

CLASSES = tuple(KINDS.values())
_SPLITS = {"train": ("Train_files", 360), "dev": ("Dev_files", 270), "test": ("Test_files", 360)}


def find(root: Path) -> Found | None:
    """OULU-NPU below a folder.

    Raises:
        InputError: a film has another name, or the eyes of one are damaged.
    """
    parts, published = {}, {}
    for split, (folder, each) in _SPLITS.items():
        films = films_in(root / folder)
        if not films:
            continue
        named = [(path, _presentation(path)) for path in films]
        parts[split] = part(named, CLASSES, lambda path: of_eyes(middle_row(path.with_suffix(".txt"), 4)))
        published[split] = {"": each * len(CLASSES), **dict.fromkeys(CLASSES, each)}
    return Found("Train_files, Dev_files, Test_files", parts, published) if parts else None


def _presentation(path: Path) -> Presentation:
    found = oulu_presentation(path.stem)
    if found is None:
        raise InputError(f"{path}: expected phone_session_user_file.avi such as 6_3_20_1.avi")
    return found


SET = DataSet(
    name="oulu_npu", title="OULU-NPU", label="species", classes=CLASSES,
    wanted=("Train_files/, Dev_files/ and Test_files/ with 6_3_20_1.avi and 6_3_20_1.txt",), find=find,
    access="for research, with a signed agreement: sites.google.com/site/oulunpudatabase", apart=True,
)  # fmt: skip
