"""SiW-M: films of people and of thirteen kinds of attack, four of which cover a part of the face.

Layout: films called after what they show and a running number (Live_12.mov, Mask_Half_3.mov, Partial_Funnyeye_40.mov),
in any folders; the second edition has them in Live/ and Spoof/<kind>/ and cuts partial paper into eyes and mouth.
Names tell no person. The list of films that the publisher tests on (testlist_live.txt, testlist_all.txt) is taken
where it lies; otherwise every fifth film of each kind is held. `left_out` leaves one attack out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError, UnknownNameError
from vultus.evaluation.sets.attacks import Presentation
from vultus.evaluation.tasks.pad import BONA_FIDE
from vultus.research.data.sets.films import films_in, part
from vultus.research.data.sets.material import DataSet, Found

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

# how the names of films begin, and how many of each the paper of 2019 counts; eyes and mouth are 86 together
_NAMES = {
    "Live": (BONA_FIDE, 660), "Replay": ("replay", 99), "Paper": ("print", 118), "Mask_Half": ("half_mask", 72),
    "Mask_Silicone": ("silicone_mask", 27), "Mask_Trans": ("transparent_mask", 88), "Mask_Paper": ("paper_mask", 17),
    "Mask_Mann": ("mannequin", 40), "Makeup_Ob": ("obfuscation", 23), "Makeup_Im": ("impersonation", 61),
    "Makeup_Co": ("cosmetic", 50), "Partial_Funnyeye": ("funny_eye", 160),
    "Partial_Paperglass": ("paper_glasses", 127), "Partial_Eye": ("partial_eye", 0),
    "Partial_Mouth": ("partial_mouth", 0),
}  # fmt: skip
CLASSES = tuple(species for species, _ in _NAMES.values())
PARTIAL = ("funny_eye", "paper_glasses", "partial_eye", "partial_mouth")
# what is left out in turn: thirteen kinds, eyes and mouth of paper being one
LEFT_OUT = (*((one,) for one in CLASSES[1:-2]), ("partial_eye", "partial_mouth"))
_FIRST = {"": 660 + 968, **{species: count for species, count in _NAMES.values() if count}}
_SECOND = {"": 785 + 915, BONA_FIDE: 785}
_TESTED = ("testlist_live.txt", "testlist_all.txt")
_EVERY = 5
_SPECIES = {name.lower(): species for name, (species, _) in _NAMES.items()}


def find(root: Path) -> Found | None:
    """SiW-M below a folder.

    Raises:
        InputError: a film has another name, or a list cannot be read.
    """
    films = films_in(root)
    if not any(path.stem.rpartition("_")[0].lower() in _SPECIES for path in films):
        return None
    second = any(path.is_dir() and path.name.lower() == "spoof" for path in root.iterdir())
    shown = [presentation(path) for path in films]
    tested, remark = _tested(root, shown)
    whole = part(list(zip(films, shown, strict=True)), CLASSES, lambda path: None)
    held = np.array([one.name.lower() in tested for one in shown], np.int64)
    partial = np.isin(whole.fields["species"], [CLASSES.index(one) for one in PARTIAL]).astype(np.int64)
    fields = {**whole.fields, "partial": partial, "held": held}
    remarks = (remark, "names tell no person: one may be on both sides of a split",
               "no places of faces: pictures are cut to their middle square")  # fmt: skip
    layout, published = ("the second edition", _SECOND) if second else ("films by name", _FIRST)
    return Found(layout, {"all": replace(whole, fields=fields, subjects=None)}, {"all": published}, remarks)


def presentation(path: Path) -> Presentation:
    """What the name of a film says; the person is not told.

    Raises:
        InputError: it is not one of SiW-M.
    """
    kind, _, number = path.stem.rpartition("_")
    if kind.lower() not in _SPECIES or not number.isdecimal():
        raise InputError(f"{path}: expected a name such as Live_12 or Mask_Half_3, beginning with {', '.join(_NAMES)}")
    return Presentation(path.stem, _SPECIES[kind.lower()], "")


def left_out(
    fields: Mapping[str, NDArray[Any]], kinds: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """Rows to learn from and rows to test on, where one attack is left out; `LEFT_OUT` has what to leave out in turn.

    Args:
        fields: `species` and `held` of a split, or its samples.
        kinds: of `CLASSES`, but people.

    Returns:
        Every other attack and the people that are not held; all attacks of the kinds and the people that are.

    Raises:
        UnknownNameError: a kind is none of the attacks.
    """
    unknown = next((one for one in kinds if one not in CLASSES[1:]), None)
    if unknown is not None:
        raise UnknownNameError("attack", unknown, CLASSES[1:])
    species, held = fields["species"], fields["held"] == 1
    out, real = np.isin(species, [CLASSES.index(one) for one in kinds]), species == 0
    return np.flatnonzero((real & ~held) | (~real & ~out)), np.flatnonzero((real & held) | out)


def _tested(root: Path, shown: Sequence[Presentation]) -> tuple[set[str], str]:
    """Names of the films that are held, and how they were found."""
    lists = [path for name in _TESTED for path in sorted(root.rglob(name))[:1]]
    if len(lists) < len(_TESTED):
        names = {one.name.lower() for one in shown if int(one.name.rpartition("_")[2]) % _EVERY == 0}
        return names, f"without {' and '.join(_TESTED)} every fifth film is held, which is nobody's protocol"
    names = set()
    for path in lists:
        try:
            names |= {line.strip().lower() for line in path.read_text("utf-8").splitlines() if line.strip()}
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path} must hold a name of a film in each line, but: {error}") from error
    absent = len(names - {one.name.lower() for one in shown})
    return names, f"the films of {' and '.join(_TESTED)} are held; {absent:,} of them are not here"


SET = DataSet(
    name="siw_m", title="SiW-M", label="species", classes=CLASSES,
    wanted=("films such as Live_12.mov, Replay_3.mov, Mask_Half_5.mov, Partial_Eye_7.mov, below any folders",
            "Live/ and Spoof/<kind>/ of such films, with testlist_live.txt and testlist_all.txt"),
    find=find, access="for research, with a signed agreement: cvlab.cse.msu.edu",
)  # fmt: skip
