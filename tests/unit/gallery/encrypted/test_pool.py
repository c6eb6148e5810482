from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from unit.gallery.encrypted.keys import key, unit
from vultus.errors import ConfigError, InputError, StoreError
from vultus.gallery.encrypted.block import encrypt_templates, read_scores
from vultus.gallery.encrypted.layout import Layout
from vultus.gallery.encrypted.pool import ScorerPool
from vultus.gallery.encrypted.score import Scorer

PRIVATE = key("damgard_jurik", 2, "subgroup")
LAYOUT = Layout.fit(8, PRIVATE.public.plain_bits, slots=3)
VALUES = LAYOUT.quantise(unit(20, 8)).values
BLOCKS = encrypt_templates(PRIVATE.public, LAYOUT, VALUES, PRIVATE.hider())


@pytest.fixture(scope="module")
def pool() -> Iterator[ScorerPool]:
    with ScorerPool(PRIVATE.public, LAYOUT, BLOCKS, workers=2) as found:
        yield found


def test_it_answers_like_one_process(pool: ScorerPool) -> None:
    alone, probe = Scorer(PRIVATE.public, LAYOUT, BLOCKS), VALUES[4]
    assert len(pool) == len(alone) == 7
    assert pool.score(probe) == alone.score(probe)
    assert pool.score(probe, only=[5, 0, 2]) == alone.score(probe, only=[5, 0, 2])
    assert pool.score(probe, only=[]) == []
    fresh = pool.score(probe, fresh=True)
    assert not set(fresh) & set(alone.score(probe))
    assert np.array_equal(read_scores(PRIVATE, LAYOUT, fresh)[:20], VALUES @ probe)


def test_blocks_are_exchanged(pool: ScorerPool) -> None:
    pool.put(3, BLOCKS[0])
    assert pool.score(VALUES[4])[3] == pool.score(VALUES[4])[0]
    pool.put(3, BLOCKS[3])
    for at, block in ((9, BLOCKS[0]), (0, BLOCKS[0][:7])):
        with pytest.raises(InputError, match="a block of 8 ciphertexts is put at 0 to 7, not one of"):
            pool.put(at, block)
    with pytest.raises(InputError, match="must lie between 0 and its key's modulus"):
        pool.put(0, [*BLOCKS[0][:7], PRIVATE.public.modulus])
    with pytest.raises(InputError, match="one asked for is not among them"):
        pool.score(VALUES[4], only=[7])
    with pytest.raises(InputError, match="must lie between -127 and 127"):
        pool.score(VALUES[4] * 100)
    assert pool.score(VALUES[4]) == Scorer(PRIVATE.public, LAYOUT, BLOCKS).score(VALUES[4])


def test_less_than_one_process_is_none() -> None:
    with pytest.raises(ConfigError, match="workers must be at least 1, but is 0"):
        ScorerPool(PRIVATE.public, LAYOUT, [], 0)


def test_a_dead_process_is_told() -> None:
    with ScorerPool(PRIVATE.public, LAYOUT, BLOCKS, workers=1) as pool:
        pool._workers[0][0].kill()
        pool._workers[0][0].join()
        for _ in range(2):
            with pytest.raises(StoreError, match="a process of the scorer has died; start it again"):
                pool.score(VALUES[0])
    pool.close()
