"""Bench rows about agreement: the rebuilt networks against dlib running the same weights."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.evaluation.peer import PEER
from vultus.evaluation.row import Bench, Row
from vultus.metrics.detection import iou_matrix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Image = NDArray[np.uint8]

MEDIAN_GOAL, WORST_GOAL = 0.9999, 0.999
IOU_GOAL, SHARE_GOAL = 0.9, 0.95


def descriptors(bench: Bench) -> Iterator[Row]:
    """Cosine with dlib's descriptor on the same aligned chips of real faces, one per picture."""
    chips = face_chips(bench, bench.count(200, 4))
    ours, theirs = bench.network(np.stack(chips)), bench.peer.embed(chips)
    cosine = (ours * theirs).sum(axis=1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    for what, value, goal in (("median", np.median(cosine), MEDIAN_GOAL), ("worst", cosine.min(), WORST_GOAL)):
        yield Row(
            what=f"{what} cosine with dlib's descriptor, same chip",
            ours=float(value),
            peer=1.0,
            peer_name=PEER,
            ratio=float(value),
            unit="cosine",
            n=len(chips),
            goal=f">= {goal}",
            met=bool(value >= goal),
        )


def boxes(bench: Bench) -> Iterator[Row]:
    """Overlap of the rebuilt CNN detector with dlib's: share of dlib's faces that it draws alike."""
    from vultus.inference.image import read

    pictures = [read(path) for path in bench.lfw(bench.count(100, 2))]
    pictures += islice(bench.photographs(), bench.count(100, 2))
    best: list[float] = []
    extra = 0
    for picture in pictures:
        theirs = np.array([face.box for face in bench.peer.detect(picture, "cnn", bench.upsample)]).reshape(-1, 4)
        ours = np.array([face.box.xyxy for face in bench.cnn_engine.find(picture, embed=False)]).reshape(-1, 4)
        overlap = iou_matrix(theirs, ours)
        best += overlap.max(axis=1).tolist() if len(ours) else [0.0] * len(theirs)
        extra += int((overlap.max(axis=0, initial=0.0) < IOU_GOAL).sum())
    if not best:
        raise InputError("dlib's CNN finds no face on these pictures")
    share = float((np.array(best) >= IOU_GOAL).mean())
    yield Row(
        what=f"faces of dlib's CNN that the rebuilt CNN draws with IoU >= {IOU_GOAL}",
        ours=share,
        peer=1.0,
        peer_name=PEER,
        ratio=share,
        unit="share",
        n=len(best),
        goal=f">= {SHARE_GOAL}",
        met=share >= SHARE_GOAL,
        reason=f"median IoU {np.median(best):.3f}; {extra} faces that dlib does not have; {len(pictures)} pictures",
    )


def face_chips(bench: Bench, count: int) -> list[Image]:
    """Chips of real faces cut by dlib, at most one per picture of `lfw_view2`.

    Raises:
        InputError: dlib finds no face.
    """
    from vultus.inference.image import read

    found = (bench.peer.chips(read(path))[:1] for path in bench.lfw(2 * count))
    chips = list(islice((chip for part in found for chip in part), count))
    if not chips:
        raise InputError("dlib finds no face on these pictures")
    return chips
