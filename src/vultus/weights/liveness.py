"""The liveness model that comes with Vultus: its manifest.

It was trained on rendered attacks, not on real ones: see docs/models/liveness.md before it decides about anybody.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vultus.errors import WeightsError
from vultus.weights.expression import AGAIN, HOME, SCHEMA
from vultus.weights.manifest import Licence, LivenessSpec


@dataclass(frozen=True, slots=True)
class RenderedModel:
    """The model and what it expects.

    Attributes:
        name: with its version.
        file: the ONNX model: RGB 0 to 255, float32 (N, 3, S, S), to "probabilities" (N, 2), live and attack, and
            "patches" (N, h, w), probability of an attack at each place.
        sha256, size_bytes: of the file.
        licence: on what terms it may be used.
        spec: crop, threshold and operating point.
    """

    name: str
    file: Path
    sha256: str
    size_bytes: int
    licence: Licence
    spec: LivenessSpec


def rendered_model(manifest: Path = HOME / "liveness.json") -> RenderedModel:
    """Read the manifest.

    Raises:
        WeightsError: it is not there, or not as it was written.
    """
    try:
        content: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise KeyError(content["schema"])
        return RenderedModel(
            name=f"{content['name']}-{content['version']}",
            file=manifest.parent / content["file"],
            sha256=content["sha256"],
            size_bytes=content["size_bytes"],
            licence=Licence(**content["licence"]),
            spec=LivenessSpec(kind="pmn", file=content["file"], **content["input"], **content["decision"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"the manifest {manifest} is not the one that comes with Vultus ({error}); {AGAIN}"
        ) from error
