"""Our own encrypted scoring as a system of the study, with each accelerator to be switched off."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vultus.evaluation.encrypted.peers import Choice, Facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vultus.gallery.encrypted.block import Block
    from vultus.gallery.encrypted.layout import Layout
    from vultus.gallery.encrypted.scheme import PrivateKey
    from vultus.gallery.encrypted.score import Scorer

    Floats = NDArray[np.float64]

_SHORT_KEY = 2048
_NAMES = {"paillier": "Paillier", "damgard_jurik": "Damgard-Jurik", "okamoto_uchiyama": "Okamoto-Uchiyama"}


@dataclass(frozen=True, slots=True)
class How:
    """Choices within our scheme; the defaults are the product's.

    Attributes:
        scheme, nonces: as in `vultus.gallery.encrypted`.
        precision: bits of a template's and a probe's numbers, with the sign.
        packed: as many templates per ciphertext as fit, or one.
        table: nonces by a fixed-base table, or by plain powers.
        buckets: the dot product as one multi-exponentiation, or a power per dimension.
        crt: decryption modulo each prime, or modulo n.
        owner: encrypted with the private key at hand, or by anybody.
    """

    scheme: str = "paillier"
    nonces: str = "short"
    precision: int = 8
    packed: bool = True
    table: bool = True
    buckets: bool = True
    crt: bool = True
    owner: bool = True

    @property
    def words(self) -> str:
        """For a table."""
        parts = [_NAMES[self.scheme], "packed" if self.packed else "a template per ciphertext"]
        if self.nonces != "short" and self.scheme != "okamoto_uchiyama":
            parts.append(f"{self.nonces} nonces")
        return ", ".join([*parts, f"{self.precision} bits"])


@dataclass(frozen=True, slots=True, eq=False)
class Templates:
    """Encrypted templates: blocks of ciphertexts, and the public scale of each template."""

    layout: Layout
    blocks: list[Block]
    scales: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """The scorer's side: blocks ready to be compared, and the public scales."""

    scorer: Scorer
    scales: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Encrypted similarities: a ciphertext per block, and what turns whole numbers into cosines."""

    layout: Layout
    ciphers: list[int]
    scales: Floats


class Ours:
    """A key and everything that both parties do with it.

    Args:
        bits: of the key.
        dimension: of the templates that the packing is made for.
        how: which scheme, with which accelerators.
        private: a key to use; a fresh one if not given.
    """

    def __init__(self, bits: int, dimension: int, how: How, private: PrivateKey | None = None) -> None:
        from vultus.gallery.encrypted.layout import Layout
        from vultus.gallery.encrypted.scheme import generate

        # A key that is too short for anybody's face is what the paper measured; the page says so beside it.
        self.private = private or generate(how.scheme, bits, nonces=how.nonces, toy=bits < _SHORT_KEY)
        self._how = how
        self._fit = Layout.fit
        self.slots = Layout.fit(
            dimension, self.private.public.plain_bits, how.precision, slots=None if how.packed else 1
        ).slots
        public = self.private.public
        self.facts = Facts(
            "vultus", how.words, "signed", public.bits, f"{how.precision} bits", f"{how.precision - 1} bits, sign",
            self.slots, True,
        )  # fmt: skip
        self.key_bytes = _bytes(public.numbers()), _bytes(self.private.numbers())

    @cached_property
    def hider(self) -> Callable[[], int]:
        """The source of nonces, whose tables take a moment."""
        if self._how.owner:
            return self.private.hider(table=self._how.table)
        return self.private.public.hider(table=self._how.table)

    def layout(self, dimension: int) -> Layout:
        """The packing, with the same number of slots at any dimension."""
        return self._fit(dimension, self.private.public.plain_bits, self._how.precision, slots=self.slots)

    def encrypt(self, vectors: Floats) -> Templates:
        """Blocks of the rows; any number of them."""
        from vultus.gallery.encrypted.block import encrypt_templates

        layout = self.layout(vectors.shape[1])
        numbers = layout.quantise(vectors)
        blocks = encrypt_templates(self.private.public, layout, numbers.values, self.hider)
        return Templates(layout, blocks, numbers.scales)

    def prepare(self, templates: Templates) -> Prepared:
        """Done once per gallery by whoever scores."""
        from vultus.gallery.encrypted.score import Scorer

        return Prepared(Scorer(self.private.public, templates.layout, templates.blocks), templates.scales)

    def score(self, prepared: Prepared, probe: Floats) -> Scores:
        """A ciphertext per block."""
        layout = prepared.scorer.layout
        numbers = layout.quantise(probe[None])
        ciphers = prepared.scorer.score(numbers.values[0], method="buckets" if self._how.buckets else "powers")
        return Scores(layout, ciphers, prepared.scales * numbers.scales[0])

    def decrypt(self, scores: Scores) -> Floats:
        """Similarities of all templates."""
        from vultus.gallery.encrypted.block import read_scores

        found = read_scores(self.private, scores.layout, scores.ciphers, crt=self._how.crt)
        return np.asarray(found[: scores.scales.size] / scores.scales, dtype=np.float64)

    def plain(self, vectors: Floats, probe: Floats) -> Floats:
        """The dot products of the same whole numbers."""
        layout = self.layout(vectors.shape[1])
        left, right = layout.quantise(vectors), layout.quantise(probe[None])
        exact = left.values.astype(np.int64) @ right.values[0].astype(np.int64)
        return np.asarray(exact / (left.scales * right.scales[0]), dtype=np.float64)

    def template_bytes(self, templates: Templates) -> float:
        """Of full blocks: what a large gallery takes per template."""
        return templates.layout.dimension * self.private.public.cipher_bytes / self.slots


def _bytes(numbers: dict[str, int]) -> int:
    return sum((int(number).bit_length() + 7) // 8 for number in numbers.values())


def _choice(how: How, *, main: bool = False) -> Choice:
    return Choice("vultus", how.words, lambda bits, dimension: Ours(bits, dimension, how), main=main)


DEFAULT = How()
OURS = (
    _choice(DEFAULT, main=True),
    _choice(How(nonces="subgroup"), main=True),
    _choice(How(precision=12)),
    _choice(How(nonces="full")),
    _choice(How(packed=False)),
    _choice(How(scheme="damgard_jurik")),
    _choice(How(scheme="okamoto_uchiyama")),
)
