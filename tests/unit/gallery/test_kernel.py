from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.gallery import kernel
from vultus.gallery.kernel import GROUP, Integers, at_least, blocks_of, groups_of, processors, product


def rows(count: int, dimension: int = 24, seed: int = 0, spread: float = 1.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    found = spread * random.normal(size=(count, dimension)) * random.uniform(0.01, 1, dimension) + np.eye(dimension)[0]
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


@given(st.integers(1, 300), st.integers(0, 99), st.sampled_from([1e-6, 0.05, 1.0]), st.sampled_from([64, 128]))
def test_no_score_is_further_off_than_it_says(count, seed, spread, block_rows):
    matrix, probes = rows(count, seed=seed, spread=spread), rows(3, seed=seed + 1)
    integers = Integers(matrix, block_rows)
    coarse = integers.coarse(probes)
    terms = coarse.terms
    for at, (first, last) in enumerate(zip(integers.bounds, integers.bounds[1:], strict=False)):
        scores = integers.scores(at, coarse.levels)
        assert scores.shape == (3, -(-(last - first) // GROUP) * GROUP)
        told = scores[:, : last - first] * terms.step[:, None] + terms.base[:, None]
        wanted = probes.astype(np.float64) @ matrix[first:last].T
        assert np.all(np.abs(told - wanted) <= terms.slack[:, None])
        assert np.all(scores[:, : last - first] >= np.stack([terms.scores(one) for one in wanted.T], axis=1))
    assert np.all(terms.slack < 0.05)


@given(st.integers(1, 300), st.integers(0, 99))
def test_one_probe_at_a_time(count, seed):
    matrix, probes = rows(count, seed=seed), rows(2, seed=seed + 1)
    np.testing.assert_allclose(product(probes[:1], matrix), probes[:1] @ matrix.T, atol=1e-6)
    integers = Integers(matrix, 64)
    terms = integers.coarse(probes).terms
    for probe in (0, 1):
        coarse = integers.coarse(probes[probe : probe + 1])
        for block in range(len(integers.bounds) - 1):
            wanted = integers.scores(block, coarse.levels)
            assert np.array_equal(integers.scores(block, coarse.levels, passing=True), wanted)
            score = float(wanted[0, 0])
            assert terms.least(probe, score) <= probes[probe] @ matrix[integers.bounds[block]]


def test_passing_scores_lie_in_the_same_place():
    integers = Integers(rows(128), 64)
    levels = integers.coarse(rows(1, seed=1)).levels
    first = integers.scores(0, levels, passing=True)
    assert np.shares_memory(first, integers.scores(1, levels, passing=True))
    assert not np.shares_memory(first, integers.scores(1, levels))


def test_blocks_of_rows():
    for n_rows in (1, 64, 65_536, 300_001, 1_000_000):
        blocks = blocks_of(n_rows, 131_072)
        assert [at for block in blocks for at in (block.start, block.stop)][1:-1:2] == [
            block.start for block in blocks[1:]
        ]
        assert (blocks[0].start, blocks[-1].stop) == (0, n_rows)
        assert all((block.stop - block.start) % GROUP == 0 for block in blocks[:-1])


def test_a_row_that_is_all_zero():
    integers = Integers(np.zeros((5, 8), np.float32))
    coarse = integers.coarse(np.zeros((1, 8), np.float32))
    assert np.isfinite(coarse.terms.slack).all()
    assert np.all(integers.scores(0, coarse.levels)[0, :5] * coarse.terms.step == 0)


def test_processors_that_add_up_in_sixteen_bits(monkeypatch):
    whole = Integers(rows(70)).coarse(rows(2, seed=1))
    monkeypatch.setattr(kernel, "_most", lambda: 63)
    integers = Integers(rows(70))
    halved = integers.coarse(rows(2, seed=1))
    assert halved.levels.max() <= 127, "so that two products with bytes fit"
    assert np.all(halved.terms.slack > whole.terms.slack)
    told = integers.scores(0, halved.levels)[:, :70] * halved.terms.step[:, None] + halved.terms.base[:, None]
    assert np.all(np.abs(told - rows(2, seed=1) @ rows(70).T) <= halved.terms.slack[:, None])


def test_processors(monkeypatch):
    assert 1 <= processors() <= (os.cpu_count() or 1)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert processors() == (os.cpu_count() or 1)


@pytest.mark.parametrize("n_processors", [1, 2, 6, 64])
def test_blocks_for_every_processor(monkeypatch, n_processors):
    monkeypatch.setattr(kernel, "processors", lambda: n_processors)
    for n_rows in (1, 64, 65_536, 300_001, 1_000_000, 10_000_000):
        size = kernel._block_rows(n_rows)
        n_blocks = -(-n_rows // size)
        assert size % GROUP == 0
        assert size <= 524_288 + GROUP
        assert n_blocks == 1 or size >= 65_536
        assert n_blocks >= min(n_processors, n_rows // 65_536)


def test_another_system(monkeypatch, tmp_path):
    monkeypatch.setattr(kernel, "_MAPS", tmp_path / "nothing")
    kernel._tidy_memory()
    monkeypatch.setattr(kernel.ctypes, "CDLL", lambda name: object())
    kernel._tidy_memory()


def test_levels_of_this_processor():
    assert kernel._most() in (63, 127)


@pytest.mark.parametrize("kind", [np.int32, np.float32])
@given(st.integers(1, 5), st.integers(0, 99))
def test_sifting(kind, n_groups, seed):
    scores = np.random.default_rng(seed).integers(-9, 9, (2, n_groups * GROUP)).astype(kind)
    largest = groups_of(scores)
    assert largest.shape == (2, n_groups)
    for one, best in zip(scores, largest, strict=True):
        for bound in (-np.inf, -9, 0.5, 7, 8, 9):
            assert sorted(at_least(one, best, bound)) == np.flatnonzero(one >= bound).tolist()
