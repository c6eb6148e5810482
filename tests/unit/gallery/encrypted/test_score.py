from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit.gallery.encrypted.keys import KINDS, key, unit
from vultus.errors import ConfigError, InputError, ShapeError
from vultus.gallery.encrypted.block import encrypt_templates, read_score, read_scores
from vultus.gallery.encrypted.layout import Layout
from vultus.gallery.encrypted.scheme import PrivateKey, generate
from vultus.gallery.encrypted.score import Scorer, mask_others, score


def exact(private: PrivateKey, layout: Layout, values: np.ndarray, probe: np.ndarray, **how: object) -> None:
    """Every slot of every block holds the very dot product; free slots hold 0."""
    public = private.public
    scorer = Scorer(public, layout, encrypt_templates(public, layout, values, private.hider()))
    found = read_scores(private, layout, scorer.score(probe, **how))  # type: ignore[arg-type]
    wanted = values.astype(np.int64) @ probe.astype(np.int64)
    assert np.array_equal(found[: len(values)], wanted)
    assert not found[len(values) :].any()


@pytest.mark.parametrize("kind", KINDS)
def test_every_slot_holds_the_very_dot_product(kind: tuple[str, int | None, str]) -> None:
    private = key(*kind)

    @settings(max_examples=15)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        dimension = data.draw(st.sampled_from([1, 2, 7, 16]))
        layout = Layout.fit(dimension, private.public.plain_bits, data.draw(st.sampled_from([8, 10])), wide=True)
        number = st.integers(-layout.limit, layout.limit) | st.sampled_from([-layout.limit, layout.limit, 0])
        vector = st.lists(number, min_size=dimension, max_size=dimension)
        values = np.array(data.draw(st.lists(vector, min_size=1, max_size=layout.slots + 1)), dtype=np.int32)
        probe = np.array(data.draw(vector), dtype=np.int32)
        exact(private, layout, values, probe)

    holds()


@pytest.mark.parametrize("dimension", [1, 127, 128, 512])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_extremes_in_every_slot(dimension: int, seed: int) -> None:
    """All entries at the edge, with every sign, and as many templates as fit: nothing runs over into a neighbour."""
    private = key(seed=seed)
    layout = Layout.fit(dimension, private.public.plain_bits, wide=True)
    random = np.random.default_rng(seed)
    values = layout.limit * random.choice([-1, 1], (layout.slots, dimension))
    values[0], values[1], values[-1] = layout.limit, -layout.limit, layout.limit
    for probe in (np.full(dimension, layout.limit), np.full(dimension, -layout.limit)):
        exact(private, layout, values, probe)


def test_unit_vectors_in_their_narrow_slots() -> None:
    private = key(bits=1024)
    layout = Layout.fit(128, private.public.plain_bits)
    rows = unit(layout.slots, 128)
    rows[0], rows[1], rows[2] = np.eye(128)[3], -np.eye(128)[3], np.full(128, 128**-0.5)
    known = layout.quantise(rows)
    for at in range(4):
        exact(private, layout, known.values, known.values[at])
        exact(private, layout, known.values, -known.values[at], method="powers")


@pytest.mark.parametrize("nonces", ["short", "subgroup"])
def test_a_key_of_2048_bits(nonces: str) -> None:
    private = generate(bits=2048, nonces=nonces)
    layout = Layout.fit(128, private.public.plain_bits)
    known = layout.quantise(unit(layout.slots + 3, 128))
    probe = layout.quantise(unit(1, 128, seed=5)).values[0]
    exact(private, layout, known.values, probe, hider=private.public.hider())


def test_a_new_nonce_hides_how_an_answer_came_about() -> None:
    private = key()
    public, hider = private.public, private.public.hider()
    layout = Layout.fit(8, public.plain_bits)
    known = layout.quantise(unit(3, 8)).values
    blocks = encrypt_templates(public, layout, known, hider)
    plain = [score(public, layout, blocks, known[0])[0] for _ in range(2)]
    fresh = [score(public, layout, blocks, known[0], hider=hider)[0] for _ in range(2)]
    assert plain[0] == plain[1]
    assert len({*plain, *fresh}) == 3
    assert np.array_equal(read_scores(private, layout, fresh[:1]), read_scores(private, layout, plain[:1]))


@pytest.mark.parametrize("kind", KINDS)
def test_masks_hide_all_slots_but_one(kind: tuple[str, int | None, str]) -> None:
    private = key(*kind)
    public, hider = private.public, private.public.hider()
    layout = Layout.fit(8, public.plain_bits)
    known = layout.quantise(unit(layout.slots, 8)).values
    (answer,) = score(public, layout, encrypt_templates(public, layout, known, hider), known[0])
    for slot in range(layout.slots):
        masked = mask_others(public, layout, answer, slot, hider)
        assert abs(read_score(private, layout, masked, slot) - known[slot] @ known[0]) <= 1
        if layout.slots > 3:
            with pytest.raises(InputError, match="out of range"):
                read_scores(private, layout, [masked])
    with pytest.raises(InputError, match="slot must lie between 0 and"):
        mask_others(public, layout, answer, layout.slots, hider)


def test_probes_that_do_not_fit_are_refused() -> None:
    public = key().public
    layout = Layout.fit(8, public.plain_bits)
    with pytest.raises(ShapeError, match="whole numbers"):
        score(public, layout, [], np.zeros(9, dtype=np.int32))
    with pytest.raises(InputError, match="must lie between"):
        score(public, layout, [], np.full(8, 300))
    with pytest.raises(ConfigError, match="method must be one of buckets, powers"):
        Scorer(public, layout).score(np.zeros(8, dtype=np.int32), method="fft")
    with pytest.raises(InputError, match="one asked for is not among them"):
        Scorer(public, layout).score(np.zeros(8, dtype=np.int32), only=[0])


def test_blocks_are_exchanged_and_added() -> None:
    private = key()
    public, hider = private.public, private.public.hider()
    layout = Layout.fit(8, public.plain_bits)
    known = layout.quantise(unit(3, 8)).values
    blocks = [encrypt_templates(public, layout, known[at : at + 1], hider)[0] for at in range(3)]
    scorer = Scorer(public, layout, blocks[:1])
    scorer.put(0, blocks[1])
    scorer.put(1, blocks[2])
    assert len(scorer) == 2
    found = read_scores(private, layout, scorer.score(known[0])).reshape(2, -1)[:, 0]
    assert np.array_equal(found, known[1:] @ known[0])
    assert len(scorer.score(known[0], only=[1])) == 1
    with pytest.raises(InputError, match="there are 2 blocks, so none can be put at 3"):
        scorer.put(3, blocks[0])
    with pytest.raises(InputError, match="a block must have 8 ciphertexts, but has 7"):
        scorer.put(0, blocks[0][:7])
    with pytest.raises(InputError, match="must lie between 0 and its key's modulus"):
        scorer.put(0, [*blocks[0][:7], public.modulus])


def test_a_probe_of_zeros_scores_zero() -> None:
    private = key()
    layout = Layout.fit(8, private.public.plain_bits)
    exact(private, layout, layout.quantise(unit(3, 8)).values, np.zeros(8, dtype=np.int32))
    exact(private, layout, layout.quantise(unit(3, 8)).values, np.zeros(8, dtype=np.int32), method="powers")
