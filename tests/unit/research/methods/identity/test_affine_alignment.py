from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.research.methods.identity import affine_alignment as method
from vultus.research.methods.identity.affine_alignment import Config, Faces, RandomTurn, Unaligned

SMALL = Config(people=20, pictures=3, first=12, second=16, identity=8, nuisance=8, pixels=48, share=0.5)


def test_nobody_is_fitted_on_and_tested():
    made = method.data(SMALL, 3, None)
    assert not set(made.train.people) & set(made.test.people)
    assert len(set(made.train.people)) == len(set(made.test.people)) == 20
    assert made.train.first.shape == (60, 12)
    assert made.train.second.shape == (60, 16)
    np.testing.assert_allclose(np.linalg.norm(made.test.first, axis=1), 1, rtol=1e-5)
    assert not np.array_equal(made.destroyed.second, made.train.second)
    assert sorted(made.destroyed.second[:, 0]) == sorted(made.train.second[:, 0])


def test_without_a_map_numbers_are_cut_or_filled_up():
    rows = np.eye(4, dtype=np.float32)
    longer, shorter = Faces(rows, np.ones((4, 6), np.float32), np.arange(4)), Faces(rows, rows[:, :2], np.arange(4))
    for faces, length in ((longer, 6), (shorter, 2)):
        for model in (Unaligned(), RandomTurn()):
            model.fit(faces, 0)
            assert model.apply(rows).shape == (4, length)
    model = Unaligned()
    model.fit(shorter, 0)
    np.testing.assert_array_equal(model.apply(rows)[:2], rows[:2, :2])


def test_a_perfect_map_finds_everybody():
    rows = np.linalg.qr(np.random.default_rng(0).normal(size=(40, 40)))[0][:, :12].astype(np.float32)
    people = np.repeat(np.arange(20), 2)
    rows = np.repeat(rows[::2], 2, axis=0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    model = Unaligned()
    faces = Faces(rows, rows, people)
    model.fit(faces, 0)
    assert method.score(model, faces) == {"tmr_at_fmr_1e-2": 1.0, "rank_1": 1.0, "share_of_own": 1.0}


def test_spaces_of_ones_own(tmp_path):
    random = np.random.default_rng(0)
    people = np.repeat(["ada", "bob", "cem", "dan"], 3)
    for name, length in (("first", 5), ("second", 7)):
        np.savez(tmp_path / f"{name}.npz", vectors=random.normal(size=(12, length)), people=people)
    found = method.data(SMALL, 1, tmp_path)
    assert (found.train.first.shape[1], found.train.second.shape[1]) == (5, 7)
    assert len(set(found.train.people) | set(found.test.people)) == 4
    np.savez(tmp_path / "second.npz", vectors=random.normal(size=(12, 7)), people=people[::-1])
    with pytest.raises(InputError, match="must be of the same pictures in the same order"):
        method.data(SMALL, 1, tmp_path)
    np.savez(tmp_path / "second.npz", vectors=random.normal(size=(12, 7)))
    with pytest.raises(InputError, match=r"must hold `vectors` \(N, D\) and `people` \(N,\) of a model"):
        method.data(SMALL, 1, tmp_path)
    (tmp_path / "second.npz").write_bytes(b"no zip")
    with pytest.raises(InputError, match="cannot be read"):
        method.data(SMALL, 1, tmp_path)
