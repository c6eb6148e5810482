"""From faces and similarities to decisions: who is it, is it this person, and by which threshold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ContractError, InputError
from vultus.gallery.record import ALREADY_IN_PICTURE, EMPTY_GALLERY, NOT_EMBEDDED, NOT_LIVE
from vultus.gallery.search import assign
from vultus.types import FAILURE_TO_ACQUIRE, Decision, Identification, prominent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vultus.gallery.doors import Door
    from vultus.gallery.search import Assignment
    from vultus.types import Calibration, Embedding, Face


def recognise(
    faces: Sequence[Face],
    door: Door,
    calibration: Calibration,
    contract: str,
    *,
    fpir: float,
    top: int,
    same_picture: bool,
    within: NDArray[np.int64] | None = None,
) -> list[Identification]:
    """Who these faces are; see `Gallery.identify_faces`. `within` holds positions of people, see `Door.search`.

    Raises:
        InputError: a rate or count is out of range.
        ContractError: an embedding is not of this contract.
        UnsupportedTargetError: the calibration cannot support this rate with so many templates.
    """
    if not 0 < fpir < 1:
        raise InputError(f"fpir must lie between 0 and 1, but is {fpir:g}")
    if top < 1:
        raise InputError(f"top must be at least 1, but is {top}")
    n_people = door.n_people if within is None else len(within)
    blank = Decision(False, None, None, None, calibration.calibration_id, fpir, n_people, EMPTY_GALLERY)
    if n_people == 0:
        return [Identification(face, blank) for face in faces]
    threshold = calibration.threshold_for_fpir(fpir, door.count(within))
    embedded = [(at, face.embedding) for at, face in enumerate(faces) if face.embedding is not None]
    probes = _matrix([embedding for _, embedding in embedded], contract)
    # Other faces of the picture may take as many candidates away as there are of them.
    ranked = door.search(probes, top + len(embedded) - 1, within) if embedded else []
    assigned = assign(ranked, threshold, exclusive=same_picture)
    answers = {at: one for (at, _), one in zip(embedded, assigned, strict=True)}
    found = []
    for at, face in enumerate(faces):
        if at in answers:
            decision = _decide(answers[at], threshold, blank)
            found.append(Identification(face, decision, answers[at].candidates[:top]))
        else:
            found.append(Identification(face, replace(blank, reason=_why_not_embedded(face))))
    return found


def compare(
    faces: Sequence[Face],
    rows: NDArray[np.float32],
    offsets: NDArray[np.float32],
    calibration: Calibration,
    contract: str,
    fmr: float,
) -> Decision:
    """Is the most prominent of these faces the person of these rows (n, D) and offsets (n,)?

    Raises:
        ContractError: the embedding is not of this contract.
        UnsupportedTargetError: the calibration cannot support this rate.
    """
    # The highest of n similarities is falsely high n times as often.
    alone = len(rows) == 1
    threshold = calibration.threshold(fmr) if alone else calibration.threshold_for_fpir(fmr, len(rows))
    blank = Decision(False, None, threshold, fmr, calibration.calibration_id)
    face = prominent(faces)
    if face is None:
        return replace(blank, reason=FAILURE_TO_ACQUIRE)
    if face.embedding is None:
        return replace(blank, reason=_why_not_embedded(face))
    similarity = min(float(np.max(rows @ _matrix([face.embedding], contract)[0] + offsets)), 1.0)
    return replace(blank, similarity=similarity, matched=similarity >= threshold)


def _decide(answer: Assignment, threshold: float, blank: Decision) -> Decision:
    similarity = answer.candidates[0].similarity if answer.candidates else None
    reason = ALREADY_IN_PICTURE if answer.displaced else ""
    return replace(blank, matched=answer.matched, similarity=similarity, threshold=threshold, reason=reason)


def _matrix(embeddings: Sequence[Embedding], contract: str) -> NDArray[np.float32]:
    for embedding in embeddings:
        if embedding.contract != contract:
            raise ContractError(contract, embedding.contract)
    return np.array([embedding.vector for embedding in embeddings], dtype=np.float32)


def _why_not_embedded(face: Face) -> str:
    if face.liveness is not None and not face.liveness.live:
        return face.liveness.reason or NOT_LIVE
    return NOT_EMBEDDED
