"""Does a pack still give the vectors it gave when it was released?

The reference is one synthetic crop, drawn by a formula so that no picture has to be shipped. It is no face, which does
not matter: any change of weights, preprocessing or arithmetic moves its vector.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vultus.errors import ConfigError
from vultus.weights.manifest import Pack

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
COSINE_MIN = 0.9999


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """Outcome of the check: `cosine` of today's vector with the reference, and the least that passes."""

    cosine: float
    cosine_min: float

    @property
    def passed(self) -> bool:
        return self.cosine >= self.cosine_min


def golden_chip(size: int) -> NDArray[np.uint8]:
    """A smooth coloured pattern with edges in it, RGB uint8 (size, size, 3); whole-number arithmetic, so exact."""
    down, across = np.mgrid[0:size, 0:size] * 256 // size
    far = (down - 128) ** 2 + (across - 128) ** 2
    red = (down + across) % 256
    green = (far // 64) % 256
    blue = np.where((down // 32 + across // 32) % 2 == 0, 200, 60)
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def make_golden(pack: Pack, embed: Embed, cosine_min: float = COSINE_MIN) -> dict[str, Any]:
    """The `golden` section of a manifest.

    Args:
        pack: whose aligner size and dimension to use.
        embed: crops uint8 (B, S, S, 3) to unit rows float32 (B, D), e.g. `Embedder.embed`.
        cosine_min: least cosine that passes later.
    """
    vector = np.asarray(embed(golden_chip(pack.aligner.size)[None])[0], dtype="<f4")
    return {"cosine_min": cosine_min, "vector": base64.b64encode(vector.tobytes()).decode("ascii")}


def check_golden(pack: Pack, embed: Embed) -> GoldenResult | None:
    """Compare today's vector of the synthetic crop with the manifest's; None when the manifest has none.

    Raises:
        ConfigError: the golden section is malformed.
    """
    if pack.golden is None:
        return None
    try:
        vector = np.frombuffer(base64.b64decode(pack.golden["vector"], validate=True), dtype="<f4")
        cosine_min = float(pack.golden["cosine_min"])
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise ConfigError(f"the golden section of pack {pack.name} needs vector (base64) and cosine_min") from error
    if vector.shape != (pack.embedder.dimension,):
        raise ConfigError(
            f"the golden vector of pack {pack.name} must have {pack.embedder.dimension} numbers, but has {vector.size}"
        )
    today = np.asarray(embed(golden_chip(pack.aligner.size)[None])[0], dtype=np.float32)
    return GoldenResult(float(vector @ today), cosine_min)
