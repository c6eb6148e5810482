"""Do encrypted decisions err as plain ones do? Every pair and a search, both pipelines."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from vultus.evaluation.encrypted.accuracy import (
    Accuracy,
    Scored,
    encrypted_scores,
    piped,
    plain_scores,
    plain_search,
    rates,
    top_one,
)
from vultus.evaluation.encrypted.ours import DEFAULT, How, Ours
from vultus.evaluation.row import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from vultus.evaluation.encrypted.faces import Faces
    from vultus.evaluation.encrypted.peers import Choice
    from vultus.evaluation.encrypted.study import Study

    Floats = NDArray[np.float64]

TOLERANCE = 0.001
_OURS = (DEFAULT, How(precision=6), How(precision=10), How(precision=12))
_PEERS = (
    "Paillier, 19 digits", "Paillier, 5 digits", "Paillier, 2 digits", "Paillier, floats", "Paillier, whole numbers",
    "CKKS batched, N = 4096", "BFV batched, N = 4096",
)  # fmt: skip
_BUDGET_S, _OURS_BUDGET_S, _QUICK_BUDGET_S = 15.0, 600.0, 0.5


def error_rates(study: Study) -> Iterator[Row]:
    """Error rates of all systems on the same pairs; ours decrypts every score, also of a search among all people."""
    faces = study.faces
    plain = {pipeline: piped(faces, pipeline) for pipeline in ("signed", "min-max")}
    cosine = {pipeline: plain_scores(faces, vectors) for pipeline, vectors in plain.items()}
    found = [
        rates(
            faces, ("plain", "float", pipeline), Scored(cosine[pipeline], 0, 0.0), cosine[pipeline], exact=True,
            top1=top_one(faces, plain_search(faces, vectors)),
        )
        for pipeline, vectors in plain.items()
    ]  # fmt: skip
    if "vultus" in study.backends:
        found += [_ours(study, faces, how, "signed", plain, cosine) for how in _OURS]
        # The published pipeline with our precision, which its crowded scores ask more of.
        found += [_ours(study, faces, how, "min-max", plain, cosine) for how in (DEFAULT, _OURS[-1])]
    for choice in study.choices:
        if choice.backend != "vultus" and choice.scheme in _PEERS:
            pipeline = "min-max" if choice.backend == "lightphe" else "signed"
            found.append(_peer(study, faces, choice, plain[pipeline], cosine[pipeline]))
    study.bench.details["accuracy"] = {"faces": faces.name, "rows": [asdict(one) for one in found]}
    yield from _rows(found, faces)


def _ours(
    study: Study, faces: Faces, how: How, pipeline: str, plain: Mapping[str, Floats], cosine: Mapping[str, Floats]
) -> Accuracy:
    study.bench.tell(f"error rates of {how.words}, {pipeline}, on {faces.name}")
    vectors = plain[pipeline]
    system = Ours(study.main_bits, vectors.shape[1], how)
    whole = how == DEFAULT and pipeline == "signed"
    budget = _OURS_BUDGET_S if whole and not study.bench.quick else _QUICK_BUDGET_S
    scored = encrypted_scores(system, faces, vectors, budget)
    top1 = None
    if whole:
        enrolled = system.prepare(system.encrypt(vectors[faces.first]))
        similarity = np.stack([system.decrypt(system.score(enrolled, vectors[one])) for one in faces.twice[1]])
        top1 = top_one(faces, similarity)
    return rates(faces, ("vultus", how.words, pipeline), scored, cosine[pipeline], exact=True, top1=top1)


def _peer(study: Study, faces: Faces, choice: Choice, vectors: Floats, cosine: Floats) -> Accuracy:
    study.bench.tell(f"error rates of {choice.backend}, {choice.scheme}")
    system = choice.build(study.main_bits, vectors.shape[1])
    scored = encrypted_scores(system, faces, vectors, _QUICK_BUDGET_S if study.bench.quick else _BUDGET_S)
    name = (choice.backend, choice.scheme, system.facts.pipeline)
    return rates(faces, name, scored, cosine, exact=system.facts.exact)


def _rows(found: list[Accuracy], faces: Faces) -> Iterator[Row]:
    plain = {one.pipeline: one for one in found if one.backend == "plain"}
    signed = plain["signed"]
    for one in found:
        if one.backend == "vultus" and one.pipeline == "signed":
            told = f"{one.n_encrypted:,} of {one.n_pairs:,} pairs decrypted, all as in the clear: {one.agrees}"
            yield _beside("equal error rate", one.eer, signed.eer, one, f"{faces.name}; {told}")
            if one.top1 is not None and signed.top1 is not None:
                told = f"{one.n_probes:,} probes among {one.n_enrolled:,} people"
                yield _beside("top-1 of a search", one.top1, signed.top1, one, told)
    yield Row(
        what="equal error rate of the min-max pipeline in float",
        ours=plain["min-max"].eer,
        peer=signed.eer,
        peer_name="plain cosine",
        unit="share",
        n=signed.n_pairs,
        reason="what the published pipeline itself changes, before any encryption",
    )


def _beside(what: str, ours: float, plain: float, one: Accuracy, reason: str) -> Row:
    # The goal is about the precision of the product; the others show how much room it has.
    goal = one.scheme == DEFAULT.words
    return Row(
        what=f"{what}, {one.scheme}",
        ours=ours,
        peer=plain,
        peer_name="plain cosine in float",
        unit="share",
        n=one.n_pairs,
        goal=f"within {TOLERANCE}" if goal else "",
        met=abs(ours - plain) <= TOLERANCE and one.agrees if goal else None,
        reason=reason,
    )
