"""Samples with the task in which their class arrives: made displays, CFEE, or FER2013 one class after another.

Rows of task -1 bear no expression: the branch of action units learns from them. They are of people of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from vultus.errors import InputError
from vultus.research.contract import Data
from vultus.research.data.sample import Samples, disjoint
from vultus.research.data.sampling import folds, identical, without
from vultus.research.data.sets import cfee, fer2013, open_set
from vultus.research.data.sets.material import Files
from vultus.research.data.sets.openface import intensities
from vultus.research.methods.expression.continual_bgmm.displays import BASIC, UNITS, classes, drilled, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

_ELSEWHERE, _ROOM = 1_000, 10_000  # numbers of people: of the drills, and how many a seed may use
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Settings:
    """What is learnt from.

    Attributes:
        size: of the pictures in pixels.
        people: who shows made expressions, and as many others to be tested on.
        per_class: made pictures of each class, in training and in testing.
        per_basic: made pictures of each class of the first task in training.
        basic, compound: classes of the made set; the basic ones are the first task.
        together: compound classes that arrive in one task.
        first: classes of the first task where a set has no compound ones.
        drills, drill_people: pictures to learn action units from, and who is on them.
        on_bad: what is done at a picture of a set that cannot be read.
        openface: folder of OpenFace's tables of CFEE, whose action units take the place of our estimator's.
    """

    size: int = 224
    people: int = 120
    per_class: int = 120
    per_basic: int = 400
    basic: int = 7
    compound: int = 12
    together: int = 3
    first: int = 3
    drills: int = 20_000
    drill_people: int = 500
    on_bad: Literal["stop", "skip"] = "stop"
    openface: str = ""


def of_seed(settings: Settings, seed: int, folder: Path | None) -> Data:
    """Training and test samples of a seed, and the training samples with their classes shuffled.

    Raises:
        InputError: the folder holds neither CFEE nor FER2013; tables of OpenFace are lacking, or not of CFEE.
    """
    if settings.openface and (folder is None or cfee.find(folder) is None):
        raise InputError("data.openface takes tables of the pictures of CFEE: give its folder with --data")
    if folder is None:
        train, test = _made(settings, seed)
        order = _order(settings.basic, settings.compound, settings.together, seed)
    elif cfee.find(folder) is not None:
        train, test = _cfee(settings, seed, folder)
        order = _order(7, len(cfee.CLASSES) - 7, settings.together, seed)
    elif fer2013.find(folder) is not None:
        train, test = _fer2013(settings, folder)
        order = _order(7, 0, 1, seed, first=settings.first)
    else:
        raise InputError(f"{folder} holds neither CFEE nor FER2013; looked for: "
                         + " / or: ".join((*cfee.SET.wanted, *fer2013.SET.wanted)))  # fmt: skip
    train, test = (_on(part, order) for part in (train, test))
    grey = folder is not None and cfee.find(folder) is None
    whole = train if settings.openface else _joined(train, _drills(settings, grey=grey))
    return Data(whole, test, _destroyed(whole, seed))


def _order(basic: int, compound: int, together: int, seed: int, first: int = 0) -> Numbers:
    """The task in which each class arrives, (K,); which come together is drawn anew for each seed."""
    rng = np.random.default_rng([seed, 7])
    later = rng.permutation(np.arange(basic, basic + compound))
    tasks = np.zeros(basic + compound, np.int64)
    if first:
        later = rng.permutation(basic)[first:]
    tasks[later] = 1 + np.arange(len(later)) // together
    return tasks


def _on(samples: Samples, order: Numbers) -> Samples:
    return samples.with_fields(task=order[samples["expression"]])


def _made(settings: Settings, seed: int) -> tuple[Samples, Samples]:
    names = classes(settings.basic, settings.compound)
    start, later = (1 + seed) * _ROOM, settings.per_class
    counts = [settings.per_basic if number < settings.basic else later for number in range(len(names))]
    train = shown(names, counts, settings.people, start, seed, settings.size)
    test = shown(names, [later] * len(names), settings.people, start + settings.people, seed, settings.size)
    disjoint(train, test)
    return train, test


@lru_cache(maxsize=1)
def _drills(settings: Settings, *, grey: bool) -> Samples:
    """The same for every seed, as an estimator trained elsewhere would be."""
    made = drilled(settings.drills, settings.drill_people, _ELSEWHERE, 0, settings.size)
    if grey:
        pictures = made["image"].mean(axis=3, keepdims=True).round().astype(np.uint8)
        made = made.with_fields(image=np.repeat(pictures, 3, axis=3))
    return made.with_fields(task=np.full(len(made), -1))


def _cfee(settings: Settings, seed: int, folder: Path) -> tuple[Samples, Samples]:
    """One of five folds by person; the first classes are the basic ones."""
    reader = open_set("cfee", folder)
    if settings.openface:
        part = reader.found.parts["all"]
        if isinstance(part.pictures, Files):
            units = intensities(Path(settings.openface), part.pictures.paths, folder)
            reader.found = replace(reader.found, parts={"all": replace(part, fields={**part.fields, "units": units})})
    whole = reader.read("all", settings.size, on_bad=settings.on_bad)
    train, test = list(folds(whole, _FOLDS, seed // _FOLDS))[seed % _FOLDS]
    return train, test


def _fer2013(settings: Settings, folder: Path) -> tuple[Samples, Samples]:
    """Training and PublicTest, without the pictures of PublicTest that are in Training too."""
    reader = open_set("fer2013", folder)
    train, test = (reader.read(split, settings.size, on_bad=settings.on_bad) for split in ("train", "val"))
    return train, without(test, identical(train, test))


def _joined(train: Samples, drills: Samples) -> Samples:
    """One set of rows; what a row is not asked for is zero."""
    none = np.zeros((len(train), len(UNITS)), np.float32)
    first = {**{key: train[key] for key in ("image", "expression", "task")}, "actions": none}
    columns = {key: np.concatenate([column, drills[key]]) for key, column in first.items()}
    subjects = None
    if train.subjects is not None:
        subjects = np.concatenate([train.subjects.astype(str), drills.subjects.astype(str)])  # type: ignore[union-attr]
    return Samples(columns, subjects, train.name)


def _destroyed(train: Samples, seed: int) -> Samples:
    """The same pictures with somebody else's class, and the task that goes with it."""
    rows = np.flatnonzero(train["task"] >= 0)
    other = np.random.default_rng([seed, 9]).permutation(rows)
    columns = {key: train[key].copy() for key in ("expression", "task")}
    for key, column in columns.items():
        column[rows] = train[key][other]
    return train.with_fields(**columns)


__all__ = ["BASIC", "Settings", "of_seed"]
