"""Samples: named columns over the same rows. Nothing else goes into training and scoring.

samples = Samples({"image": images, "label": labels}, subjects=people, name="faces")
disjoint(train, test)                    # raises where a person is on both sides
found = predicted(model, test)["logits"]
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from vultus.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import torch
    from numpy.typing import NDArray

    Array = NDArray[Any]


class Lazy(Protocol):
    """A column whose rows are made when they are asked for, e.g. pictures in files."""

    def __len__(self) -> int: ...

    def take(self, indices: Array) -> Array:
        """Rows in the order of `indices`; called from several threads."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Rows of named columns.

    Attributes:
        fields: column by name: an array (N, ...), or one that is made when asked for.
        subjects: who is in each row; (N,), or None where nobody knows.
        name: for people.
    """

    fields: Mapping[str, Array | Lazy]
    subjects: Array | None = None
    name: str = "samples"

    def __post_init__(self) -> None:
        lengths = {key: len(column) for key, column in self.fields.items()}
        if self.subjects is not None:
            lengths["subjects"] = len(self.subjects)
        if len(set(lengths.values())) != 1:
            told = ", ".join(f"{key} {length}" for key, length in lengths.items()) or "there are none"
            raise ConfigError(f"the columns of {self.name} must be equally long, but: {told}")

    def __len__(self) -> int:
        return len(next(iter(self.fields.values())))

    def __getitem__(self, field: str) -> Array:
        """A whole column; pictures in files are all read.

        Raises:
            UnknownNameError: there is no such column.
        """
        if field not in self.fields:
            raise UnknownNameError("field", field, self.fields, f"{self.name} has: {', '.join(self.fields)}")
        column = self.fields[field]
        return column if isinstance(column, np.ndarray) else column.take(np.arange(len(column)))

    @property
    def lazy(self) -> bool:
        """Whether taking rows may take time."""
        return not all(isinstance(column, np.ndarray) for column in self.fields.values())

    def take(self, indices: Array) -> dict[str, Array]:
        """Some rows of every column."""
        return {
            key: column[indices] if isinstance(column, np.ndarray) else column.take(indices)
            for key, column in self.fields.items()
        }

    def subset(self, indices: Array | Sequence[int], name: str = "") -> Samples:
        """Some rows (numbers, or a mask) as samples of their own; what is lazy stays so."""
        rows = np.arange(len(self))[np.asarray(indices)] if len(indices) else np.empty(0, np.int64)
        fields: dict[str, Array | Lazy] = {
            key: column[rows] if isinstance(column, np.ndarray) else _Part(column, rows)
            for key, column in self.fields.items()
        }
        return Samples(fields, None if self.subjects is None else self.subjects[rows], name or self.name)

    def with_fields(self, **columns: Array | Lazy) -> Samples:
        """The same rows with columns added or put in the place of others."""
        return Samples({**self.fields, **columns}, self.subjects, self.name)

    def shuffled(self, field: str, seed: int) -> Samples:
        """The same rows with one column in random order: its signal is destroyed, everything else is as it was."""
        return self.with_fields(**{field: np.random.default_rng(seed).permutation(self[field])})


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Some rows of a lazy column."""

    whole: Lazy
    rows: Array

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, indices: Array) -> Array:
        return self.whole.take(self.rows[indices])


def disjoint(*parts: Samples) -> None:
    """Make sure that nobody is in two of the parts.

    Raises:
        ConfigError: somebody is, or one of the parts does not say who is in it.
    """
    for part in parts:
        if part.subjects is None:
            raise ConfigError(f"{part.name} does not say who is in it, so that nobody can tell whether it leaks")
    for one, other in combinations(parts, 2):
        both = np.intersect1d(cast("Array", one.subjects), cast("Array", other.subjects))
        if len(both):
            raise ConfigError(f"{one.name} and {other.name} share {len(both)} subjects, the first of them {both[0]}")


def batches(samples: Samples, size: int, rng: np.random.Generator | None = None) -> Iterator[dict[str, Array]]:
    """All rows once, `size` at a time; in random order where a generator is given."""
    order = np.arange(len(samples)) if rng is None else rng.permutation(len(samples))
    for start in range(0, len(samples), size):
        yield samples.take(order[start : start + size])


def tensors(batch: Mapping[str, Array], device: Any = "cpu") -> dict[str, torch.Tensor]:
    """The columns of numbers as tensors of the same type; names and other text are left out."""
    import torch

    return {
        key: torch.from_numpy(np.ascontiguousarray(column)).to(device, non_blocking=True)
        for key, column in batch.items()
        if column.dtype.kind in "biuf"
    }


def predicted(model: Any, samples: Samples, size: int = 256) -> dict[str, Array]:
    """What a model says of every row: `model.predict` over batches, without gradients and in evaluation mode.

    Args:
        model: a `Trainable`, or anything whose `predict` takes and gives a dictionary of arrays.
        samples: one row at least.
        size: rows at a time.

    Raises:
        ConfigError: there are no rows.
    """
    if not len(samples):
        raise ConfigError(f"there is nothing to predict: {samples.name} is empty")
    found = list(_answers(model, samples, size))
    return {key: np.concatenate([one[key] for one in found]) for key in found[0]}


def _answers(model: Any, samples: Samples, size: int) -> Iterator[dict[str, Array]]:
    if not hasattr(model, "parameters"):
        yield from (model.predict(batch) for batch in batches(samples, size))
        return
    import torch

    device = next((one.device for one in model.parameters()), torch.device("cpu"))
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            for batch in batches(samples, size):
                answer = model.predict(tensors(batch, device))
                yield {key: value.float().cpu().numpy() if value.is_floating_point() else value.cpu().numpy()
                       for key, value in answer.items()}  # fmt: skip
    finally:
        for part, mode in modes:
            part.training = mode
