"""Leave one person out after the other: what the paper's protocol asks of a set of films.

Each fold trains two models, one network with two heads and two networks of the same size together, and decodes each
with intervals that grow and with fixed ones. Counts are pooled over the folds before rates are made of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.metrics.spotting import spotting_counts, strs
from vultus.research.data.sample import predicted
from vultus.research.methods.micro_expression import boosting_vrme as method
from vultus.research.methods.micro_expression.boosting_vrme.films import CLASSES
from vultus.research.methods.micro_expression.boosting_vrme.outcome import Outcome, harmonic_f1, mean_f1, outcome
from vultus.research.methods.micro_expression.boosting_vrme.recorded import people_of, without
from vultus.research.training.loop import train
from vultus.research.training.seed import plant

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from vultus.research.data.sample import Samples
    from vultus.research.training.machine import Machine

SCHEMA = "vultus.vrme.loso/1"
_OTHERS = CLASSES.index("others")
_DECODED = {"grown": True, "fixed": False}


def folds(
    config: method.Config, whole: Samples, seed: int, *, done: Collection[str] = (), machine: Machine | None = None,
    tell: Callable[[], None] = lambda: None,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """JSON values of each fold as it ends: intervals and classes of the films of the person left out.

    Args:
        config: of the method.
        whole: films of everybody, see `recorded.recorded`.
        seed: of everything random.
        done: people whose fold is known already.
        machine: what it runs on.
        tell: called after every step of training.

    Raises:
        InputError: there is one person only.
    """
    for person in people_of(whole):
        if person in done:
            continue
        data = method.split_up(config, *without(whole, person), seed)
        came = {}
        for name, together in (("one network", True), ("two networks", False)):
            plant(seed)
            model = method.FilmRegression(config, together=together)
            train(model, data.train, seed, machine=machine, tell=tell)
            found = predicted(model, data.test, 4)
            for way, prior in _DECODED.items():
                came[f"{name}, {way}"] = _told(outcome(found, data.test, prior=prior))
        yield {"person": person, "films": len(data.test), "kp": int(data.test["kp"][0]), "arms": came}


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What each arm came to, pooled over folds, and its counts in each of them.

    `recognition` is over four classes, `recognition_3` without expressions that are truly "others", of which the
    paper's code makes its product; `f1` in it is the mean of the classes' F1, `harmonic_f1` the one of the paper.

    Args:
        rows: of `folds`, one at least.
    """
    made = {}
    for name in rows[0]["arms"]:
        each = [_outcome(row["arms"][name]) for row in rows]
        counts = [spotting_counts(one.pairs) for one in each]
        whole = sum(each[1:], each[0])
        spotted = spotting_counts(whole.pairs)
        four, three = _recognised(whole), _recognised(Outcome(whole.pairs, whole.hits[whole.hits[:, 0] != _OTHERS]))
        made[name] = {
            "spotting": {"precision": spotted.precision, "recall": spotted.recall, "f1": spotted.f1},
            "recognition": four,
            "recognition_3": three,
            "strs": strs(spotted.f1, four["harmonic_f1"]),
            "strs_3": strs(spotted.f1, three["harmonic_f1"]),
            "folds": {
                row["person"]: {"hits": one.n_hits, "false": one.n_false, "missed": one.n_missed}
                for row, one in zip(rows, counts, strict=True)
            },
        }
    return made


def _recognised(whole: Outcome) -> dict[str, float]:
    return {"n": len(whole.hits), "f1": mean_f1(whole.hits), "harmonic_f1": harmonic_f1(whole.hits)}


def _told(came: Outcome) -> dict[str, Any]:
    return {"pairs": [[part.tolist() for part in pair] for pair in came.pairs], "hits": came.hits.tolist()}


def _outcome(told: Mapping[str, Any]) -> Outcome:
    def rows(one: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
        return np.array(one, np.int64).reshape(-1, 2)

    pairs = tuple((rows(marked), rows(spotted)) for marked, spotted in told["pairs"])
    return Outcome(pairs, rows(told["hits"]))
