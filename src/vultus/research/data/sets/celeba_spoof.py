"""CelebA-Spoof: pictures of celebrities, and of prints, screens and masks of them, with the face and the light of each.

Layout: metas/intra_test/train_label.json and test_label.json (a path and 44 whole numbers: 40 of the face, the kind of
attack, the light, the place, and 1 for attacks), Data/<split>/<person>/live and spoof, and beside a picture NUM_BB.txt
(x, y, width, height, score) as if the picture had 224 pixels a side. The third split of the paper is not in the lists.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.sets.attacks import Presentation
from vultus.evaluation.tasks.pad import BONA_FIDE
from vultus.research.data.sets.films import middle_row, part
from vultus.research.data.sets.material import DataSet, Found

if TYPE_CHECKING:
    from pathlib import Path

    from vultus.research.data.sets.films import Box
    from vultus.research.data.sets.material import Part

# 0 to 10 of the set
CLASSES = (BONA_FIDE, "photo", "poster", "a4", "face_mask", "upper_body_mask", "region_mask", "pc", "pad", "phone",
           "mask_3d")  # fmt: skip
PARTIAL = ("region_mask",)
_SPLITS = ("train", "test")
_NUMBERS, _KIND, _LIGHT, _PLACE, _ATTACK = 44, 40, 41, 42, 43
_GRID = 224
# what is known of the lists for certain
_PUBLISHED = {"test": {"": 67_170, BONA_FIDE: 19_923}}


def find(root: Path) -> Found | None:
    """CelebA-Spoof below a folder.

    Raises:
        InputError: a list or a place of a face is damaged.
    """
    home = next((one for one in (root, root / "CelebA_Spoof") if (one / "metas/intra_test").is_dir()), root)
    parts, remarks = {}, ["train is held to no published total; 625,537 pictures are published with a third split"]
    for split in _SPLITS:
        file = home / f"metas/intra_test/{split}_label.json"
        if file.is_file():
            rows = _rows(file)
            clear = {name: row for name, row in rows.items() if (row[_KIND] > 0) == (row[_ATTACK] > 0)}
            parts[split] = _part(home, clear)
            if len(clear) < len(rows):
                remarks.append(f"{split}: {len(rows) - len(clear):,} rows name a kind of attack and say alive, or the "
                               "other way round, and are left out")  # fmt: skip
    return Found("metas/intra_test", parts, _PUBLISHED, tuple(remarks)) if parts else None


def _part(home: Path, rows: dict[str, list[int]]) -> Part:
    shown = [(home / name, Presentation(name, CLASSES[row[_KIND]], name.split("/")[-3])) for name, row in rows.items()]
    whole = part(shown, CLASSES, _box, moment=None, grid=_GRID)
    numbers = np.array(list(rows.values()), np.int64).reshape(-1, _NUMBERS)
    partial = np.isin(whole.fields["species"], [CLASSES.index(one) for one in PARTIAL]).astype(np.int64)
    more = {"partial": partial, "light": numbers[:, _LIGHT], "place": numbers[:, _PLACE]}
    return replace(whole, fields={**whole.fields, **more})


def _rows(file: Path) -> dict[str, list[int]]:
    try:
        rows = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as JSON: {error}") from error
    wrong = next((name for name, row in rows.items() if not _fits(name, row)), None) if isinstance(rows, dict) else ""
    if wrong is not None:
        raise InputError(
            f"{file} must hold paths such as Data/train/1/live/2.jpg with {_NUMBERS} whole numbers each, of which "
            f"number {_KIND} is a kind of attack below {len(CLASSES)}; first that does not: '{wrong}'"
        )
    return dict(rows)


def _fits(name: str, row: Any) -> bool:
    whole = isinstance(row, list) and len(row) == _NUMBERS and all(isinstance(one, int) for one in row)
    return whole and len(name.split("/")) > 3 and 0 <= row[_KIND] < len(CLASSES)


def _box(path: Path) -> Box | None:
    row = middle_row(path.with_name(f"{path.stem}_BB.txt"), 4, numbered=False)
    return None if row is None else (float(row[0]), float(row[1]), float(row[0] + row[2]), float(row[1] + row[3]))


SET = DataSet(
    name="celeba_spoof", title="CelebA-Spoof", label="species", classes=CLASSES,
    wanted=("metas/intra_test/train_label.json and test_label.json beside Data/ (or below CelebA_Spoof/)",),
    find=find, access="for research that earns nothing: github.com/ZhangYuanhan-AI/CelebA-Spoof", apart=True,
)  # fmt: skip
