"""The liveness model that comes with Vultus: its manifest.

It was trained on rendered attacks, not on real ones: see docs/models/liveness.md before it decides about anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vultus.weights.manifest import LivenessSpec
from vultus.weights.shipped import HOME, Shipped, read_manifest

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class RenderedModel(Shipped):
    """The model and what it expects.

    The file takes RGB 0 to 255, float32 (N, 3, S, S), to "probabilities" (N, 2), live and attack, and "patches"
    (N, h, w), probability of an attack at each place.

    Attributes:
        spec: crop, threshold and operating point.
    """

    spec: LivenessSpec


def rendered_model(manifest: Path = HOME / "liveness.json") -> RenderedModel:
    """Read the manifest.

    Raises:
        WeightsError: it is not there, or not as it was written.
    """

    def made(common: dict[str, Any], content: dict[str, Any]) -> RenderedModel:
        spec = LivenessSpec(kind="pmn", file=content["file"], **content["input"], **content["decision"])
        return RenderedModel(**common, spec=spec)

    return read_manifest(manifest, made)
