from __future__ import annotations

import pytest

from unit.gallery.fake import FakeEngine, person, picture
from vultus.errors import InputError, LockedError, StoreError
from vultus.gallery import Gallery
from vultus.gallery.keys import find_or_make_key, new_key, write_key


def opened(path, **more):
    return Gallery.open(path, engine=FakeEngine(), **more)


def fill(gallery):
    gallery.enroll("Ada", [picture(person("Ada", seed=n)) for n in range(2)], collection="staff")
    gallery.enroll("Bob", picture(person("Bob")))


def asked(gallery):
    return [found.name for found in gallery.identify(picture(person("Ada", seed=9), person("Bob", seed=9)))]


def logged(gallery):
    return [entry.detail.get("what") for entry in gallery.audit_log() if entry.action == "key"]


def test_the_state_names_the_keys(path):
    with opened(path) as gallery:
        fill(gallery)
        state = gallery.vault_state()
    assert (state.on, state.master_id, state.origin) == (True, find_or_make_key().key_id, "VULTUS_MASTER_KEY")
    assert [(key.collection, key.n_faces) for key in state.data_keys] == [("", 0), ("staff", 2), ("default", 1)]


def test_rotation_keeps_the_people(path):
    with opened(path) as gallery:
        fill(gallery)
        before = {key.key_id for key in gallery.vault_state().data_keys}
        assert gallery.rotate() == 3
        after = {key.key_id: key.collection for key in gallery.vault_state().data_keys}
        assert [after[key_id] for key_id in after.keys() & before] == [""]
        assert asked(gallery) == ["Ada", "Bob"]
        assert gallery.check() == []
        assert logged(gallery)[-1] == "rotated"


def test_another_master_key(path, tmp_path):
    key = new_key()
    write_key(key, tmp_path / "my.key")
    with opened(path) as gallery:
        fill(gallery)
        gallery.rekey(tmp_path / "my.key")
        assert asked(gallery) == ["Ada", "Bob"]
    with pytest.raises(LockedError, match=key.key_id):
        opened(path)
    with opened(path, key=key) as gallery:
        assert asked(gallery) == ["Ada", "Bob"]
        gallery.rekey(find_or_make_key())
    with opened(path) as gallery:
        assert asked(gallery) == ["Ada", "Bob"]


def test_a_change_of_keys_that_fails_leaves_the_old_ones(path, monkeypatch):
    with opened(path) as gallery:
        fill(gallery)
        state = gallery.vault_state()

        def full(*_):
            raise StoreError("the disk is full")

        monkeypatch.setattr("vultus.gallery.writer.Writer.finish", full)
        for change in (gallery.rotate, lambda: gallery.rekey(new_key()), lambda: gallery.shred("staff")):
            with pytest.raises(StoreError, match="the disk is full"):
                change()
        monkeypatch.undo()
        assert gallery.vault_state() == state
        assert asked(gallery) == ["Ada", "Bob"]
        gallery.enroll("Cem", picture(person("Cem")), collection="new")
        assert gallery.check() == []


def test_a_shredded_collection_is_gone(path):
    with opened(path) as gallery:
        fill(gallery)
        assert gallery.shred("staff") == 1
        assert asked(gallery) == [None, "Bob"]
        assert [key.collection for key in gallery.vault_state().data_keys] == ["", "default"]
        with pytest.raises(InputError, match="there is no collection 'staff' in this gallery"):
            gallery.shred("staff")
        with pytest.raises(InputError, match="name the collection to be destroyed"):
            gallery.shred("")


def test_a_plain_gallery_is_sealed_later(path):
    with opened(path, vault=False) as gallery:
        fill(gallery)
        assert gallery.vault_state().on is False
        for verb in (gallery.rotate, lambda: gallery.rekey(new_key())):
            with pytest.raises(LockedError, match="is not encrypted; lock it first: vultus vault seal"):
                verb()
        assert gallery.seal() == 3
        assert asked(gallery) == ["Ada", "Bob"]
        with pytest.raises(InputError, match="is encrypted already; for new keys: vultus vault rotate"):
            gallery.seal()
    with opened(path) as gallery:
        assert gallery.vault_state().on is True
        assert asked(gallery) == ["Ada", "Bob"]
        assert gallery.check() == []
