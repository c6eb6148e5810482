"""CASIA-FASD: 600 films of 50 people: alive, a warped print, a print with holes for the eyes, a screen.

Layout: train_release/<subject>/<film>.avi and test_release/<subject>/<film>.avi. The numbers of subjects start anew in
the test: 1 of one and 1 of the other are two people. The films bring no places of faces.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vultus.evaluation.sets.casia_fasd import KINDS, casia_presentation
from vultus.research.data.sets.films import films_in, part
from vultus.research.data.sets.material import DataSet, Found

if TYPE_CHECKING:
    from pathlib import Path

    from vultus.evaluation.sets.attacks import Presentation

CLASSES = tuple(dict.fromkeys(KINDS.values()))
_SPLITS = {"train": ("train_release", 60), "test": ("test_release", 90)}


def find(root: Path) -> Found | None:
    """CASIA-FASD below a folder.

    Raises:
        InputError: a film has another name.
    """
    parts, published = {}, {}
    for split, (folder, each) in _SPLITS.items():
        films = films_in(root / folder)
        if not films:
            continue
        parts[split] = part([(path, _presentation(path, split)) for path in films], CLASSES, lambda path: None)
        published[split] = {"": each * len(CLASSES), **dict.fromkeys(CLASSES, each)}
    remarks = ("no places of faces: pictures are cut to their middle square",)
    return Found("train_release, test_release", parts, published, remarks) if parts else None


def _presentation(path: Path, split: str) -> Presentation:
    found = casia_presentation(f"{path.parent.name}/{path.name}", str(path))
    return replace(found, subject=f"{split}/{found.subject}")


SET = DataSet(
    name="casia_fasd", title="CASIA-FASD", label="species", classes=CLASSES,
    wanted=("train_release/<subject>/ and test_release/<subject>/ with 1.avi to 8.avi and HR_1.avi to HR_4.avi",),
    find=find, access="for research, on request: Center for Biometrics and Security Research, CASIA", apart=True,
)  # fmt: skip
