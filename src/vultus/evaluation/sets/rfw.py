"""RFW: per race txts/<race>/<race>_pairs.txt and data/<race>/<identity>/<identity>_0001.jpg, ten folds of 600 pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.errors import InputError
from vultus.evaluation.sets.lfw import read_named_pairs

if TYPE_CHECKING:
    from pathlib import Path

    from vultus.evaluation.sets.pairset import PairSet

RACES = ("African", "Asian", "Caucasian", "Indian")


def read_rfw(folder: Path, race: str) -> PairSet:
    """Read the pairs of one race.

    Args:
        folder: holds txts and data, as the set is handed out (test/).
        race: one of `RACES`, as the set calls them.

    Raises:
        InputError: no such race, or the list or a picture is missing.
    """
    if race not in RACES:
        raise InputError(f"RFW has lists of {', '.join(RACES)}, not of '{race}'")
    return read_named_pairs(folder / "txts" / race / f"{race}_pairs.txt", [folder / "data" / race])
