from __future__ import annotations

import sqlite3

import pytest

from vultus.errors import LockedError, StoreError
from vultus.gallery.keys import MasterKey, new_key
from vultus.gallery.vault import GALLERY, PLAIN, Vault

KEY = MasterKey(b"k" * 32)


@pytest.fixture
def connection():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(
        "CREATE TABLE data_key (key_id INTEGER PRIMARY KEY AUTOINCREMENT, collection TEXT, master_id TEXT,"
        " wrapped BLOB, created_at TEXT)"
    )
    yield connection
    connection.close()


@pytest.fixture
def vault():
    return Vault("g1", KEY)


def test_what_is_sealed_comes_back_and_is_not_to_be_seen(vault, connection):
    key_id = vault.key_of(connection, "staff", "now")
    assert key_id == vault.key_of(connection, "staff", "now") != vault.key_of(connection, "guests", "now")
    sealed = vault.seal(key_id, "template", 7, b"secret" * 20)
    assert b"secret" not in sealed
    assert sealed != vault.seal(key_id, "template", 7, b"secret" * 20), "never the same twice"
    assert vault.open(key_id, "template", 7, sealed) == b"secret" * 20
    other = Vault("g1", KEY)
    other.load(connection)
    assert other.open(key_id, "template", 7, sealed) == b"secret" * 20


def test_values_that_were_changed_or_moved(vault, connection):
    key_id = vault.key_of(connection, "staff", "now")
    sealed = vault.seal(key_id, "template", 7, b"secret")
    stranger = Vault("g2", KEY)
    stranger._keys = vault._keys
    changed = bytes([sealed[0] ^ 1]) + sealed[1:]
    for one, kind, row, blob in (
        (vault, "template", 8, sealed), (vault, "crop", 7, sealed), (stranger, "template", 7, sealed),
        (vault, "template", 7, changed), (vault, "template", 7, sealed[:-1]), (vault, "template", 7, b""),
    ):  # fmt: skip
        with pytest.raises(StoreError, match="is damaged, or was moved there from another row"):
            one.open(key_id, kind, row, blob)


def test_a_vault_that_is_off_leaves_everything_plain(connection):
    vault = Vault("g1", None)
    assert not vault.on
    assert vault.key_of(connection, "staff", "now") == PLAIN
    assert vault.seal(PLAIN, "template", 7, b"open") == b"open" == vault.open(PLAIN, "template", 7, b"open")
    assert vault.derive(connection, "index", b"", "now") is None
    with pytest.raises(LockedError, match="the vault of this gallery is off"):
        vault.new_key(connection, "staff", "now")


def test_a_forgotten_key_takes_its_values_along(vault, connection):
    key_id = vault.key_of(connection, "staff", "now")
    sealed = vault.seal(key_id, "template", 7, b"secret")
    connection.execute("DELETE FROM data_key")
    vault.load(connection)
    with pytest.raises(LockedError, match=f"sealed with key {key_id}, which is not at hand"):
        vault.open(key_id, "template", 7, sealed)


def test_another_master_key_opens_nothing(vault, connection):
    vault.key_of(connection, "staff", "now")
    with pytest.raises(LockedError, match="does not open data key 1"):
        Vault("g1", new_key()).load(connection)


def test_a_new_master_key_leaves_what_is_sealed(vault, connection):
    key_id = vault.key_of(connection, "staff", "now")
    sealed = vault.seal(key_id, "template", 7, b"secret")
    master = new_key()
    vault.rewrap(connection, master)
    fresh = Vault("g1", master)
    fresh.load(connection)
    assert fresh.open(key_id, "template", 7, sealed) == b"secret"
    assert connection.execute("SELECT DISTINCT master_id FROM data_key").fetchall() == [(master.key_id,)]
    with pytest.raises(LockedError, match="does not open"):
        Vault("g1", KEY).load(connection)


def test_keys_made_by_another_process_are_fetched(vault, connection):
    first = Vault("g1", KEY)
    key_id = first.key_of(connection, "staff", "now")
    assert vault.key_of(connection, "staff", "now") == key_id
    assert vault.open(key_id, "x", 1, first.seal(key_id, "x", 1, b"1")) == b"1"


def test_derived_keys_differ_by_purpose_and_salt(vault, connection):
    vault.new_key(connection, GALLERY, "now")
    one = vault.derive(connection, "index", b"a", "now")
    assert len(one) == 32
    assert one == vault.derive(connection, "index", b"a", "now")
    assert (
        len({one, vault.derive(connection, "index", b"b", "now"), vault.derive(connection, "audit", b"a", "now")}) == 3
    )


def test_a_derived_key_is_lost_with_the_data_keys_it_needs(vault, connection):
    own, staff = vault.new_key(connection, GALLERY, "now"), vault.new_key(connection, "staff", "now")
    assert vault.key_ids == (own, staff)
    one = vault.derive(connection, "index", b"a", "now", vault.key_ids)
    assert one not in (None, vault.derive(connection, "index", b"a", "now"))
    connection.execute("DELETE FROM data_key WHERE key_id = ?", (staff,))
    vault.load(connection)
    with pytest.raises(KeyError):
        vault.derive(connection, "index", b"a", "now", (own, staff))


def test_a_key_whose_making_was_undone_is_not_used_again(vault, connection):
    connection.execute("BEGIN")
    undone = vault.new_key(connection, "staff", "now")
    connection.execute("ROLLBACK")
    other = Vault("g1", KEY)
    assert other.new_key(connection, "staff", "now") == undone
    sealed = other.seal(undone, "template", 7, b"secret")
    vault.load(connection)
    assert vault.open(undone, "template", 7, sealed) == b"secret"
