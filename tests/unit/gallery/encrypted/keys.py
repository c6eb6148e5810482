"""Keys for the tests of encrypted search: far too short to protect anything, made once per run."""

from __future__ import annotations

from functools import cache

import numpy as np

from vultus.gallery.encrypted.scheme import PrivateKey, generate

KINDS = (
    ("paillier", None, "short"),
    ("paillier", None, "full"),
    ("paillier", None, "subgroup"),
    ("damgard_jurik", 1, "short"),
    ("damgard_jurik", 2, "full"),
    ("damgard_jurik", 3, "subgroup"),
    ("okamoto_uchiyama", None, "short"),
)


@cache
def key(
    scheme: str = "paillier", s: int | None = None, nonces: str = "short", bits: int = 512, seed: int = 0
) -> PrivateKey:
    """A toy key; another `seed` gives another one."""
    return generate(scheme, bits, s=s, nonces=nonces, toy=True)


def unit(*shape: int, seed: int = 0) -> np.ndarray:
    """Random unit rows."""
    rows = np.random.default_rng(seed).normal(size=shape)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)
