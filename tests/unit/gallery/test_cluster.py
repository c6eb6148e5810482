from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import ConfigError, InputError, ShapeError
from vultus.gallery.cluster import cluster, follow, keep_numbers
from vultus.types import Calibration, CalibrationPoint


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


def test_who_has_many_forbidden_faces_nearest_still_finds_the_other():
    vectors, before = people([12], noise=0.01), [-1] * 11 + [0]
    labels = cluster(vectors, threshold=0.1, pictures=["crowd"] * 11 + ["alone"], neighbours=2, before=before)
    assert np.bincount(labels).tolist() == [2, *[1] * 10]


@given(st.integers(2, 40), st.integers(1, 5), st.integers(0, 10_000))
def test_no_two_groups_that_reach_the_threshold_stay_apart(count, neighbours, seed):
    random = np.random.default_rng(seed)
    vectors = people([count], noise=0.3, seed=seed)
    pictures = random.integers(0, count, count).tolist()
    labels = cluster(vectors, threshold=0.3, pictures=pictures, neighbours=neighbours)
    groups = [np.flatnonzero(labels == group) for group in range(labels.max() + 1)]
    for at, one in enumerate(groups):
        for other in groups[:at]:
            allowed = {pictures[face] for face in one}.isdisjoint(pictures[face] for face in other)
            assert not allowed or (vectors[one] @ vectors[other].T).mean() < 0.3 + 1e-5


def test_together_and_apart_are_stronger_than_looks():
    vectors = people([3, 3])
    assert cluster(vectors, threshold=0.2).tolist() == [0, 0, 0, 1, 1, 1]
    assert cluster(vectors, threshold=0.2, together=[(0, 3)]).tolist() == [0] * 6
    labels = cluster(vectors, threshold=0.5, apart=[(0, 1)])
    assert labels[0] != labels[1]
    assert sorted(np.bincount(labels)) == [1, 2, 3]
    one_of_both = cluster(vectors, threshold=0.5, pictures=list("aabcde"), together=[(0, 1)])
    assert one_of_both[0] == one_of_both[1]


@given(st.integers(3, 30), st.integers(0, 10_000), st.sampled_from([1, 4, 32]))
def test_links_hold_always(count, seed, neighbours):
    random = np.random.default_rng(seed)
    vectors = people([count], noise=0.2, seed=seed)
    person = random.integers(0, 4, count)
    pairs = random.integers(0, count, (count, 2))
    same = person[pairs[:, 0]] == person[pairs[:, 1]]
    labels = cluster(vectors, threshold=0.1, neighbours=neighbours, together=pairs[same], apart=pairs[~same])
    assert (labels[pairs[same, 0]] == labels[pairs[same, 1]]).all()
    assert (labels[pairs[~same, 0]] != labels[pairs[~same, 1]]).all()


def test_groups_so_far_are_kept_and_new_faces_join_them():
    vectors = people([4, 4])
    before = [7, 7, 3, 3, 5, 5, -1, -1]
    labels = cluster(vectors, threshold=0.5, before=before)
    assert same(labels, [1, 1, 2, 2, 3, 3, 3, 3])
    labels = cluster(vectors, threshold=0.5, before=[7, 7, 3, -1, 5, 5, -1, -1])
    assert same(labels, [1, 1, 1, 1, 3, 3, 3, 3]), "a new face between two groups of its person joins them"


@given(st.integers(4, 60), st.integers(1, 4), st.integers(0, 10_000))
def test_in_several_goes_nobody_loses_the_group(count, goes, seed):
    vectors = people([count // 2, count - count // 2], noise=0.25, seed=seed)
    pictures = np.random.default_rng(seed).integers(0, count, count).tolist()
    labels = np.full(count, -1)
    for end in np.linspace(1, count, goes + 1).astype(int).tolist():
        old = labels[:end]
        labels[:end] = keep_numbers(
            old, cluster(vectors[:end], threshold=0.35, pictures=pictures[:end], before=old), labels.max() + 1
        )
        together = (old[:, None] == old) & (old >= 0)
        assert (labels[:end][:, None] == labels[:end])[together].all()
    assert len(set(zip(labels.tolist(), pictures, strict=True))) == count


def test_the_threshold_may_follow_the_number_of_groups():
    vectors = people([4, 4, 4], noise=0.12)
    seen = []

    def rule(groups):
        seen.append(groups)
        return 0.1 + 0.05 * groups

    labels = cluster(vectors, threshold=rule)
    assert seen[-1] == labels.max() + 1 == 3
    assert same(labels, cluster(vectors, threshold=0.1 + 0.05 * 3))
    assert len(set(seen)) > 2, "it was to fall in steps"


def test_more_groups_need_a_higher_threshold():
    points = [CalibrationPoint(0.1, 0.3, 0.3, 0.3), CalibrationPoint(0.001, 0.5, 0.5, 0.5)]
    rule = follow(Calibration("made-up", "nobody", 3000, 10, tuple(points)))
    assert (rule(0), rule(1)) == (pytest.approx(0.3), pytest.approx(0.3))
    assert rule(15) == pytest.approx(0.4)
    assert rule(10**6) == pytest.approx(0.5)


def test_numbers_stay_with_most_of_their_faces():
    def kept(before, after):
        return keep_numbers(np.array(before), np.array(after), 90).tolist()

    assert kept([4, 4, 4, 8, -1, -1], [1, 1, 1, 0, 0, 2]) == [4, 4, 4, 8, 8, 90]
    assert kept([4, 4, 8], [0, 0, 0]) == [4, 4, 4]
    assert kept([8, 4], [0, 0]) == [4, 4]
    assert kept([4, 4, 4, 4], [5, 0, 0, 1]) == [90, 4, 4, 91]
    assert kept([-1, -1], [1, 0]) == [90, 91]
    assert kept([], []) == []


def test_progress_ends_with_all_faces(monkeypatch):
    monkeypatch.setattr("vultus.gallery.cluster._BLOCK_NUMBERS", 50)
    seen: list[int] = []
    cluster(people([4, 7, 9, 2]), threshold=0.4, progress=seen.append)
    assert seen == sorted(seen)
    assert (len(seen), seen[-1]) == (11, 22)


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
    with pytest.raises(ShapeError, match=r"before must be \(3,\), but is \(2,\)"):
        cluster(vectors, threshold=0.5, before=[0, 1])
    with pytest.raises(ShapeError, match=r"together must be \(K, 2\), but is \(3,\)"):
        cluster(vectors, threshold=0.5, together=[0, 1, 2])
    with pytest.raises(InputError, match="apart must name faces from 0 to 2, but holds 0 to 3"):
        cluster(vectors, threshold=0.5, apart=[(0, 3)])
    with pytest.raises(InputError, match="faces 2 and 0 are of one group and set apart; take one of the two back"):
        cluster(vectors, threshold=0.5, together=[(0, 1), (1, 2)], apart=[(2, 0)])
