"""Blocks: ciphertexts of many templates, one per dimension, and what their owner does with them.

A block is a list of D ciphertexts; slot k of ciphertext j holds dimension j of template k.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError
from vultus.gallery.encrypted.bignum import parallel
from vultus.gallery.encrypted.scheme import add, check, encrypt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from vultus.gallery.encrypted.layout import Layout
    from vultus.gallery.encrypted.scheme import PrivateKey, PublicKey

Block = list[int]


def encrypt_templates(
    public: PublicKey,
    layout: Layout,
    values: NDArray[np.integer[Any]],
    hider: Callable[[], int],
    progress: Callable[[int], None] | None = None,
) -> list[Block]:
    """Blocks of these templates, in order; the last one may have free slots.

    Args:
        public: the key.
        layout: fitted to it.
        values: whole numbers, (N, D).
        hider: from the key, see `scheme.encrypt`.
        progress: called with the number of templates done.

    Raises:
        ShapeError, InputError: the numbers do not fit the layout.
    """
    layout.check(values)
    blocks = []
    for first in range(0, len(values), layout.slots):
        rows = values[first : first + layout.slots]
        blocks.append(fill(public, layout, rows, hider))
        if progress is not None:
            progress(first + len(rows))
    return blocks


def fill(public: PublicKey, layout: Layout, rows: NDArray[np.integer[Any]], hider: Callable[[], int]) -> Block:
    """A block with numbers in its first slots, and 0 in the others.

    Args:
        public: the key.
        layout: fitted to it.
        rows: (n, D); templates, or what is to be added to the slots of another block.
        hider: see `scheme.encrypt`.

    Raises:
        InputError: there are more rows than slots.
    """
    if len(rows) > layout.slots:
        raise InputError(f"a block has {layout.slots} slots, but {len(rows)} templates are to go in")
    return [encrypt(public, layout.pack(column), hider) for column in rows.T.tolist()]


def add_blocks(public: PublicKey, first: Block, second: Block) -> Block:
    """The block with the sum in every slot: how templates get into free slots, and out of slots by their negative."""
    return [add(public, one, other) for one, other in zip(first, second, strict=True)]


def read_slots(private: PrivateKey, layout: Layout, block: Block, threads: int = 1) -> NDArray[np.int32]:
    """The templates of a block, (slots, D): what its owner needs to take one out again.

    Raises:
        InputError: it is damaged, or of another key.
    """
    return np.array([*_read(private, layout, block, True, threads)], dtype=np.int32).T


def read_scores(
    private: PrivateKey, layout: Layout, scores: Sequence[int], *, crt: bool = True, threads: int = 1
) -> NDArray[np.int64]:
    """Dot products of all slots of all blocks, in order.

    Args:
        private: the key.
        layout: of the blocks.
        scores: one ciphertext per block.
        crt: see `PrivateKey.decrypt`.
        threads: that share the work.

    Raises:
        InputError: an answer was tampered with, or is of another key.
    """
    rows = list(_read(private, layout, scores, crt, threads))
    return np.array(rows, dtype=np.int64).reshape(-1)


def read_score(private: PrivateKey, layout: Layout, score: int, slot: int) -> int:
    """The dot product of one slot, where the others are masked, see `score.mask_others`.

    Raises:
        InputError: it is no ciphertext of this key.
    """
    check(private.public, [score])
    return layout.one(private.decrypt(score), slot)


def _read(private: PrivateKey, layout: Layout, ciphers: Sequence[int], crt: bool, threads: int) -> Iterator[list[int]]:
    check(private.public, ciphers)
    if threads == 1:
        return (layout.unpack(private.decrypt(one, crt=crt)) for one in ciphers)
    with ThreadPoolExecutor(threads, initializer=parallel) as pool:
        return iter([layout.unpack(plain) for plain in pool.map(lambda one: private.decrypt(one, crt=crt), ciphers)])
