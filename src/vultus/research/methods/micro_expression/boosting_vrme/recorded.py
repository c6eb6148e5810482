"""Films of CAS(ME)^2, CAS(ME)^3 and SAMM Long Videos as flow of regions, with what is marked in them.

Measuring flow takes as long as watching the films; what was measured lies in a cache by film, and is found again as
long as neither its frames nor the way to measure changed. Films of 200 frames a second are thinned out to about 30.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from vultus.errors import InputError
from vultus.research.data.sample import Samples
from vultus.research.data.sets import casme_cubed, casme_squared, open_set, samm_lv
from vultus.research.data.sets.words import word
from vultus.research.methods.micro_expression.boosting_vrme import flow
from vultus.research.methods.micro_expression.boosting_vrme.films import CLASSES, NEUTRAL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from vultus.research.data.sets.recordings import Film

    Flow = NDArray[np.float32]
    Find = Callable[[NDArray[np.uint8]], NDArray[np.float32] | None]

SETS = (casme_squared.SET, casme_cubed.SET, samm_lv.SET)
FPS = 30.0
_OF_FOUR = {"happy": "positive", "sad": "negative", "angry": "negative", "disgust": "negative", "fear": "negative",
            "contempt": "negative"}  # fmt: skip


def of_set(folder: Path, window: int, seed: int, *, marked_only: bool) -> tuple[Samples, Samples]:
    """Films of everybody but one person, and those of that person: number `seed` of those of whom something is marked.

    Raises:
        InputError: the folder holds none of the sets, or too little of one.
    """
    whole = recorded(films_of(folder, marked_only=marked_only), window, cache())
    people = people_of(whole)
    return without(whole, people[seed % len(people)])


def people_of(whole: Samples) -> list[str]:
    """Those of whom something is marked, by name.

    Raises:
        InputError: it is one person only.
    """
    marked = (whole["marks"][:, :, 0] >= 0).any(axis=1)
    people: list[str] = np.unique(_subjects(whole)[marked]).tolist()
    if len(people) < 2:
        raise InputError(f"{whole.name}: of {len(people)} people something is marked, but one is to be left out of two")
    return people


def without(whole: Samples, person: str) -> tuple[Samples, Samples]:
    """Everybody else's films, and those of the person."""
    mine = _subjects(whole) == person
    return whole.subset(~mine, f"{whole.name} without {person}"), whole.subset(mine, f"{whole.name} of {person}")


def _subjects(whole: Samples) -> NDArray[np.str_]:
    return cast("NDArray[np.str_]", whole.subjects)


def films_of(folder: Path, *, marked_only: bool) -> tuple[Film, ...]:
    """Films of the set that a folder holds.

    Args:
        folder: of the set.
        marked_only: leave out those without a micro-expression whose emotion is known.

    Raises:
        InputError: it holds none of the sets, or nothing is marked.
    """
    name = next((one.name for one in SETS if one.find(folder) is not None), None)
    if name is None:
        wanted = " / or: ".join(line for one in SETS for line in one.wanted)
        raise InputError(f"{folder} holds no films with marked micro-expressions; looked for: {wanted}")
    films = open_set(name, folder).found.films
    lively = tuple(film for film in films if any(one.kind == "micro" and one.expression for one in film.marks))
    if not lively:
        raise InputError(f"no micro-expression of {name} in {folder} says its emotion: see vultus sets {name} {folder}")
    return lively if marked_only else films


def recorded(
    films: Sequence[Film], window: int, home: Path, find: Find | None = None,
    tell: Callable[[str], None] = lambda name: None,
) -> Samples:  # fmt: skip
    """Films as `films.films` has them, all as long as the longest: `length` says how long each is.

    Args:
        films: to measure.
        window: of the network; shorter films are left out, with a warning.
        home: the cache.
        find: see `flow.film_flow`; the engine of the default pack without.
        tell: called with the name of each film before it is measured.

    Raises:
        InputError: a film shows nobody, or all are too short.
    """
    find = find or flow.finder()
    rows: list[tuple[Film, Flow, int]] = []
    for film in films:
        tell(film.name)
        step = max(round(film.fps / FPS), 1)
        measured = _measured(film, step, window, home, find)
        if len(measured) < window:
            warnings.warn(f"{film.name} is left out: {len(measured)} frames, but {window} are needed", stacklevel=2)
        else:
            rows.append((film, measured, step))
    if not rows:
        raise InputError(f"no film has {window} frames")
    return _joined(rows)


def cache() -> Path:
    """Where flow is kept."""
    import platformdirs

    return platformdirs.user_cache_path("vultus", appauthor=False) / "flow"


def _measured(film: Film, step: int, window: int, home: Path, find: Find) -> Flow:
    """Flow of a film from the cache, or measured and put there; what is damaged there is measured anew."""
    told = repr((film.fingerprint(), step, window)).encode() + Path(flow.__file__).read_bytes()
    place = home / f"{hashlib.sha256(told).hexdigest()[:24]}.npy"
    try:
        known: Flow = np.load(place, mmap_mode="r", allow_pickle=False)
    except (OSError, EOFError, ValueError):
        pass
    else:
        return known
    try:
        found = flow.film_flow(film.pictures(step), find, window, shortest=1)
    except InputError as error:
        raise InputError(f"{film.name}: {error}") from error
    home.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as stream:
        np.save(stream, found, allow_pickle=False)
    part.replace(place)
    return found


def _joined(rows: Sequence[tuple[Film, Flow, int]]) -> Samples:
    lengths = np.array([len(measured) for _, measured, _ in rows])
    marked = [_marks(film, len(measured), step) for film, measured, step in rows]
    flows = np.empty((len(rows), lengths.max(), rows[0][1].shape[1]), np.float32)
    label = np.full(flows.shape[:2], NEUTRAL, np.int64)
    marks = np.full((len(rows), max(map(len, marked)), 4), -1, np.int64)
    for row, ((_, measured, _), own) in enumerate(zip(rows, marked, strict=True)):
        flows[row, : len(measured)], flows[row, len(measured) :] = measured, measured[-1]
        for number, (onset, apex, offset, kind) in enumerate(own):
            label[row, onset + 1 : offset] = kind
            marks[row, number] = onset, apex, offset, kind
    subjects = np.array([film.subject for film, _, _ in rows], dtype=str)
    return Samples({"flow": flows, "label": label, "marks": marks, "length": lengths}, subjects, "films")


def _marks(film: Film, length: int, step: int) -> list[tuple[int, int, int, int]]:
    """Onset, apex, offset and class of the micro-expressions of a film that was thinned out."""
    found = []
    for one in film.marks:
        if one.kind == "micro" and one.expression and one.onset // step < length:
            name = word(one.expression)
            ends = (one.onset, one.apex, min(one.offset, length * step - 1))
            onset, apex, offset = (frame // step for frame in ends)
            found.append((onset, min(apex, offset), offset, CLASSES.index(_OF_FOUR.get(name, name))))
    return found
