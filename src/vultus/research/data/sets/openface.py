"""Action units as OpenFace 2 writes them: a CSV file for each picture, a row for each face in it.

FaceLandmarkImg -fdir PICTURES -out_dir TABLES -aus writes `TABLES/<picture>.csv` with the columns `confidence` and
`AU01_r` to `AU45_r`, intensities from 0 to 5; FeatureExtraction adds `success`, 0 where no face was found.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.columns import read_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

UNITS = tuple(f"AU{number:02d}_r" for number in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45))
STRONGEST = 5.0


def intensities(tables: Path, pictures: Sequence[Path], root: Path) -> NDArray[np.float32]:
    """Intensities of the action units of pictures, 0 to 5, (N, 17) in the order of `UNITS`.

    The table of `root/a/b.jpg` is `tables/a/b.csv`, or `tables/b.csv` where no other picture is called so. Of several
    faces the one that OpenFace is surest of counts.

    Args:
        tables: folder of OpenFace's.
        pictures: files.
        root: the folder they lie below.

    Raises:
        InputError: a picture has no table, or one without a face; two pictures share one; a table is damaged.
    """
    if not tables.is_dir():
        raise InputError(f"{tables} is no folder with tables of OpenFace")
    owner: dict[Path, Path] = {}
    found = np.empty((len(pictures), len(UNITS)), np.float32)
    for row, picture in enumerate(pictures):
        below = picture.relative_to(root) if picture.is_relative_to(root) else Path(picture.name)
        places = (tables / below.with_suffix(".csv"), tables / f"{picture.stem}.csv")
        table = next((place for place in places if place.is_file()), None)
        if table is None:
            looked = " nor ".join(map(str, dict.fromkeys(places)))
            raise InputError(f"{picture} has no table of OpenFace: neither {looked}")
        if owner.setdefault(table, picture) != picture:
            raise InputError(f"{table} would be the table of {owner[table]} and of {picture}: keep folders apart")
        found[row] = _of(table)
    return found


def _of(table: Path) -> NDArray[np.float64]:
    """Intensities of the surest face of one table, (17,)."""
    rows = read_columns(table, ("confidence", *UNITS), ("success",))
    confidence = rows.numbers("confidence")
    if "success" in rows:
        confidence = np.where(rows.numbers("success") > 0, confidence, -np.inf)
    if not np.isfinite(confidence).any():
        raise InputError(f"{table}: OpenFace found no face")
    found = np.array([rows.numbers(unit)[int(confidence.argmax())] for unit in UNITS])
    if not ((found >= 0) & (found <= STRONGEST)).all():
        raise InputError(f"{table}: intensities lie between 0 and {STRONGEST:g}, but go from {found.min():g} to "
                         f"{found.max():g}")  # fmt: skip
    return found
