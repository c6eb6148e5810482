from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unit.gallery.encrypted.keys import key, unit
from vultus.errors import ConfigError, InputError, ShapeError
from vultus.gallery.doors import open_door
from vultus.gallery.encrypted.door import EncryptedDoor
from vultus.gallery.encrypted.keyfile import save_private
from vultus.gallery.search import ExactDoor
from vultus.gallery.templates import Changes, Templates


def faces(counts: list[int], *, first: int = 1, dimension: int = 16, seed: int = 0) -> Templates:
    """People about a common direction."""
    random = np.random.default_rng(seed)
    middle = np.repeat(0.3 * random.normal(size=(len(counts), dimension)) + np.eye(dimension)[0], counts, axis=0)
    rows = middle + 0.1 * random.normal(size=(sum(counts), dimension))
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    ids = np.arange(first, first + len(counts))
    starts = np.cumsum([0, *counts])[:-1]
    return Templates(1, [f"p{n}" for n in ids], starts, 1000 * first + np.arange(len(rows)), vectors, ids)


def same(ours: list, theirs: list, tolerance: float = 2e-4) -> None:
    """Similarities agree; where those of neighbours differ, so do the people."""
    for one, other in zip(ours, theirs, strict=True):
        assert [c.similarity for c in one] == pytest.approx([c.similarity for c in other], abs=tolerance)
        known = {c.name: c for c in other}
        for c in one:
            if c.name in known:
                assert c.similarity == pytest.approx(known[c.name].similarity, abs=tolerance)


@pytest.mark.parametrize("rule", ["average", "best"])
@pytest.mark.parametrize("background", [0.0, 0.5])
def test_it_answers_like_the_exact_door(rule: str, background: float) -> None:
    templates = faces([1, 3, 2, 1, 5] * 8)
    probes = unit(6, 16, seed=3).astype(np.float32)
    probes[0] = templates.vectors[7]
    exact = ExactDoor(templates, rule, background)  # type: ignore[arg-type]
    door = EncryptedDoor(templates, rule, background, key=key(), precision=14)  # type: ignore[arg-type]
    within = np.array([0, 3, 4, 20, 39])
    assert (door.n_people, door.n_templates, door.recall) == (exact.n_people, exact.n_templates, None)
    assert door.count(within) == exact.count(within)
    assert np.array_equal(door.positions(np.array([5, 99, 2])), exact.positions(np.array([5, 99, 2])))
    same(door.search(probes, 5), exact.search(probes, 5))
    same(door.search(probes, 99, within), exact.search(probes, 99, within))
    assert [c.face_id for c in door.search(probes[:1], 1)[0]] == [c.face_id for c in exact.search(probes[:1], 1)[0]]
    assert door.search(probes, 3, np.zeros(0, np.int64)) == [[]] * 6


@pytest.mark.parametrize("rule", ["average", "best"])
def test_it_follows_changes(rule: str) -> None:
    before, after = faces([1, 2, 3] * 4), faces([2, 1], first=11, seed=5)
    door = EncryptedDoor(before, rule, key=key(), precision=14)  # type: ignore[arg-type]
    assert door.update(Changes(2, np.array([3, 6]), after))
    left = [n for n in range(12) if n + 1 not in (3, 6, 11, 12)]
    rows = [before.vectors[before.starts[n] : np.append(before.starts, 24)[n + 1]] for n in left]
    rows += [after.vectors[:2], after.vectors[2:]]
    starts = np.cumsum([0, *(len(own) for own in rows)])[:-1]
    now = Templates(
        2, [*(f"p{n + 1}" for n in left), "p11", "p12"], starts, np.arange(sum(map(len, rows))), np.vstack(rows)
    )
    probes = unit(4, 16, seed=8).astype(np.float32)
    same(door.search(probes, 5), ExactDoor(now, rule).search(probes, 5))  # type: ignore[arg-type]
    assert door.n_people == 10
    nobody = Templates(3, [], np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 16), np.float32))
    assert door.update(Changes(3, np.array([11]), nobody))
    assert door.n_people == 9
    assert not door.update(Changes(3, np.zeros(0, np.int64), faces([1], dimension=8)))


def test_an_empty_gallery_answers_nothing() -> None:
    empty = Templates(0, [], np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 0), np.float32))
    door = EncryptedDoor(empty, key=key())
    assert door.search(np.zeros((2, 128), np.float32), 3) == [[], []]
    assert not door.update(Changes(1, np.zeros(0, np.int64), faces([1])))


def test_it_is_opened_by_name_with_its_options(tmp_path: Path) -> None:
    save_private(key("damgard_jurik", 2, "subgroup"), tmp_path / "owner.key")
    door = open_door("encrypted", faces([1, 1]), "average", 0.0, {"key": tmp_path / "owner.key"})
    assert door.search(faces([1, 1]).vectors[1:], 1)[0][0].name == "p2"
    for name, value in (("bits", "x"), ("bits", None), ("precision", 8.5), ("precision", True)):
        with pytest.raises(InputError, match=f"{name} of the encrypted door must be a whole number, but is"):
            open_door("encrypted", faces([1]), "average", 0.0, {name: value})
    with pytest.raises(ConfigError, match="bits must be an even number"):
        open_door("encrypted", faces([1]), "average", 0.0, {"bits": 12})
    with pytest.raises(ConfigError, match="has no option 'colour'"):
        open_door("encrypted", faces([1]), "average", 0.0, {"colour": "red"})


def test_bad_questions_are_refused() -> None:
    door = EncryptedDoor(faces([1, 2]), key=key())
    with pytest.raises(InputError, match="top must be at least 1"):
        door.search(unit(1, 16).astype(np.float32), 0)
    with pytest.raises(ShapeError, match="probes must be"):
        door.search(unit(1, 15).astype(np.float32), 1)
    with pytest.raises(InputError, match="no longer than 1"):
        door.search(3 * unit(1, 16).astype(np.float32), 1)
