"""How templates become whole numbers, and how many of them share a plaintext.

A unit vector x becomes rint(scale x), of `bits` bits with the sign; the scale makes the largest entry fit. Dimension j
of many templates stands side by side in one plaintext, a slot each, so that scaling a ciphertext by the probe's number
scales all of them. A slot must hold any dot product without touching its neighbour. By Cauchy and Schwarz a dot product
is at most the product of the lengths, so it suffices that no vector, template or probe, is longer than the square root
of half a slot's range: 19 bits at 128 dimensions, where 128 entries of the largest size would ask for 23.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ConfigError, InputError, ShapeError
from vultus.gallery.encrypted.bignum import join, mpz, split

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Self

    from numpy.typing import NDArray

PRECISION = 8
_PRECISIONS = range(4, 17)
_USUAL_PEAK = 3.0  # the largest entry of a unit vector, times sqrt(D), that costs no precision
_MOST_DIMENSIONS = 65_536
_UNIT_SLACK = 1e-3
_SPARE_BITS = 8  # above the highest slot, for `score.mask_others`


@dataclass(frozen=True, slots=True)
class Quantised:
    """Vectors as whole numbers: x = value / scale, up to a loss.

    Attributes:
        values: int32, (N, D).
        scales: float64, (N,).
        losses: length of x - value / scale; float64, (N,).
    """

    values: NDArray[np.int32]
    scales: NDArray[np.float64]
    losses: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layout:
    """Made by `Layout.fit`.

    Attributes:
        dimension: of a template.
        bits: of a whole number, with its sign.
        width: bits of a slot.
        slots: templates in a block of ciphertexts.
    """

    dimension: int
    bits: int
    width: int
    slots: int

    @classmethod
    def fit(
        cls, dimension: int, plain_bits: int, bits: int = PRECISION, *, slots: int | None = None, wide: bool = False
    ) -> Self:
        """The layout with the most slots.

        Args:
            dimension: of a template.
            plain_bits: room in a plaintext, see `PublicKey`.
            bits: of a whole number.
            slots: fewer than fit.
            wide: room for any numbers of `bits` bits, not only for those of unit vectors.

        Raises:
            ConfigError: bits or slots are out of range, or the key is too short for one slot.
        """
        if bits not in _PRECISIONS or not 1 <= dimension <= _MOST_DIMENSIONS:
            raise ConfigError(
                f"templates must have 1 to {_MOST_DIMENSIONS} numbers of {_PRECISIONS[0]} to {_PRECISIONS[-1]} bits, "
                f"but have {dimension} of {bits}"
            )
        limit = 2 ** (bits - 1) - 1
        longest = dimension * limit**2
        if not wide:
            root = math.sqrt(dimension)
            longest = min(longest, math.ceil((limit * max(1.0, root / _USUAL_PEAK) + root / 2) ** 2))
        width = longest.bit_length() + 1
        most = (plain_bits - _SPARE_BITS) // width
        if most < 1 or (slots is not None and not 1 <= slots <= most):
            raise ConfigError(
                f"a plaintext of {plain_bits} bits has room for {most} slots, but {slots or 1} is asked for"
            )
        return cls(dimension, bits, width, slots or most)

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """What `to_json` has made.

        Raises:
            InputError: it is no layout.
        """
        names = ("dimension", "bits", "width", "slots")
        if not isinstance(document, dict) or any(type(document.get(name)) is not int for name in names):
            raise InputError(f"a layout needs the whole numbers {', '.join(names)}")
        found = cls(*(document[name] for name in names))
        most = found.dimension * found.limit**2 if found.bits in _PRECISIONS else 0
        if not (
            1 <= found.dimension <= _MOST_DIMENSIONS and 2 <= found.width <= most.bit_length() + 1 and found.slots >= 1
        ):
            raise InputError("the numbers of a layout are out of range: the file is damaged")
        return found

    def to_json(self) -> dict[str, int]:
        """A JSON object."""
        return {"dimension": self.dimension, "bits": self.bits, "width": self.width, "slots": self.slots}

    @property
    def limit(self) -> int:
        """The largest whole number of a template or probe."""
        return int(2 ** (self.bits - 1) - 1)

    @property
    def longest(self) -> int:
        """The largest squared length of a template or probe, and the largest dot product."""
        return int(2 ** (self.width - 1) - 1)

    def quantise(self, vectors: NDArray[np.floating[Any]]) -> Quantised:
        """Whole numbers of vectors no longer than 1.

        Args:
            vectors: (N, D).

        Raises:
            ShapeError: another shape.
            InputError: an entry is no number, or a vector is longer than 1.
        """
        if vectors.ndim != 2 or vectors.shape[1] != self.dimension:
            raise ShapeError("vectors", f"(N, {self.dimension})", str(vectors.shape))
        rows = vectors.astype(np.float64)
        lengths = np.linalg.norm(rows, axis=1)
        if not np.all(lengths <= 1 + _UNIT_SLACK):
            raise InputError(f"a vector must be finite and no longer than 1, but one has the length {lengths.max():g}")
        peaks = np.abs(rows).max(axis=1, initial=0.0)
        top = self._largest_scale
        scales = np.minimum(self.limit / np.maximum(peaks, self.limit / top), top)
        values = np.rint(rows * scales[:, None])
        losses = np.linalg.norm(rows - values / scales[:, None], axis=1)
        quantised = values.astype(np.int32)
        self.check(quantised)
        return Quantised(quantised, scales, losses)

    def check_probe(self, scale: float, loss: float) -> None:
        """Refuse what `quantise` cannot have said of a probe: with too small a scale anybody looks like everybody.

        Args:
            scale, loss: see `Quantised`.

        Raises:
            InputError: one is out of range.
        """
        top = self._largest_scale
        least = min(self.limit / (1 + _UNIT_SLACK), top)
        if not least * (1 - 1e-9) <= scale <= top * (1 + 1e-9):
            raise InputError(f"the scale of the answer must lie between {least:g} and {top:g}, but is {scale:g}")
        if not 0 <= loss * scale <= math.sqrt(self.dimension) / 2 * (1 + 1e-9):
            raise InputError(f"the loss of the answer is more than rounding can lose: {loss:g}")

    @property
    def _largest_scale(self) -> float:
        # Rounding lengthens a vector by half a step per dimension at most.
        top = (math.sqrt(self.longest) - math.sqrt(self.dimension) / 2) / (1 + _UNIT_SLACK)
        return top if top > 0 else math.sqrt(self.longest / self.dimension)

    def check(self, values: NDArray[np.integer[Any]]) -> None:
        """Refuse whole numbers that do not fit.

        Raises:
            ShapeError: not (N, D).
            InputError: a number is too large, or a vector too long.
        """
        if values.ndim != 2 or values.shape[1] != self.dimension or values.dtype.kind not in "iu":
            raise ShapeError("values", f"whole numbers (N, {self.dimension})", f"{values.dtype} {values.shape}")
        wide = values.astype(np.int64)
        if np.any(np.abs(wide) > self.limit):
            raise InputError(f"a number must lie between -{self.limit} and {self.limit}")
        if np.any(np.einsum("nd,nd->n", wide, wide) > self.longest):
            raise InputError(f"a vector of whole numbers must have a squared length of at most {self.longest}")

    def bound(self, loss: float, probe_loss: float) -> float:
        """How far a cosine from whole numbers can be from the true one, for vectors no longer than 1.

        Args:
            loss, probe_loss: see `Quantised`.
        """
        return (loss + probe_loss) * (1 + _UNIT_SLACK) + loss * probe_loss

    def pack(self, values: Sequence[int]) -> int:
        """One plaintext of whole numbers, each within `longest`; the first in the lowest slot."""
        middle = 1 << (self.width - 1)
        joined = join([int(value) + middle for value in values], self.width)
        return joined - _repeat(middle, self.width, len(values))

    def one(self, plain: int, slot: int) -> int:
        """The whole number of one slot, whatever the others hold."""
        part = (plain >> (self.width * slot)) % (1 << self.width)
        return int(part - (1 << self.width) if part >> (self.width - 1) else part)

    def unpack(self, plain: int) -> list[int]:
        """The whole numbers of all slots.

        Raises:
            InputError: the plaintext is no such sum: its ciphertext was tampered with, or is of another key.
        """
        middle = 1 << (self.width - 1)
        moved = plain + _repeat(middle, self.width, self.slots)
        if moved < 0 or moved.bit_length() > self.width * self.slots:
            raise InputError("an answer is out of range: it was tampered with, or is of another key")
        found = [int(part) - middle for part in split(moved, self.width, self.slots)]
        if max(map(abs, found)) > self.longest:
            raise InputError("an answer is out of range: it was tampered with, or is of another key")
        return found


def _repeat(value: int, width: int, count: int) -> int:
    """The same number in `count` slots."""
    return value * (((mpz(1) << (width * count)) - 1) // ((1 << width) - 1))
