from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import ConfigError, InputError, ShapeError
from vultus.gallery.cluster import cluster


def people(counts: list[int], noise: float = 0.05, dimension: int = 32, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    centres = np.repeat(np.linalg.qr(random.normal(size=(dimension, dimension)))[0][: len(counts)], counts, axis=0)
    rows = centres + noise * random.normal(size=centres.shape)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def same(first, second) -> bool:
    """Equal up to the numbers of the groups."""
    first, second = np.asarray(first), np.asarray(second)
    return bool(((first[:, None] == first) == (second[:, None] == second)).all())


def test_groups_are_numbered_by_size():
    labels = cluster(people([1, 5, 3]), threshold=0.5)
    assert labels.tolist() == [2, 0, 0, 0, 0, 0, 1, 1, 1]
    assert labels.dtype == np.int64


def test_no_faces_and_one_face():
    assert cluster(np.zeros((0, 8), np.float32), threshold=0.5).tolist() == []
    assert cluster(people([1]), threshold=0.5).tolist() == [0]


@given(st.integers(2, 60), st.floats(-0.2, 0.95), st.integers(0, 10_000))
def test_like_average_linkage(count, threshold, seed):
    hierarchy = pytest.importorskip("scipy.cluster.hierarchy")
    random = np.random.default_rng(seed)
    rows = random.normal(size=(6, 8))[random.integers(0, 6, count)] + random.normal(size=(count, 8))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    tree = hierarchy.linkage(rows.astype(np.float64), "average", metric="cosine")
    if np.abs(tree[:, 2] - (1 - threshold)).min() < 1e-5:
        return
    wanted = hierarchy.fcluster(tree, 1 - threshold, "distance")
    assert same(cluster(rows, threshold=threshold, neighbours=count), wanted)


def test_a_burst_larger_than_the_neighbourhood_stays_one_person():
    vectors = people([100, 100])
    vectors[:50] = vectors[0]
    assert same(cluster(vectors, threshold=0.5, neighbours=3), [0] * 100 + [1] * 100)


def test_two_faces_of_one_picture_are_two_people():
    twins = people([6], noise=0.01)
    assert cluster(twins, threshold=0.5).tolist() == [0] * 6
    labels = cluster(twins, threshold=0.5, pictures=["a", "a", "b", "b", "c", "c"])
    assert sorted(np.bincount(labels).tolist()) == [3, 3]
    assert all(labels[at] != labels[at + 1] for at in (0, 2, 4))


@given(st.lists(st.integers(0, 8), min_size=1, max_size=40), st.integers(1, 40), st.integers(0, 99))
def test_cannot_link_holds_always(pictures, neighbours, seed):
    vectors = people([len(pictures)], noise=0.2, seed=seed)
    labels = cluster(vectors, threshold=0.1, pictures=pictures, neighbours=neighbours)
    assert len(set(zip(labels.tolist(), pictures, strict=True))) == len(pictures)


def test_order_of_faces_does_not_matter():
    vectors, order = people([4, 7, 9, 2], noise=0.15), np.random.default_rng(1).permutation(22)
    assert same(cluster(vectors, threshold=0.4)[order], cluster(vectors[order], threshold=0.4))


def test_blocks_do_not_matter(monkeypatch):
    vectors = people([4, 7, 9, 2], noise=0.15)
    whole = cluster(vectors, threshold=0.4)
    monkeypatch.setattr("vultus.gallery.cluster._BLOCK_NUMBERS", 50)
    assert cluster(vectors, threshold=0.4).tolist() == whole.tolist()


def test_bad_arguments():
    vectors = people([3])
    with pytest.raises(ShapeError, match=r"vectors must be \(N, D\), but is \(3,\)"):
        cluster(np.ones(3, np.float32), threshold=0.5)
    with pytest.raises(InputError, match="one picture per face, but there are 2 for 3 faces"):
        cluster(vectors, threshold=0.5, pictures=["a", "b"])
    with pytest.raises(ConfigError, match=r"threshold must be a cosine from -1 to 1, but is 1\.5"):
        cluster(vectors, threshold=1.5)
    with pytest.raises(ConfigError, match="neighbours must be at least 1, but is 0"):
        cluster(vectors, threshold=0.5, neighbours=0)
