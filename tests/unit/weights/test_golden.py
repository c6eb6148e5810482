from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from unit.weights.conftest import toy
from vultus.errors import ConfigError
from vultus.weights.golden import check_golden, golden_chip, make_golden
from vultus.weights.manifest import Pack
from vultus.weights.schema import parse_pack


@pytest.fixture
def pack() -> Pack:
    return parse_pack(toy(), where="toy", directory=Path("/nowhere"))


def embed(chips: NDArray[np.uint8]) -> NDArray[np.float32]:
    sums = chips.reshape(len(chips), -1, 3).astype(np.float32).mean(1)[:, :2]
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


def test_the_chip_never_changes() -> None:
    chip = golden_chip(112)
    assert chip.shape == (112, 112, 3)
    assert chip.dtype == np.uint8
    assert hashlib.sha256(chip.tobytes()).hexdigest()[:16] == "6afacac55dad1ddc"


def test_the_same_embedder_passes_and_another_does_not(pack: Pack) -> None:
    golden = replace(pack, golden=make_golden(pack, embed))
    same = check_golden(golden, embed)
    assert same is not None
    assert same.passed
    assert same.cosine == pytest.approx(1.0, abs=1e-6)
    other = check_golden(golden, lambda chips: embed(chips)[:, ::-1] * np.float32([1, -1]))
    assert other is not None
    assert not other.passed


def test_a_pack_without_reference_is_not_checked(pack: Pack) -> None:
    assert check_golden(pack, embed) is None


@pytest.mark.parametrize("golden", [{}, {"vector": "!", "cosine_min": 1}, {"vector": "AAAA", "cosine_min": 1}])
def test_malformed_reference(pack: Pack, golden: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="the golden section of pack toy needs vector"):
        check_golden(replace(pack, golden=golden), embed)


def test_reference_of_another_length(pack: Pack) -> None:
    with pytest.raises(ConfigError, match="the golden vector of pack toy must have 2 numbers, but has 1"):
        check_golden(replace(pack, golden={"vector": "AACAPw==", "cosine_min": 0.9}), embed)
