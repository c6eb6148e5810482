"""Splits that keep people apart, draws that keep classes even, and the search for pictures that two parts share.

train, test = split(samples, (0.8, 0.2), seed=0)       # nobody is in both
for train, test in folds(samples, 5, seed=0): ...
for train, look, test in protocol(windows, seed=0): ... # people apart, and in training trials apart
again = identical(train, test)                         # rows of `test` whose picture is in `train`
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from vultus.errors import ConfigError
from vultus.research.data.sample import disjoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from vultus.research.data.sample import Samples

_AT_ONCE = 256
_FEW = 10  # people; fewer are left out one by one


def split(samples: Samples, shares: Sequence[float], seed: int) -> tuple[Samples, ...]:
    """Parts that share nobody.

    Args:
        samples: with subjects.
        shares: of the people, for each part; they add up to 1.
        seed: of who goes where.

    Raises:
        ConfigError: the samples do not say who is in them, the shares are none, or a part would be empty.
    """
    if min(shares, default=0) <= 0 or abs(sum(shares) - 1) > 1e-9:
        raise ConfigError(f"shares must be above 0 and add up to 1, but are {list(shares)}")
    people = _shuffled(samples, seed)
    ends = np.round(np.cumsum(shares) * len(people)).astype(int)
    parts = tuple(
        _of(samples, people[start:end], f"{samples.name}, part {number}")
        for number, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True), 1)
    )
    disjoint(*parts)
    return parts


def folds(samples: Samples, count: int, seed: int) -> Iterator[tuple[Samples, Samples]]:
    """Training and test part of each fold: everybody is tested once, and never trained on then.

    Raises:
        ConfigError: the samples do not say who is in them, or there are fewer people than folds.
    """
    people = _shuffled(samples, seed)
    if not 2 <= count <= len(people):
        raise ConfigError(
            f"{samples.name} has {len(people)} people: 2 to {len(people)} folds are possible, not {count}"
        )
    for number in range(count):
        tested = people[number::count]
        train = _of(samples, np.setdiff1d(people, tested), f"{samples.name}, training part of fold {number + 1}")
        test = _of(samples, tested, f"{samples.name}, test part of fold {number + 1}")
        disjoint(train, test)
        yield train, test


def leave_one_out(samples: Samples) -> Iterator[tuple[Any, Samples, Samples]]:
    """Each person, everybody else's samples, and those of the person; in the order of names.

    Raises:
        ConfigError: the samples do not say who is in them, or there is one person only.
    """
    people = np.sort(_shuffled(samples, 0))
    if len(people) < 2:
        raise ConfigError(f"{samples.name} has {len(people)} people: nobody can be left out")
    for person in people:
        train = _of(samples, people[people != person], f"{samples.name} without {person}")
        test = _of(samples, np.array([person]), f"{samples.name} of {person}")
        yield person, train, test


def protocol(
    samples: Samples, seed: int, *, trial: str = "trial", label: str = "label", look: float = 0.2
) -> Iterator[tuple[Samples, Samples, Samples]]:
    """Training, validation and test part of each fold of physiological windows: people first, then whole trials.

    Below 10 people each is left out once, else there are 10 folds of people. Of the training people's trials a share is
    kept to look at, as large in every person and label as can be. No window is ever beside another one of its trial.

    Args:
        samples: windows with subjects.
        seed: of who goes where.
        trial: column with the number of the trial that a window was cut from.
        label: column that is held evenly.
        look: share of the trials.

    Raises:
        ConfigError: the samples do not say who is in them, or one person only; a trial has windows of two people.
    """
    people = len(_shuffled(samples, seed))
    apart(samples, trial)
    for train, test in folds(samples, people if people < _FEW else _FEW, seed):
        rng = np.random.default_rng(seed)
        trials, first = np.unique(train[trial], return_index=True)
        group = np.stack([np.unique(cast("NDArray[Any]", train.subjects), return_inverse=True)[1][first],
                          train[label][first]], axis=1)  # fmt: skip
        order = rng.permutation(len(trials))
        _, number = np.unique(group, axis=0, return_inverse=True)
        order = order[np.argsort(number.reshape(-1)[order], kind="stable")]  # groups follow each other, shuffled inside
        count = max(round(look * len(trials)), 1)
        kept = trials[order[np.linspace(0, len(trials) - 1, count).round().astype(int)]]
        looked = np.isin(train[trial], kept)
        parts = train.subset(np.flatnonzero(~looked)), train.subset(np.flatnonzero(looked)), test
        if not len(parts[0]):
            raise ConfigError(f"{samples.name} has too few trials: {look:.0%} to look at leaves none to train on")
        yield parts


def apart(samples: Samples, trial: str = "trial") -> None:
    """Make sure that a trial is of one person.

    Raises:
        ConfigError: one is of two, so that keeping people apart would not keep trials apart.
    """
    if samples.subjects is None:
        raise ConfigError(f"{samples.name} does not say who is in it: nobody can keep its trials apart")
    both = np.unique(np.stack([np.unique(samples[trial], return_inverse=True)[1],
                               np.unique(samples.subjects, return_inverse=True)[1]], axis=1), axis=0)  # fmt: skip
    twice = np.flatnonzero(np.bincount(both[:, 0]) > 1)
    if len(twice):
        raise ConfigError(f"{samples.name}: trial {np.unique(samples[trial])[twice[0]]} has windows of two people")


def balanced(labels: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows drawn so that every class that occurs is drawn equally often; int64, (count,).

    Args:
        labels: (N,), one row at least.
        count: how many rows; each class is drawn with replacement.
        rng: of the draw.

    Raises:
        ConfigError: there are no rows.
    """
    classes, numbers = np.unique(labels, return_inverse=True)
    if not len(classes):
        raise ConfigError("nothing can be drawn from no rows")
    rows = [np.flatnonzero(numbers == number) for number in range(len(classes))]
    drawn = rng.permutation(np.arange(count) % len(classes))
    return np.array([rng.choice(rows[number]) for number in drawn], dtype=np.int64)


def identical(first: Samples, second: Samples, field: str = "image") -> NDArray[np.int64]:
    """Rows of the second whose picture is in the first, pixel by pixel; pictures of one colour count for nothing."""
    known = {digest for _, digest in _prints(first, field)}
    return np.array([row for row, digest in _prints(second, field) if digest in known], dtype=np.int64)


def without(samples: Samples, rows: NDArray[np.int64]) -> Samples:
    """The samples without some rows.

    Raises:
        ConfigError: nothing is left.
    """
    kept = np.setdiff1d(np.arange(len(samples)), rows)
    if not len(kept):
        raise ConfigError(f"{samples.name} is empty without {len(rows)} rows")
    return samples.subset(kept)


def _prints(samples: Samples, field: str) -> Iterator[tuple[int, bytes]]:
    column = samples.fields[field]
    for start in range(0, len(samples), _AT_ONCE):
        rows = np.arange(start, min(start + _AT_ONCE, len(samples)))
        some = column[rows] if isinstance(column, np.ndarray) else column.take(rows)
        for row, one in zip(rows, some, strict=True):
            if one.min() != one.max():
                yield int(row), blake2b(np.ascontiguousarray(one).tobytes(), digest_size=16).digest()


def _shuffled(samples: Samples, seed: int) -> NDArray[Any]:
    if samples.subjects is None:
        raise ConfigError(f"{samples.name} does not say who is in it: it cannot be split by person")
    return np.random.default_rng(seed).permutation(np.unique(samples.subjects))


def _of(samples: Samples, people: NDArray[Any], name: str) -> Samples:
    rows = np.flatnonzero(np.isin(cast("NDArray[Any]", samples.subjects), people))
    if not len(rows):
        raise ConfigError(f"{name} would be empty: there are too few people")
    return samples.subset(rows, name)
