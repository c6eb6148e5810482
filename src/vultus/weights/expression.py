"""The expression model that comes with Vultus: its manifest.

How it was made, and how well it does, is told in docs/models/expression.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vultus.weights.shipped import HOME, Shipped, read_manifest

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ExpressionSpec(Shipped):
    """How a face becomes scores of words.

    The file takes "picture", float32 (N, 1, S, S), grey 0 to 255, to "scores", float32 (N, K).

    Attributes:
        labels: the words, in the order of the scores.
        size: S, pixels.
        template: where the five landmarks go, pixels of the crop, in the order of `Face.landmarks`.
    """

    labels: tuple[str, ...]
    size: int
    template: tuple[tuple[float, float], ...]


def expression_spec(manifest: Path = HOME / "expression.json") -> ExpressionSpec:
    """Read the manifest.

    Raises:
        WeightsError: it is not there, or not as it was written.
    """

    def made(common: dict[str, Any], content: dict[str, Any]) -> ExpressionSpec:
        template = tuple((float(x), float(y)) for x, y in content["input"]["template"])
        return ExpressionSpec(
            **common, labels=tuple(content["labels"]), size=content["input"]["size"], template=template
        )

    return read_manifest(manifest, made)
