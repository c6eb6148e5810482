"""The scorer's work: dot products of a plain probe with encrypted templates, without any secret."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from vultus.errors import ConfigError, InputError
from vultus.gallery.encrypted.bignum import power, product
from vultus.gallery.encrypted.product import multiply, plan
from vultus.gallery.encrypted.ring import Ring
from vultus.gallery.encrypted.scheme import add, check, encrypt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from vultus.gallery.encrypted.block import Block
    from vultus.gallery.encrypted.layout import Layout
    from vultus.gallery.encrypted.ring import Digits
    from vultus.gallery.encrypted.scheme import PublicKey

METHODS = ("buckets", "powers")


class Scorer:
    """Encrypted templates, ready to be compared.

    Every ciphertext is kept with its inverse, so that a negative number of a probe costs no more than a positive one.

    Args:
        public: the key.
        layout: of the blocks.
        blocks: of templates; more may be put in later.

    Raises:
        InputError: a block has not as many ciphertexts as a template has numbers, or one cannot be a ciphertext.
    """

    def __init__(self, public: PublicKey, layout: Layout, blocks: Iterable[Block] = ()) -> None:
        self.public, self.layout = public, layout
        whole = public.scheme == "okamoto_uchiyama"
        self._ring = Ring(public.modulus if whole else public.n, 1 if whole else public.s + 1)
        self._bases: list[list[Digits]] = []
        for block in blocks:
            self.put(len(self._bases), block)

    def __len__(self) -> int:
        return len(self._bases)

    def put(self, at: int, block: Block) -> None:
        """Exchange block `at`, or put one behind the last.

        Raises:
            InputError: as above, or there is no such place.
        """
        if not 0 <= at <= len(self._bases):
            raise InputError(f"there are {len(self._bases)} blocks, so none can be put at {at}")
        if len(block) != self.layout.dimension:
            raise InputError(f"a block must have {self.layout.dimension} ciphertexts, but has {len(block)}")
        check(self.public, block)
        own = [self._ring.digits(one) for one in block]
        self._bases[at : at + 1] = [own + self._ring.inverses(own)]

    def score(
        self,
        probe: NDArray[np.integer[Any]],
        *,
        hider: Callable[[], int] | None = None,
        method: str = "buckets",
        only: Sequence[int] | None = None,
    ) -> list[int]:
        """A ciphertext per block, with the dot product of each template and the probe in its slot.

        Args:
            probe: whole numbers, (D,).
            hider: gives each answer a new nonce. Without, the owner, who knows the nonces of the templates, could
                test guesses of the probe on those of the answer.
            method: "buckets", or "powers" to see what they save.
            only: these blocks.

        Raises:
            ShapeError, InputError: the probe does not fit the layout, or there is no such block.
            ConfigError: there is no such method.
        """
        if method not in METHODS:
            raise ConfigError(f"method must be one of {', '.join(METHODS)}, but is '{method}'")
        self.layout.check(probe[None])
        wanted = range(len(self)) if only is None else only
        if not all(0 <= at < len(self) for at in wanted):
            raise InputError(f"there are {len(self)} blocks, and one asked for is not among them")
        dimension, modulus = self.layout.dimension, self.public.modulus
        exponents = {at if one > 0 else at + dimension: abs(one) for at, one in enumerate(probe.tolist()) if one}
        if not exponents:
            found = [self.public.bare(0) for _ in wanted]
        elif method == "buckets":
            climb, ring = plan(exponents), self._ring
            found = [ring.whole(multiply(climb, self._bases[at], ring.times)) for at in wanted]
        else:
            whole = [{key: self._ring.whole(self._bases[at][key]) for key in exponents} for at in wanted]
            found = [product([power(own[key], exponents[key], modulus) for key in own], modulus) for own in whole]
        return [one * hider() % modulus for one in found] if hider else found


def score(
    public: PublicKey,
    layout: Layout,
    blocks: Sequence[Block],
    probe: NDArray[np.integer[Any]],
    *,
    hider: Callable[[], int] | None = None,
) -> list[int]:
    """A single probe against blocks that will not be asked again; see `Scorer`."""
    return Scorer(public, layout, blocks).score(probe, hider=hider)


def mask_others(public: PublicKey, layout: Layout, answer: int, slot: int, hider: Callable[[], int]) -> int:
    """An answer with random numbers added to all slots but one, for a comparison with a single template.

    The slots below may carry into the one that is kept: its dot product then reads one unit too high or too low. Those
    above are hidden up to a chance of 1 in 256 in the highest one.

    Raises:
        InputError: there is no such slot.
    """
    if not 0 <= slot < layout.slots:
        raise InputError(f"slot must lie between 0 and {layout.slots - 1}, but is {slot}")
    end = layout.width * (slot + 1)
    mask = secrets.randbits(layout.width * slot) + (secrets.randbits(public.plain_bits - 1 - end) << end)
    return add(public, answer, encrypt(public, mask, hider))
