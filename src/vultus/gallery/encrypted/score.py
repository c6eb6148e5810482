"""The scorer's work: dot products of a plain probe with encrypted templates, without any secret."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from vultus.errors import ConfigError, InputError
from vultus.gallery.encrypted.product import multiply_blocks, multiply_naively, plan
from vultus.gallery.encrypted.scheme import add, encrypt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from vultus.gallery.encrypted.block import Block
    from vultus.gallery.encrypted.layout import Layout
    from vultus.gallery.encrypted.scheme import PublicKey

METHODS = ("buckets", "powers")


def score(
    public: PublicKey,
    layout: Layout,
    blocks: Sequence[Block],
    probe: NDArray[np.integer[Any]],
    *,
    hider: Callable[[], int] | None = None,
    method: str = "buckets",
) -> list[int]:
    """A ciphertext per block, with the dot product of each template and the probe in its slot.

    Args:
        public: the key.
        layout: of the blocks.
        blocks: checked before, see `scheme.check`.
        probe: whole numbers, (D,).
        hider: gives each answer a new nonce. Without, the owner, who knows the nonces of the templates, could test
            guesses of the probe on those of the answer.
        method: "buckets", or "powers" to see what they save.

    Raises:
        ShapeError, InputError: the probe does not fit the layout.
        ConfigError: there is no such method.
    """
    if method not in METHODS:
        raise ConfigError(f"method must be one of {', '.join(METHODS)}, but is '{method}'")
    layout.check(probe[None])
    exponents, modulus = probe.tolist(), public.modulus
    if method == "buckets":
        found = multiply_blocks(plan(exponents), blocks, modulus)
    else:
        found = [multiply_naively(exponents, block, modulus) for block in blocks]
    return [one * hider() % modulus for one in found] if hider else found


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
