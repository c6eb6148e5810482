"""Layouts by name, for the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path, PurePath

from vultus.errors import UnknownNameError
from vultus.evaluation.sets.agedb import YEARS, read_agedb
from vultus.evaluation.sets.attacks import Presentation, put_scores
from vultus.evaluation.sets.calfw import read_calfw
from vultus.evaluation.sets.casia_fasd import name_of, read_casia_fasd
from vultus.evaluation.sets.cfp import read_cfp
from vultus.evaluation.sets.ijb import GALLERIES, read_ijb, read_ijb_search
from vultus.evaluation.sets.lfw import read_lfw
from vultus.evaluation.sets.oulu import read_oulu
from vultus.evaluation.sets.packed import read_packed
from vultus.evaluation.sets.pairset import PairSet
from vultus.evaluation.sets.rfw import RACES, read_rfw
from vultus.evaluation.sets.searchset import SearchSet
from vultus.evaluation.sets.siw import read_siw
from vultus.evaluation.tasks.pad import Presented

PAIRS: Mapping[str, Callable[[Path], PairSet]] = {
    "lfw": read_lfw,
    "cfp-ff": partial(read_cfp, protocol="FF"),
    "cfp-fp": partial(read_cfp, protocol="FP"),
    "calfw": read_calfw,
    "cplfw": read_calfw,
    "ijb": read_ijb,
    "bin": read_packed,
    **{f"rfw-{race.lower()}": partial(read_rfw, race=race) for race in RACES},
    **{f"agedb-{years}": partial(read_agedb, years=years) for years in YEARS},
}
SEARCHES: Mapping[str, Callable[[Path], SearchSet]] = {
    "ijb": read_ijb_search,
    **{f"ijb-{name.lower()}": partial(read_ijb_search, galleries=(name,)) for name in GALLERIES},
}
ATTACKS: Mapping[str, tuple[Callable[[Path], list[Presentation]], Callable[[str], str]]] = {
    "oulu": (read_oulu, lambda name: PurePath(name).stem),
    "siw": (read_siw, lambda name: PurePath(name).stem),
    "casia": (read_casia_fasd, name_of),
}


def read_pairs_of(layout: str, place: Path) -> PairSet:
    """Pairs of a published set.

    Raises:
        UnknownNameError: no such layout.
        InputError: the set does not lie there like that.
    """
    if layout not in PAIRS:
        raise UnknownNameError("layout", layout, PAIRS, f"Known: {', '.join(PAIRS)}")
    return PAIRS[layout](place)


def read_searches_of(layout: str, place: Path) -> SearchSet:
    """Galleries and searches of a published set.

    Raises:
        UnknownNameError: no such layout.
        InputError: the set does not lie there like that.
    """
    if layout not in SEARCHES:
        raise UnknownNameError("layout", layout, SEARCHES, f"Known: {', '.join(SEARCHES)}")
    return SEARCHES[layout](place)


def read_attacks_of(layout: str, listed: Path, scores: Path) -> Presented:
    """Scores of a system for the presentations of a published set.

    Raises:
        UnknownNameError: no such layout.
        InputError: the list or the scores cannot be used.
    """
    if layout not in ATTACKS:
        raise UnknownNameError("layout", layout, ATTACKS, f"Known: {', '.join(ATTACKS)}")
    read, name = ATTACKS[layout]
    return put_scores(scores, read(listed), name)
