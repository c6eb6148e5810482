from __future__ import annotations

import json
import os
import sys
import types
from concurrent.futures import ThreadPoolExecutor

import platformdirs
import pytest

from vultus.errors import InputError, LockedError, MissingExtraError
from vultus.gallery import keys
from vultus.gallery.keys import MasterKey, find_key, find_or_make_key, keep_in_keyring, new_key, read_key, write_key


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    for name in (keys.ENV_KEY, keys.ENV_FILE, keys.ENV_KEYRING):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda *_, **__: tmp_path / "config")
    return tmp_path


def test_a_key_names_itself_and_never_shows_its_secret():
    key = MasterKey(b"a" * 32)
    assert len(key.key_id) == 16
    assert key.key_id == MasterKey(b"a" * 32, "elsewhere").key_id != new_key().key_id
    assert "aaa" not in repr(key)
    with pytest.raises(InputError, match="must be 32 bytes, but this one"):
        MasterKey(b"short")


def test_a_key_file_comes_back_and_is_its_owners_alone(home):
    key = new_key()
    write_key(key, home / "deep" / "my.key")
    assert read_key(home / "deep" / "my.key").secret == key.secret
    assert (home / "deep" / "my.key").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in (home / "deep").iterdir()] == ["my.key"]
    with pytest.raises(FileExistsError):
        write_key(new_key(), home / "deep" / "my.key")
    assert read_key(home / "deep" / "my.key").secret == key.secret


def test_files_that_are_no_keys(home):
    file = home / "my.key"
    with pytest.raises(LockedError, match="cannot read the key file"):
        read_key(file)
    write_key(new_key(), file)
    good = json.loads(file.read_text())
    for bad, message in (
        ({}, "is no Vultus key file, or damaged: 'schema'"),
        ([], "is no Vultus key file"),
        (good | {"schema": "x"}, r"its schema must be vultus\.master-key/1"),
        (good | {"key": "zz"}, "is no Vultus key file"),
        (good | {"key": "00" * 32}, "key and key_id do not belong together"),
        (good | {"key": "00"}, "must be 32 bytes"),
    ):
        file.write_text(json.dumps(bad))
        with pytest.raises(InputError, match=message):
            read_key(file)
    file.write_bytes(b"\xff\x00")
    with pytest.raises(InputError, match="is no Vultus key file"):
        read_key(file)
    file.chmod(0o644)
    with pytest.raises(LockedError, match=r"may be read by others; protect it: chmod 600"):
        read_key(file)


def test_a_folder_that_may_not_be_written(home):
    (home / "file").write_text("")
    with pytest.raises(LockedError, match="cannot write the key file"):
        write_key(new_key(), home / "file" / "my.key")


def test_places_are_looked_at_in_order(home, monkeypatch):
    with pytest.raises(LockedError, match=r"is locked: it needs the master key 00, but none was given"):
        find_key("00", gallery=home / "g")
    made = find_or_make_key()
    assert made.origin == str(keys.default_path())
    assert find_or_make_key().secret == made.secret
    write_key(new_key(), home / "other.key")
    monkeypatch.setenv(keys.ENV_FILE, str(home / "other.key"))
    assert find_or_make_key().origin == str(home / "other.key")
    monkeypatch.setenv(keys.ENV_KEY, "ab" * 32)
    assert find_or_make_key().secret == bytes.fromhex("ab" * 32)
    assert find_or_make_key(home / "other.key").origin == str(home / "other.key")
    given = new_key("given")
    assert find_or_make_key(given) is given
    assert find_key(made.key_id, given, gallery=home).secret == made.secret, "the last place has it"
    with pytest.raises(LockedError, match=r"given has [0-9a-f]{16}; VULTUS_MASTER_KEY has"):
        find_key("00", given, gallery=home / "g")
    monkeypatch.setenv(keys.ENV_KEY, "ab")
    with pytest.raises(InputError, match="VULTUS_MASTER_KEY must be 64 hexadecimal digits"):
        find_or_make_key()


def test_many_make_the_first_key_at_once():
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: find_or_make_key().secret, range(32)))) == 1


def test_the_keyring_of_the_operating_system(monkeypatch):
    kept = {}

    class KeyringError(Exception):
        pass

    ring = types.ModuleType("keyring")
    ring.get_password = lambda service, account: kept.get((service, account))
    ring.set_password = lambda service, account, word: kept.update({(service, account): word})
    errors = types.ModuleType("keyring.errors")
    errors.KeyringError = KeyringError
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    monkeypatch.setenv(keys.ENV_KEYRING, "1")
    key = new_key()
    keep_in_keyring(key)
    assert find_or_make_key() == MasterKey(key.secret, "the keyring")

    def refuse(*_):
        raise KeyringError("no session")

    ring.get_password = ring.set_password = refuse
    with pytest.raises(LockedError, match="the keyring does not answer: no session"):
        find_or_make_key()
    with pytest.raises(LockedError, match="the keyring refuses the master key: no session"):
        keep_in_keyring(key)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(MissingExtraError, match=r"vultus\[keyring\]"):
        find_or_make_key()


def test_environment_of_the_tests_is_restored():
    assert keys.ENV_KEY not in os.environ
