from __future__ import annotations

import numpy as np
import pytest

from unit.gallery.spaces import NEW, OLD, fill, new_space, old_space
from vultus.errors import StoreError
from vultus.gallery.staging import Staging
from vultus.gallery.store import Store


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "people.vultus")
    yield store
    store.close()


def stage(store: Store, faces: range) -> Staging:
    staging = Staging(store)
    staging.begin(NEW, 32)
    staging.put(NEW, [(face_id, new_space().vector(face_id, 0)) for face_id in faces])
    return staging


def test_crops_come_once_each_and_those_that_are_ready_no_more(store):
    fill(store, range(5))
    staging = stage(store, range(2, 5))
    batches = list(staging.crops(3))
    assert [[face_id for face_id, _ in batch] for batch in batches] == [[1, 5, 6], [7, 8, 9], [10]]
    assert batches[0][0][1].startswith(b"\xff\xd8")
    found = staging.progress()
    assert (found.n_faces, found.n_ready, found.n_to_embed) == (10, 3, 7)


def test_faces_under_both_models_keep_their_people(store):
    fill(store, range(4), unknown=2)
    staging = stage(store, range(1, 11))
    both = staging.both(100)
    assert (both.old.shape, both.new.shape) == ((10, 24), (10, 32))
    assert sorted(both.people.tolist()) == [-10, -9, 1, 1, 2, 2, 3, 3, 4, 4]
    at = both.people.tolist().index(3)
    np.testing.assert_array_equal(both.old[at], old_space().vector(2, 0))
    np.testing.assert_array_equal(both.new[at], new_space().vector(5, 0))
    assert len(staging.both(3).people) == 3


def test_what_is_gathered_is_sealed_and_of_no_use_elsewhere(store):
    fill(store, range(2))
    stage(store, range(1, 5))
    plain = new_space().vector(1, 0).tobytes()
    with store.reading() as connection:
        rows = connection.execute("SELECT key_id, template FROM staged").fetchall()
    assert all(key_id > 0 and plain not in blob for key_id, blob in rows)
    # a gathered template put in the place of one in use is noticed
    with store.writing(), store.reading() as connection:
        connection.execute("UPDATE face SET template = (SELECT template FROM staged WHERE face_id = 1)"
                           " WHERE face_id = 1")  # fmt: skip
    assert "the template of face 1 is damaged" in store.check()


def test_a_template_for_a_face_that_is_gone_is_dropped_and_goes_with_its_face(store):
    fill(store, range(2))
    staging = stage(store, range(1, 5))
    staging.put(NEW, [(99, new_space().vector(1, 0))])
    assert staging.progress().n_ready == 4
    with store.writing() as writer:
        writer.remove("P0")
    assert staging.progress().n_ready == 2


def test_nothing_is_exchanged_while_faces_are_missing(store):
    fill(store, range(2))
    staging = stage(store, range(1, 4))
    assert staging.finish(NEW, None, 0) is False
    assert store.contract() == OLD
    assert staging.unready(5) == ["1-1.jpg"]
    staging.put(NEW, [(4, new_space().vector(4, 0))])
    assert staging.finish(NEW, None, 0) is True
    assert (store.contract(), store.dimension()) == (NEW, 32)
    assert staging.progress().n_ready == 0


def test_gathering_changes_nothing_for_searches(store):
    fill(store, range(3))
    before = store.revision()
    stage(store, range(1, 7))
    assert store.revision() == before


def test_searches_learn_that_everybody_has_changed(store):
    fill(store, range(3))
    before = store.revision()
    stage(store, range(1, 7)).finish(NEW, None, 0)
    changes = store.changes(before, 100)
    assert len(changes.people.person_ids) == 3
    assert changes.people.vectors.shape == (6, 32)


def test_two_migrations_do_not_mix_and_one_that_was_ended_is_noticed(store):
    fill(store, range(2))
    staging = stage(store, range(1, 3))
    with pytest.raises(StoreError, match="on its way to new:1111111111111111 since"):
        staging.begin("third:2", 8)
    staging.begin(NEW, 32)
    assert staging.roll_back() == 2
    assert staging.underway() is None
    with pytest.raises(StoreError, match="to new:1111111111111111 was ended by another program; begin it again"):
        staging.put(NEW, [(1, new_space().vector(1, 0))])
    with pytest.raises(StoreError, match="was ended by another program"):
        staging.finish(NEW, None, 0)


def test_nothing_of_the_old_or_the_gathered_templates_is_left_in_the_file(tmp_path):
    path = tmp_path / "plain.vultus"
    store = Store(path, vault=False)
    fill(store, range(3))
    staging = stage(store, range(1, 7))
    old, new = old_space().vector(1, 1).tobytes(), new_space().vector(3, 0).tobytes()
    staging.finish(NEW, None, 0)
    raw = path.read_bytes() + (path.parent / "plain.vultus-wal").read_bytes()
    assert (raw.count(old), raw.count(new)) == (0, 1)
    stage_again = Staging(store)
    stage_again.begin("third:2", 32)
    stage_again.put("third:2", [(1, new_space().vector(77, 0))])
    stage_again.roll_back()
    store.close()
    assert new_space().vector(77, 0).tobytes() not in path.read_bytes()
