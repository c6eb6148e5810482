"""What the measurements of `vultus bench encrypted` share: which systems, keys, dimensions and faces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ConfigError, UnknownNameError
from vultus.evaluation.encrypted.costs import min_max, population
from vultus.evaluation.encrypted.faces import Faces, lfw, synthetic
from vultus.evaluation.encrypted.ours import OURS
from vultus.evaluation.encrypted.peers import EXTRA, PEERS, Choice, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vultus.evaluation.row import Bench

    Floats = NDArray[np.float64]

BACKENDS = ("vultus", "lightphe", "phe", "tenseal")
BITS, DIMENSIONS = (1024, 2048, 3072), (128, 512, 4096)
PAIRS = ("lfw",)
CHOICES: tuple[Choice, ...] = (*OURS, *PEERS)
_USUAL_BITS = 2048  # what the milestone compares at
_MOST_TEMPLATES = 4096  # the largest block of any system
_LEAST_BITS, _MOST_BITS = 1024, 8192
_MOST_DIMENSIONS = 4096  # slots of a CKKS ciphertext that holds a template


@dataclass(eq=False)
class Study:
    """One run.

    Attributes:
        bench: threads, data, engine, and whom to tell.
        backends: of `BACKENDS`.
        bits: key sizes.
        dimensions: of templates.
        pairs: real faces, "lfw"; "" for synthetic ones.

    Raises:
        UnknownNameError: a backend or pairs of another name.
        ConfigError: a key size or dimension out of range.
        InputError: the data are not there.
        MissingExtraError: a backend is not installed.
    """

    bench: Bench
    backends: Sequence[str] = BACKENDS
    bits: Sequence[int] = BITS
    dimensions: Sequence[int] = DIMENSIONS
    pairs: str = ""

    def __post_init__(self) -> None:
        for name in self.backends:
            if name not in BACKENDS:
                raise UnknownNameError("backend", name, BACKENDS, f"Known: {', '.join(BACKENDS)}")
            load("gmpy2" if name == "vultus" else name, "encrypted" if name == "vultus" else EXTRA)
        if self.pairs and self.pairs not in PAIRS:
            raise UnknownNameError("pairs", self.pairs, PAIRS, f"Known: {', '.join(PAIRS)}")
        if not self.bits or any(not _LEAST_BITS <= bits <= _MOST_BITS or bits % 2 for bits in self.bits):
            raise ConfigError(f"key sizes are even numbers from {_LEAST_BITS} to {_MOST_BITS}, not {list(self.bits)}")
        if not self.dimensions or any(not 2 <= dimension <= _MOST_DIMENSIONS for dimension in self.dimensions):
            raise ConfigError(f"dimensions lie between 2 and {_MOST_DIMENSIONS}, not at {list(self.dimensions)}")
        if self.pairs:
            self.bench.folder("lfw_view2")

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Systems of the backends asked for."""
        return tuple(choice for choice in CHOICES if choice.backend in self.backends)

    @property
    def main_bits(self) -> int:
        """The key size of everything that is measured at one size."""
        return _USUAL_BITS if _USUAL_BITS in self.bits else self.bits[0]

    @cached_property
    def faces(self) -> Faces:
        """Real faces if asked for, else synthetic ones of the first dimension."""
        if self.pairs:
            return lfw(self.bench)
        return synthetic(self.dimensions[0], self.bench.count(1000, 60))

    def templates(self, dimension: int) -> tuple[str, Floats, Floats]:
        """Name, unit rows enough for any block, and a probe, of one dimension: real ones where there are."""
        if self.faces.vectors.shape[1] == dimension:
            # A block of some systems has room for more faces than there are: they come round again.
            name, vectors = self.faces.name, np.resize(self.faces.vectors, (_MOST_TEMPLATES + 1, dimension))
        else:
            name, vectors = "synthetic", population(_MOST_TEMPLATES + 1, 1, dimension)[0]
        return name, vectors[:_MOST_TEMPLATES], vectors[_MOST_TEMPLATES]


def piped(vectors: Floats, probe: Floats, pipeline: str) -> tuple[Floats, Floats]:
    """Templates and probe as a pipeline compares them, with bounds from the templates."""
    if pipeline == "signed":
        return vectors, probe
    low, high = float(vectors.min()), float(vectors.max())
    return min_max(vectors, low, high), min_max(probe[None], low, high)[0]
