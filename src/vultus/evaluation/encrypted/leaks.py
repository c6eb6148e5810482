"""How much of a face the answers give away, measured: templates rebuilt from them, and what those open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.evaluation.encrypted.attack import (
    first_accepted,
    from_decisions,
    from_scores,
    probes,
)
from vultus.evaluation.encrypted.ours import DEFAULT, Ours
from vultus.evaluation.row import Row
from vultus.metrics.rows import unit
from vultus.metrics.templates import iapar
from vultus.metrics.verification import threshold_at_fmr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vultus.evaluation.encrypted.faces import Faces
    from vultus.evaluation.encrypted.study import Study

    Floats = NDArray[np.float64]

FMR = 1e-3
_SHARES = (0.125, 0.25, 0.5, 0.75, 1.0, 2.0)
_STEPS = (2, 4, 6, 8, 10, 12)
_TARGETS, _IMPOSTORS = 50, 400_000


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """People who are attacked: an enrolled template of each, and another one of the same person.

    Attributes:
        enrolled, other: unit rows (N, D).
        threshold: at which strangers match with a rate of `FMR`.
        strangers: everybody else's faces, unit rows (M, D).
        stranger_cosine: mean similarity of two people.
        match_rate: share of `other` that match their `enrolled`: what the people themselves reach.
    """

    enrolled: Floats
    other: Floats
    threshold: float
    strangers: Floats
    stranger_cosine: float
    match_rate: float


def targets(faces: Faces, count: int, seed: int = 0) -> Targets:
    """People with two templates, drawn evenly; the threshold from all other people's comparisons."""
    random = np.random.default_rng(seed)
    first, second = faces.twice
    chosen = np.sort(random.permutation(second.size)[:count])
    enrolled, other = faces.vectors[first[chosen]], faces.vectors[second[chosen]]
    left, right = random.integers(0, len(faces.vectors), (2, _IMPOSTORS))
    strange = faces.people[left] != faces.people[right]
    scores = np.einsum("pd,pd->p", faces.vectors[left[strange]], faces.vectors[right[strange]])
    threshold = threshold_at_fmr(scores, FMR)
    return Targets(
        enrolled,
        other,
        threshold,
        faces.vectors[~np.isin(faces.people, faces.people[second[chosen]])],
        float(scores.mean()),
        iapar(np.einsum("nd,nd->n", enrolled, other), threshold),
    )


def leaks(study: Study) -> Iterator[Row]:
    """Templates rebuilt from exact scores, from decisions, and from ciphertexts alone, as probes of the same people."""
    faces = study.faces
    people = targets(faces, study.bench.count(_TARGETS, 3))
    study.bench.tell(f"templates rebuilt from answers, {len(people.enrolled)} people of {faces.name}")
    system = Ours(study.main_bits, faces.vectors.shape[1], DEFAULT)
    table = [
        _line("ciphertexts alone: the mean of strangers", 0, _mean_face(people), people),
        *_by_scores(system, people, study.bench.quick),
        *_by_decisions(system, people, study.bench.quick),
        *_by_owner(system, people),
        _line("the private key", 0, people.enrolled, people),
    ]
    study.bench.details["leaks"] = {
        "faces": faces.name, "fmr": FMR, "threshold": people.threshold, "stranger_cosine": people.stranger_cosine,
        "match_rate": people.match_rate, "rows": table,
    }  # fmt: skip
    for line in table:
        yield Row(
            what=f"IAPAR at FMR {FMR:g}, attacker has {line['what']}",
            ours=line["iapar_other"],
            peer=people.match_rate,
            peer_name="the people themselves",
            unit="share",
            n=line["people"],
            reason=f"{line['queries']:,} answers; cosine with the template {line['cosine']:.5f} "
            f"(strangers have {people.stranger_cosine:.3f}); another picture of the person as reference",
        )


def _mean_face(people: Targets) -> Floats:
    return np.tile(unit(people.strangers.mean(axis=0)), (len(people.enrolled), 1))


def _by_scores(system: Ours, people: Targets, quick: bool) -> list[dict[str, Any]]:
    """Really encrypted, scored and decrypted: one block holds all targets, so a probe asks about all of them."""
    dimension = people.enrolled.shape[1]
    asked = probes(int((1.0 if quick else max(_SHARES)) * dimension), dimension)
    enrolled = system.prepare(system.encrypt(people.enrolled))
    answers = np.stack([system.decrypt(system.score(enrolled, probe)) for probe in asked])
    prior = people.strangers.mean(axis=0)
    counts = [int(share * dimension) for share in _SHARES if int(share * dimension) <= len(asked)]
    return [_line(f"{n} exact scores", n, from_scores(asked[:n], answers[:n], prior), people) for n in counts]


def _by_owner(system: Ours, people: Targets) -> list[dict[str, Any]]:
    """The other way round: the owner knows the templates, reads their scores, and so learns the probe."""
    dimension = people.enrolled.shape[1]
    table = []
    for count in (dimension // 2, dimension, 2 * dimension):
        known = people.strangers[:count]
        numbers = system.layout(dimension).quantise(known)
        enrolled = system.prepare(system.encrypt(known))
        answers = np.stack([system.decrypt(system.score(enrolled, probe)) for probe in people.enrolled])
        exact = numbers.values / numbers.scales[:, None]
        rebuilt = from_scores(exact, answers.T, people.strangers.mean(axis=0))
        table.append(_line(f"the owner's view, scores of {len(known)} people: the probe", len(known), rebuilt, people))
    return table


def _by_decisions(system: Ours, people: Targets, quick: bool) -> list[dict[str, Any]]:
    """On the whole numbers in the clear, which decrypted scores equal: thousands of decisions per person and line."""
    begun = [found for index in range(len(people.enrolled)) if (found := _begin(system, people, index)) is not None]
    if not begun:
        return []
    owners, tries = np.array([one.index for one in begun]), float(np.mean([one.tries for one in begun]))
    table = []
    for steps in _STEPS[:1] if quick else _STEPS:
        rebuilt = [from_decisions(one.accept, one.start, steps, seed=one.index) for one in begun]
        vectors = np.stack([one.template for one in rebuilt])
        each = rebuilt[0].queries
        line = _line(f"{each:,} decisions", each + round(tries), vectors, people, owners)
        table.append({**line, "tries": tries})
    return table


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """An attack that has found a first face to be accepted.

    Attributes:
        index: of the person attacked.
        accept: the owner's decision.
        start: the face.
        tries: faces tried.
    """

    index: int
    accept: Decision
    start: Floats
    tries: int


def _begin(system: Ours, people: Targets, index: int) -> Begun | None:
    accept = Decision(system, people.enrolled[index], people.threshold)
    strangers = people.strangers[np.random.default_rng(index).permutation(len(people.strangers))]
    found = first_accepted(accept, strangers)
    return None if found is None else Begun(index, accept, strangers[found], found + 1)


class Decision:
    """Accept or reject, as the owner of the key would tell it.

    Args:
        system: whose whole numbers are used.
        template: the enrolled one.
        threshold: accepted from here on.
    """

    def __init__(self, system: Ours, template: Floats, threshold: float) -> None:
        self._layout = system.layout(template.size)
        numbers = self._layout.quantise(template[None])
        self._values, self._scale, self._threshold = numbers.values[0].astype(np.int64), numbers.scales[0], threshold

    def __call__(self, probe: Floats) -> bool:
        """Whether the probe is accepted."""
        asked = self._layout.quantise(probe[None])
        exact = int(self._values @ asked.values[0].astype(np.int64))
        return bool(exact / (self._scale * asked.scales[0]) >= self._threshold)


def _line(
    what: str, queries: int, rebuilt: Floats, people: Targets, owners: NDArray[np.int64] | None = None
) -> dict[str, Any]:
    chosen = np.arange(len(people.enrolled)) if owners is None else owners
    same = np.einsum("nd,nd->n", rebuilt, people.enrolled[chosen])
    other = np.einsum("nd,nd->n", rebuilt, people.other[chosen])
    return {
        "what": what,
        "queries": queries,
        "people": int(chosen.size),
        "cosine": float(same.mean()),
        "worst_cosine": float(same.min()),
        "iapar_same": iapar(same, people.threshold),
        "iapar_other": iapar(other, people.threshold),
    }
