from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vultus.gallery import part as module
from vultus.gallery.part import Best, Numbers, Part, each


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def people(counts: list[int], seed: int, kernel: str, *, offsets: bool = False) -> Part:
    random = np.random.default_rng(seed)
    starts = np.cumsum([0, *counts])[:-1]
    rows = unit(random.normal(size=(sum(counts), 12)))
    # Some rows twice, so that there are equal similarities.
    rows[random.integers(0, len(rows), len(rows) // 3)] = rows[0]
    extra = random.normal(scale=0.1, size=len(rows)).astype(np.float32) if offsets else None
    ids = 10 + 2 * np.arange(len(counts))
    return Part([f"p{n}" for n in ids], ids, starts, rows, extra, np.arange(len(rows)), kernel)


def oracle(part: Part, probe: np.ndarray, top: int, passing: np.ndarray | None) -> list[tuple[int, int]]:
    """Person and row of the best, the plain way."""
    similarities = part.similarities(probe, np.arange(len(part.rows)))
    found = []
    for person, own in enumerate(np.split(np.arange(len(part.rows)), np.cumsum(part.counts())[:-1])):
        if passing is None or passing[person]:
            row = own[np.argmax(similarities[own])]
            found.append((-similarities[row], person, int(row)))
    return [(int(part.person_ids[person]), row) for _, person, row in sorted(found)[:top]]


@pytest.mark.parametrize("kernel", ["float32", "int8"])
@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=120), st.integers(1, 30), st.integers(1, 4), st.booleans(),
       st.sampled_from([None, 0.0, 0.05, 0.5, 0.95]), st.integers(0, 999))  # fmt: skip
def test_like_the_plain_way(kernel, counts, top, n_probes, offsets, share, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK_ROWS", 64)
        patch.setattr("vultus.gallery.kernel.Integers.__init__.__defaults__", (64,))
        part = people(counts, seed, kernel, offsets=offsets)
        random = np.random.default_rng(seed)
        passing = None if share is None else random.random(len(part)) < share
        probes = unit(part.rows[random.integers(0, len(part.rows), n_probes)] + random.normal(size=(n_probes, 12)))
        best = [Best(probe, top) for probe in probes]
        part.search(best, passing, 3)
    for one in best:
        wanted = oracle(part, one.probe, top, passing)
        assert list(zip(one.person_ids.tolist(), one.rows.tolist(), strict=True)) == wanted
        assert np.all(one.parts == 3)
        assert np.all(np.diff(one.similarities) <= 0)
        assert one.bound == (one.similarities[-1] if len(wanted) == top else -np.inf)


@pytest.mark.parametrize("kernel", ["float32", "int8"])
@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 2000),
    st.integers(1, 40),
    st.booleans(),
    st.sampled_from([None, 0.001, 0.2, 0.95]),
    st.integers(0, 99),
)
def test_one_probe_by_several_threads(kernel, count, top, offsets, share, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MANY_ROWS", 1)
        patch.setattr("vultus.gallery.kernel._LEAST_ROWS", 64)
        patch.setattr(module, "_ALONE_ROWS", 256)
        patch.setattr("vultus.gallery.kernel.Integers.__init__.__defaults__", (256,))
        part = people([1] * count, seed, kernel, offsets=offsets)
        random = np.random.default_rng(seed)
        passing = None if share is None else random.random(count) < share
        for probe in unit(random.normal(size=(3, 12))):
            one = Best(probe, top)
            part.search([one], passing, 0)
            wanted = oracle(part, probe, top, passing)
            assert list(zip(one.person_ids.tolist(), one.rows.tolist(), strict=True)) == wanted


def test_a_filter_that_hides_the_first_block_does_not_open_the_next(monkeypatch):
    part = people([1] * 4096, 0, "int8")
    monkeypatch.setattr("vultus.gallery.kernel.Integers.__init__.__defaults__", (1024,))
    monkeypatch.setattr("vultus.gallery.part.processors", lambda: 1)
    compared: list[int] = []
    take = Part._take

    def counted(self: Part, one: Best, rows: np.ndarray, number: int) -> None:
        compared.append(len(rows))
        take(self, one, rows, number)

    monkeypatch.setattr(Part, "_take", counted)
    passing = np.arange(4096) >= 1020
    one = Best(part.rows[2000], 10)
    part.search([one], passing, 0)
    assert [(int(n), row) for n, row in zip(one.person_ids, one.rows, strict=True)] == oracle(
        part, one.probe, 10, passing
    )
    assert sum(compared) < 1500


def test_more_probes_than_are_scored_at_once(monkeypatch):
    part = people([1] * 200, 0, "int8")
    part.search([Best(part.rows[0], 2)], None, 0)
    monkeypatch.setattr(module, "_COARSE_SCORES", 3 * part._integers[0].block_rows)
    best = [Best(probe, 2) for probe in part.rows[:8]]
    part.search(best, None, 0)
    assert all(one.similarities[0] > 0.999 for one in best)


def test_the_coarse_copy_is_made_when_it_is_worth_it(monkeypatch):
    part = people([1] * 100, 0, "auto")
    monkeypatch.setattr(module, "_MANY_ROWS", 100)
    for _ in range(31):
        part.search([Best(part.rows[5], 1)], None, 0)
    assert not part._integers
    (before, after) = (Best(part.rows[5], 7), Best(part.rows[5], 7))
    part._scan_exactly([before], None, 0)
    part.search([after], None, 0)
    assert len(part._integers) == 1
    assert np.array_equal(before.similarities, after.similarities)
    assert np.array_equal(before.rows, after.rows)
    small = people([1] * 99, 0, "auto")
    small.search([Best(small.rows[5], 1)] * 99, None, 0)
    assert not small._integers


@given(st.lists(st.integers(0, 2**40), unique=True, max_size=50) | st.integers(0, 300).map(lambda n: list(range(7, n))))
def test_packed_numbers(numbers):
    wanted = np.sort(np.array(numbers, dtype=np.int64))
    packed = Numbers(wanted)
    assert len(packed) == len(wanted)
    assert np.array_equal(packed.all(), wanted)
    assert packed.all().dtype == np.int64
    some = np.arange(0, len(wanted), 3)[::-1]
    assert np.array_equal(packed[some], wanted[some])


def test_nobody_and_no_probe():
    nobody = Part([], np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 12), np.float32))
    one = Best(np.zeros(12, np.float32), 3)
    nobody.search([one], None, 0)
    assert len(one.rows) == 0
    people([1], 0, "float32").search([], None, 0)


def test_every_number_once_on_all_processors(monkeypatch):
    seen: list[int] = []
    each(seen.append, 9)
    assert sorted(seen) == list(range(9))
    monkeypatch.setattr(module, "processors", lambda: 4)
    once: list[int] = []
    each(once.append, 999)
    assert sorted(once) == list(range(999))

    def refuse(at: int) -> None:
        if at == 5:
            raise KeyError(at)

    with pytest.raises(KeyError, match="5"):
        each(refuse, 99)
    monkeypatch.setattr(module, "processors", lambda: 1)
    threads = set()
    each(lambda _: threads.add(threading.current_thread()), 3)
    assert threads == {threading.current_thread()}
