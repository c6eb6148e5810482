from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from vultus.errors import ConfigError, InputError, UnknownNameError
from vultus.service.database import NAME, Database
from vultus.service.keystore import LOCAL, Key, KeyStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> KeyStore:
    return KeyStore(database)


def test_a_key_is_known_by_its_text_alone(store: KeyStore, tmp_path: Path) -> None:
    key, text = store.add("front door", ["search", "read"], ["staff"], 5.0)
    assert text.startswith(f"vultus_{key.key_id}_")
    assert store.check(text) == key == store.get(key.key_id)
    assert store.check(f"{text[:-1]}{'a' if text[-1] != 'a' else 'b'}") is None
    assert store.check("vultus_00000000_" + "x" * 43) is None
    assert store.check("nonsense") is None
    secret = text.rpartition("_")[2].encode()
    assert all(secret not in file.read_bytes() for file in tmp_path.glob(f"{NAME}*"))


def test_after_the_first_time_no_scrypt_is_needed(store: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    key, text = store.add("a", ["read"])
    assert store.recognise(text) is None
    store.check(text)
    monkeypatch.setattr("vultus.service.keystore._digest", lambda *_: pytest.fail("scrypt"))
    assert store.recognise(text) == key
    assert store.recognise(text + "x") is None


def test_a_revoked_key_is_useless_at_once_in_every_process(store: KeyStore, tmp_path: Path) -> None:
    store.add("boss", ["admin"])
    key, text = store.add("a", ["read"])
    store.check(text)
    elsewhere = Database(tmp_path)
    revoked = KeyStore(elsewhere).revoke(key.key_id)
    elsewhere.close()
    assert revoked.revoked_at is not None
    assert store.recognise(text) is None
    assert store.check(text) is None


def test_the_last_admin_stays(store: KeyStore) -> None:
    first, _ = store.add("boss", ["admin"])
    with pytest.raises(ConfigError, match="is the last admin key; make another one first"):
        store.revoke(first.key_id)
    store.add("second", ["admin"])
    store.revoke(first.key_id)
    assert store.has_admin()


def test_roles_and_collections() -> None:
    assert LOCAL.may("audit")
    key = Key("1", "a", ("search",), ("staff",))
    assert key.may()
    assert key.may("read", "search")
    assert not key.may("read")
    assert key.reaches("staff")
    assert not key.reaches("guests")


@pytest.mark.parametrize(
    ("name", "roles", "collections", "rate", "message"),
    [
        (" ", ["read"], ["*"], None, "the name of a key must be 1 to 80 visible characters"),
        ("a\nb", ["read"], ["*"], None, "the name of a key must be"),
        (
            "a",
            ["king"],
            ["*"],
            None,
            "one or more of the roles admin, enrol, search, read, audit, but not 'king'",
        ),
        ("a", [], ["*"], None, "a key has one or more of the roles"),
        ("a", ["read"], ["../x"], None, "a collection of a key is an id such as 'staff'"),
        ("a", ["read"], ["*", "staff"], None, "a key is for '\\*', which is every collection"),
        ("a", ["read"], ["*"], 0.0, "the rate of a key must be requests per second above 0"),
    ],
)
def test_what_no_key_can_be(
    store: KeyStore, name: str, roles: list[str], collections: list[str], rate: float | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        store.add(name, roles, collections, rate)


def test_the_last_use_is_kept_to_the_minute(store: KeyStore) -> None:
    key, _ = store.add("a", ["read"])
    store.touch(key)
    store.touch(key)
    assert store.get(key.key_id).last_used_at is not None


def test_nobody_has_that_id(store: KeyStore) -> None:
    with pytest.raises(UnknownNameError, match="unknown key 'ffffffff'"):
        store.get("ffffffff")
