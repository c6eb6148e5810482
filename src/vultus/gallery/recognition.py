"""From faces and similarities to decisions: who is it, is it this person, and by which threshold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ContractError, InputError
from vultus.gallery.record import ALREADY_IN_PICTURE, DENIED, EMPTY_GALLERY, NOT_EMBEDDED, NOT_LIVE
from vultus.gallery.search import assign
from vultus.types import FAILURE_TO_ACQUIRE, Decision, Identification, prominent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vultus.gallery.denial import Denials
    from vultus.gallery.doors import Door
    from vultus.gallery.search import Assignment
    from vultus.types import Calibration, Candidate, Embedding, Face


def recognise(
    pictures: Sequence[Sequence[Face]],
    door: Door,
    calibration: Calibration,
    contract: str,
    *,
    fpir: float,
    top: int,
    same_picture: bool,
    within: NDArray[np.int64] | None = None,
    denials: Denials | None = None,
) -> list[list[Identification]]:
    """Who the faces of each of some pictures are, looked for together; see `Gallery.identify_pictures`.

    Args:
        pictures, door, calibration, contract, fpir, top, same_picture: what is asked, and of whom.
        within: positions of people, see `Door.search`.
        denials: who is said not to be whom.

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
        return [[Identification(face, blank) for face in faces] for faces in pictures]
    threshold = calibration.threshold_for_fpir(fpir, door.count(within))
    embedded = [[face.embedding for face in faces if face.embedding is not None] for faces in pictures]
    probes = _matrix([embedding for some in embedded for embedding in some], contract)
    # Other faces of the picture may take as many candidates away as there are of them.
    others = max(map(len, embedded), default=0) - 1
    ranked, lost = rank(door, probes, top + max(others, 0), within, threshold, denials)
    rows, denied = iter(ranked), iter(lost)
    answers = []
    for faces, some in zip(pictures, embedded, strict=True):
        assigned = iter(assign([next(rows) for _ in some], threshold, exclusive=same_picture))
        answers.append([
            Identification(face, replace(blank, reason=_why_not_embedded(face))) if face.embedding is None
            else _answer(face, next(assigned), threshold, blank, top, denied=next(denied))
            for face in faces
        ])  # fmt: skip
    return answers


def compare(
    faces: Sequence[Face],
    rows: NDArray[np.float32],
    offsets: NDArray[np.float32],
    calibration: Calibration,
    contract: str,
    fmr: float,
    denied: NDArray[np.float32] | None = None,
) -> Decision:
    """Is the most prominent of these faces the person of these rows (n, D) and offsets (n,)?

    Who resembles one of the denied faces (n, D) more is not.

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
    probe = _matrix([face.embedding], contract)[0]
    similarity = min(float(np.max(rows @ probe + offsets)), 1.0)
    if denied is not None and len(denied) and similarity < float(np.max(denied @ probe)):
        return replace(blank, similarity=similarity, reason=DENIED if similarity >= threshold else "")
    return replace(blank, similarity=similarity, matched=similarity >= threshold)


def rank(
    door: Door,
    probes: NDArray[np.float32],
    wanted: int,
    within: NDArray[np.int64] | None,
    threshold: float,
    denials: Denials | None,
) -> tuple[list[list[Candidate]], list[bool]]:
    """Candidates of each probe, and whether one who reaches the threshold was taken away because of a denial."""
    spare = denials.most(probes, threshold) if denials and len(probes) else 0
    ranked = door.search(probes, wanted + spare, within) if len(probes) else []
    if not denials or not spare:
        return ranked, [False] * len(ranked)
    allowed = denials.without(probes, ranked)
    lost = [any(one.similarity >= threshold and one not in kept for one in row)
            for row, kept in zip(ranked, allowed, strict=True)]  # fmt: skip
    return allowed, lost


def _answer(
    face: Face, answer: Assignment, threshold: float, blank: Decision, top: int, *, denied: bool
) -> Identification:
    similarity = answer.candidates[0].similarity if answer.candidates else None
    reason = ALREADY_IN_PICTURE if answer.displaced else DENIED if denied and not answer.matched else ""
    made = replace(blank, matched=answer.matched, similarity=similarity, threshold=threshold, reason=reason)
    return Identification(face, made, answer.candidates[:top])


def _matrix(embeddings: Sequence[Embedding], contract: str) -> NDArray[np.float32]:
    for embedding in embeddings:
        if embedding.contract != contract:
            raise ContractError(contract, embedding.contract)
    return np.array([embedding.vector for embedding in embeddings], dtype=np.float32)


def _why_not_embedded(face: Face) -> str:
    if face.liveness is not None and not face.liveness.live:
        return face.liveness.reason or NOT_LIVE
    return NOT_EMBEDDED
