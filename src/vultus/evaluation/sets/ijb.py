"""IJB-B and IJB-C, one to one and one to many: templates of several pictures, as InsightFace hands out the meta files.

meta/ijbb_face_tid_mid.txt lists `picture template medium`, meta/ijbb_template_pair_label.txt `template template same`;
pictures are the loose crops in loose_crop/. A template is the mean over its media of the mean over a medium's pictures.
One to many: meta/ijbb_1N_gallery_G1.csv and _G2.csv (in IJB-B also named _S1, _S2) hold people that are not in each
other, meta/ijbb_1N_probe_mixed.csv the searches; each begins with the columns TEMPLATE_ID,SUBJECT_ID.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.columns import read_columns
from vultus.evaluation.sets.pairset import PairSet, joined, lines_of
from vultus.evaluation.sets.searchset import Listed, SearchSet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

GALLERIES = ("G1", "G2")
_COLUMNS = ("TEMPLATE_ID", "SUBJECT_ID")


def read_ijb(folder: Path) -> PairSet:
    """Read IJB-B or IJB-C, whichever the meta files are of.

    Raises:
        InputError: the lists or a picture are missing, a line is not as above, or a pair names an unknown template.
    """
    kind = _kind(folder)
    path = folder / f"meta/{kind}_template_pair_label.txt"
    names, ids = _pictures(folder / f"meta/{kind}_face_tid_mid.txt")
    pairs = _pairs(path)
    known, template = np.unique(ids[:, 0], return_inverse=True)
    sides = pairs[:, :2]
    strange = np.flatnonzero(~np.isin(sides, known).all(axis=1))
    if strange.size:
        raise InputError(f"{path}, line {strange[0] + 1}: no picture is of one of its templates")
    images = _crops(folder, names)
    a, b = (np.searchsorted(known, column).astype(np.int64) for column in sides.T)
    same = pairs[:, 2] == 1
    people = joined(a[same], b[same], known.size)
    return PairSet(images, people, a, b, same, None, template.astype(np.int64), ids[:, 1])


def read_ijb_search(folder: Path, galleries: tuple[str, ...] = GALLERIES) -> SearchSet:
    """Read the one-to-many protocol of IJB-B or IJB-C.

    Args:
        folder: holds meta and loose_crop.
        galleries: of `GALLERIES`.

    Raises:
        InputError: a list or a picture is missing, a template is of two people or has no picture, or somebody is in
            both galleries.
    """
    kind = _kind(folder)
    names, ids = _pictures(folder / f"meta/{kind}_face_tid_mid.txt")
    known, template = np.unique(ids[:, 0], return_inverse=True)
    lists = [_templates(_gallery(folder, kind, name), known, name) for name in galleries]
    searches = _templates(folder / f"meta/{kind}_1N_probe_mixed.csv", known, "probe_mixed")
    both = set.intersection(*(set(one.person.tolist()) for one in lists)) if len(lists) > 1 else set()
    if both:
        raise InputError(f"{folder}: person {min(both)} is in both galleries, so no search of theirs is by a stranger")
    used = np.isin(template, np.concatenate([one.template for one in (*lists, searches)]))
    images = _crops(folder, [name for name, kept in zip(names, used, strict=True) if kept])
    return SearchSet(images, template[used].astype(np.int64), ids[used, 1], tuple(lists), searches)


def pool(
    vectors: NDArray[np.float32], acquired: NDArray[np.bool_], template: NDArray[np.int64], medium: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Templates of pictures: pictures of a medium first, so that a film counts as much as a photograph.

    Args:
        vectors: unit rows, float32, (N, D).
        acquired: whether a picture has a face, (N,).
        template, medium: of each picture, int64, (N,).

    Returns:
        Unit rows (T, D), NaN where no picture of the template has a face; and whether one has, (T,).
    """
    size = int(template.max()) + 1
    rows = np.flatnonzero(acquired)
    _, group = np.unique(np.stack([template[rows], medium[rows]], axis=1), axis=0, return_inverse=True)
    group = group.reshape(-1)
    n_groups = int(group.max()) + 1 if rows.size else 0
    means = np.zeros((n_groups, vectors.shape[1]), dtype=np.float64)
    np.add.at(means, group, vectors[rows])
    means /= np.bincount(group, minlength=n_groups)[:, None]
    home = np.zeros(n_groups, dtype=np.int64)
    home[group] = template[rows]
    out = np.zeros((size, vectors.shape[1]))
    np.add.at(out, home, means)
    there = np.zeros(size, dtype=bool)
    there[home] = True
    out[~there] = np.nan
    length = np.linalg.norm(out, axis=1, keepdims=True)
    return (out / np.where(length > 0, length, 1)).astype(np.float32), there


def _kind(folder: Path) -> str:
    kind = next((name for name in ("ijbb", "ijbc") if (folder / f"meta/{name}_face_tid_mid.txt").is_file()), None)
    if kind is None:
        raise InputError(f"{folder} has neither meta/ijbb_face_tid_mid.txt nor meta/ijbc_face_tid_mid.txt")
    return kind


def _gallery(folder: Path, kind: str, name: str) -> Path:
    """The list of a gallery; that of IJB-B goes by two names."""
    path = folder / f"meta/{kind}_1N_gallery_{name}.csv"
    other = folder / f"meta/{kind}_1N_gallery_{name.replace('G', 'S')}.csv"
    return path if path.is_file() or not other.is_file() else other


def _templates(path: Path, known: NDArray[np.int64], name: str) -> Listed:
    """Templates and people of a list with a row per picture; each template once."""
    columns = read_columns(path, _COLUMNS)
    rows: dict[int, int] = {}
    for row, (template, person) in enumerate(zip(*(columns.values[one] for one in _COLUMNS), strict=True)):
        if not (template.isdecimal() and person.isdecimal()):
            raise InputError(f"{columns.line(row)}: expected numbers of a template and a person, but they are "
                             f"'{template}' and '{person}'")  # fmt: skip
        if rows.setdefault(int(template), int(person)) != int(person):
            raise InputError(f"{columns.line(row)}: template {template} is of another person in an earlier line")
    templates = np.array(list(rows), dtype=np.int64)
    strange = templates[~np.isin(templates, known)]
    if strange.size:
        raise InputError(f"{path}: template {strange[0]} has no picture in the list of pictures")
    return Listed(name, np.searchsorted(known, templates).astype(np.int64), np.array(list(rows.values()), np.int64))


def _crops(folder: Path, names: Sequence[str]) -> tuple[Path, ...]:
    images = tuple(folder / "loose_crop" / name for name in names)
    absent = next((image for image in images if not image.is_file()), None)
    if absent is not None:
        raise InputError(f"the list names {absent}, but there is no such file")
    return images


def _pictures(path: Path) -> tuple[list[str], NDArray[np.int64]]:
    """Names, and template and medium of each, (N, 2)."""
    rows = [line.split() for line in lines_of(path)]
    bad = next((number for number, row in enumerate(rows, 1)
                if len(row) != 3 or not (row[1].isdecimal() and row[2].isdecimal())), None)  # fmt: skip
    if bad is not None or not rows:
        raise InputError(f"{path}, line {bad or 1}: expected 'picture template medium'")
    return [row[0] for row in rows], np.array([[int(row[1]), int(row[2])] for row in rows], dtype=np.int64)


def _pairs(path: Path) -> NDArray[np.int64]:
    """Two templates and 1 or 0 each, (P, 3); there may be millions."""
    try:
        found = np.loadtxt(path, dtype=np.int64, ndmin=2)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{path}: expected 'template template same' in each line: {error}") from error
    if found.ndim != 2 or found.shape[1:] != (3,) or not np.isin(found[:, 2], (0, 1)).all():
        raise InputError(f"{path}: expected 'template template same' in each line, same being 1 or 0")
    return found
