"""What a trained network says of a photograph: faces are found, turned upright and cut as `vultus analyze` does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.inference.align import warp
from vultus.inference.annotate import draw
from vultus.inference.document import face as document
from vultus.inference.engine import FaceEngine
from vultus.inference.image import read, write
from vultus.research.data.sample import Samples, predicted
from vultus.types import Expression
from vultus.weights.expression import expression_spec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def shown(model: Any, words: Sequence[str], path: Path, out: Path | None) -> dict[str, Any]:
    """Every face of a picture with its scores.

    Args:
        model: see `TripSE`.
        words: names of the scores.
        path: of the picture.
        out: folder for the annotated picture, `faces.jpg`.
    """
    image, spec = read(path), expression_spec()
    faces = FaceEngine().find(image, embed=False)
    if faces:
        side = model.config.side
        template = np.array(spec.template) * side / spec.size
        crops = np.stack([warp(image, face.landmarks, template, side) @ _LUMA for face in faces])
        scores = predicted(model, Samples({"image": crops}))["scores"]
        faces = [
            replace(face, expression=Expression(dict(zip(words, row.tolist(), strict=True))))
            for face, row in zip(faces, scores, strict=True)
        ]
    if out is not None:
        marks = [(face, face.expression.label if face.expression else "", "plain") for face in faces]
        write(out / "faces.jpg", draw(image, marks))
    return {"faces": [document(face) for face in faces]}
