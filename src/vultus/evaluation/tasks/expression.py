"""Which class, say which expression: UAR, WAR, macro F1, recalls, and gaps between groups."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.columns import numbered, read_columns
from vultus.evaluation.measured import Measure, Report
from vultus.metrics.bootstrap import subject_bootstrap
from vultus.metrics.class_gaps import class_gaps
from vultus.metrics.classification import confusion, macro_f1, uar, war

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NEEDED, OPTIONAL = ("truth", "predicted"), ("subject", "group", "file")
NO_SUBJECTS = "nobody tells who the people are, so examples are resampled: intervals are too narrow where people recur"
_RARE = 30


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Examples.

    Attributes:
        truth, predicted: class, str, (N,).
        person: int64, (N,). Without people, the example itself.
        n_people: how many there are; 0 where nobody tells who they are.
        group: of each example, str, (N,), or None.
        warnings: what was noticed while reading.
    """

    truth: NDArray[np.str_]
    predicted: NDArray[np.str_]
    person: NDArray[np.int64]
    n_people: int = 0
    group: NDArray[np.str_] | None = None
    warnings: tuple[str, ...] = ()


def read_labelled(path: Path) -> Labelled:
    """Read truth,predicted and maybe subject, group and file.

    Raises:
        InputError: columns are missing, a label is empty, a file twice, or one class only.
    """
    columns = read_columns(path, NEEDED, OPTIONAL)
    if "file" in columns:
        columns.unique("file", what="file")
    truth, predicted = (np.array(columns.words(name), dtype=np.str_) for name in NEEDED)
    if (truth == truth[0]).all():
        raise InputError(f"{path} has examples of '{truth[0]}' only; recalls need at least two true classes")
    group = np.array(columns.words("group"), dtype=np.str_) if "group" in columns else None
    if "subject" not in columns:
        each = np.arange(columns.size, dtype=np.int64)
        return Labelled(truth, predicted, each, 0, group, (*columns.unused_warning(), NO_SUBJECTS))
    names, (person,) = numbered(columns.words("subject"))
    return Labelled(truth, predicted, person, len(names), group, columns.unused_warning())


def evaluate_expression(labelled: Labelled, source: str, *, repeats: int = 1000, seed: int = 0) -> Report:
    """Measure a classifier.

    Args:
        labelled: examples.
        source: of them, in words.
        repeats: of the bootstrap.
        seed: of the bootstrap.
    """
    classes, size = np.unique(labelled.truth, return_counts=True)

    def figures(rows: NDArray[np.int64] | slice) -> list[float]:
        truth, predicted = labelled.truth[rows], labelled.predicted[rows]
        if np.unique(truth).size < classes.size:
            return [np.nan] * (3 + classes.size)
        names, table = confusion(truth, predicted)
        recall = np.diag(table)[np.searchsorted(names, classes)] / table.sum(axis=1)[np.searchsorted(names, classes)]
        return [uar(truth, predicted), war(truth, predicted), macro_f1(truth, predicted), *recall]

    everything = np.arange(labelled.truth.size)
    value = figures(slice(None))
    low, high = subject_bootstrap(
        lambda drawn: figures(np.repeat(everything, drawn[labelled.person])),
        labelled.n_people or labelled.truth.size, repeats=repeats, seed=seed,
    )  # fmt: skip
    names = [("uar", "", "every class counts the same"), ("war", "", "every example counts the same"),
             ("macro_f1", "", "")]  # fmt: skip
    names += [("recall", f"class {kind}", f"of {count:,}") for kind, count in zip(classes, size, strict=True)]
    measures = [
        Measure(name, at, *row, remark=remark)
        for (name, at, remark), row in zip(names, zip(value, low.tolist(), high.tolist(), strict=True), strict=True)
    ]
    gaps, warnings = _gaps(labelled)
    kinds, table = confusion(labelled.truth, labelled.predicted)
    counts = {f"true {kind}": row.tolist() for kind, row in zip(kinds, table, strict=True)}
    sizes = {"examples": labelled.truth.size, "classes": classes.size, "people": labelled.n_people}
    return Report("expression", source, sizes, (*measures, *gaps), {f"predicted {', '.join(kinds)}": counts},
                  (*labelled.warnings, *warnings))  # fmt: skip


def _gaps(labelled: Labelled) -> tuple[list[Measure], tuple[str, ...]]:
    """Differences between the groups, and warnings about small ones."""
    if labelled.group is None:
        return [], ()
    names, size = np.unique(labelled.group, return_counts=True)
    small = [
        f"group '{name}' has {count} examples only" for name, count in zip(names, size, strict=True) if count < _RARE
    ]
    try:
        found = class_gaps(labelled.truth, labelled.predicted, labelled.group)
    except InputError as error:
        return [], (*small, f"gaps between the groups cannot be measured: {error}")
    words = f"{names.size} groups"
    return [Measure("gap", f"{words}, {name.replace('_', ' ')}", None if np.isnan(value) else value,
                    remark="0 is even" if not np.isnan(value) else "no class with both kinds of error")
            for name, value in asdict(found).items()], tuple(small)  # fmt: skip
