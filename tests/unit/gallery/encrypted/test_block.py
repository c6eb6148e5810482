from __future__ import annotations

import numpy as np
import pytest

from unit.gallery.encrypted.keys import KINDS, key, unit
from vultus.errors import InputError, ShapeError
from vultus.gallery.encrypted.block import add_blocks, encrypt_templates, fill, read_scores, read_slots
from vultus.gallery.encrypted.layout import Layout
from vultus.gallery.encrypted.score import score


@pytest.mark.parametrize("kind", KINDS)
def test_templates_come_back_from_their_slots(kind: tuple[str, int | None, str]) -> None:
    private = key(*kind)
    layout = Layout.fit(8, private.public.plain_bits)
    values = layout.quantise(unit(2 * layout.slots - 1, 8)).values
    done: list[int] = []
    blocks = encrypt_templates(private.public, layout, values, private.hider(), done.append)
    assert [len(block) for block in blocks] == [8, 8]
    assert done == [layout.slots, 2 * layout.slots - 1]
    for threads in (1, 2):
        found = np.concatenate([read_slots(private, layout, block, threads) for block in blocks])
        assert np.array_equal(found[:-1], values)
        assert not found[-1].any()


def test_templates_are_put_into_free_slots_and_taken_out_again() -> None:
    private = key()
    public, hider = private.public, private.hider()
    layout = Layout.fit(8, public.plain_bits)
    values = layout.quantise(unit(5, 8)).values
    block = fill(public, layout, values[:3], hider)
    block = add_blocks(public, block, fill(public, layout, np.vstack([np.zeros((3, 8), np.int32), values[3:]]), hider))
    assert np.array_equal(read_slots(private, layout, block)[:5], values)
    block = add_blocks(
        public, block, fill(public, layout, np.vstack([np.zeros((1, 8), np.int32), -values[1:2]]), hider)
    )
    values[1] = 0
    assert np.array_equal(read_slots(private, layout, block)[:5], values)


def test_a_full_block_takes_no_more() -> None:
    public = key().public
    layout = Layout.fit(8, public.plain_bits)
    with pytest.raises(
        InputError, match=f"a block has {layout.slots} slots, but {layout.slots + 1} templates are to go"
    ):
        fill(public, layout, np.zeros((layout.slots + 1, 8), dtype=np.int32), public.hider())


def test_numbers_out_of_range_are_not_encrypted() -> None:
    public = key().public
    layout = Layout.fit(8, public.plain_bits)
    with pytest.raises(InputError, match="must lie between -127 and 127"):
        encrypt_templates(public, layout, np.full((1, 8), 200), public.hider())
    with pytest.raises(ShapeError, match="whole numbers"):
        encrypt_templates(public, layout, np.zeros((1, 9), dtype=np.int32), public.hider())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind[0] != "okamoto_uchiyama"])
def test_another_key_reads_nothing(kind: tuple[str, int | None, str]) -> None:
    private, other = key(*kind), key(*kind, seed=1)
    layout = Layout.fit(8, private.public.plain_bits - 8)
    values = layout.quantise(unit(3, 8)).values
    answers = score(
        private.public, layout, encrypt_templates(private.public, layout, values, private.hider()), values[0]
    )
    small = [answer % other.public.modulus for answer in answers]
    with pytest.raises(InputError, match=r"of another key|not made with this key"):
        read_scores(other, layout, small)


def test_a_tampered_answer_is_told() -> None:
    private = key()
    layout = Layout.fit(8, private.public.plain_bits)
    values = layout.quantise(unit(3, 8)).values
    answers = score(
        private.public, layout, encrypt_templates(private.public, layout, values, private.hider()), values[0]
    )
    with pytest.raises(InputError, match="an answer is out of range"):
        read_scores(private, layout, [answers[0] ^ 4])
    with pytest.raises(InputError, match="must lie between 0 and its key's modulus"):
        read_scores(private, layout, [private.public.modulus + answers[0]])
