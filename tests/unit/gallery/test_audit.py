from __future__ import annotations

import getpass
import json
import sqlite3
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import ConfigError, InputError, StoreError
from vultus.gallery import audit
from vultus.gallery.audit import ACTIONS, Head, Log, Signature
from vultus.gallery.collection import Gallery

KEYS = {3: b"k" * 32, 7: b"m" * 32}
WHO = Signature("ada", "test")


@pytest.fixture
def connection():
    return made()


def made() -> sqlite3.Connection:
    """The two tables of a gallery that matter here, without the triggers: whoever tampers drops them first."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(
        "CREATE TABLE audit (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL, key_id INTEGER NOT NULL,"
        " digest BLOB NOT NULL)"
    )
    connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL)")
    return connection


def fill(connection, count=6, key_id=3) -> Log:
    log = Log(connection, "gallery", KEYS.get, key_id, WHO)
    for n in range(count):
        log.append(ACTIONS[n % len(ACTIONS)], (n, 1), {"faces": n})
    return log


def problems(connection, kept=None):
    return list(audit.verify(connection, "gallery", KEYS.get, kept).problems)


def rows(connection):
    return connection.execute("SELECT * FROM audit ORDER BY seq").fetchall()


def rewrite(connection, new):
    connection.execute("DELETE FROM audit")
    connection.executemany("INSERT INTO audit VALUES (?, ?, ?, ?)", new)


def test_what_goes_in_comes_out(connection):
    log = Log(connection, "gallery", KEYS.get, 3, Signature("ada", "lost and found"))
    assert log.append("search", (5, 2, 5), {"faces": 3, "fpir": 0.01}) == 1
    assert log.append("delete", (2,)) == 2
    first, second = audit.read(connection)
    assert (first.seq, first.actor, first.action, first.purpose) == (1, "ada", "search", "lost and found")
    assert (first.subjects, first.detail, first.key_id) == ((2, 5), {"faces": 3, "fpir": 0.01}, 3)
    assert abs((datetime.now(UTC) - datetime.fromisoformat(first.at)).total_seconds()) < 60
    assert (first.previous, second.previous) == (bytes(32), first.digest)
    assert [entry.seq for entry in audit.read(connection, subject=5)] == [1]
    assert [entry.seq for entry in audit.read(connection, after=1)] == [2]
    verdict = audit.verify(connection, "gallery", KEYS.get)
    assert (verdict.problems, verdict.notes, verdict.keyed) == ((), (), True)
    assert verdict.head == Head(2, second.digest)


def test_an_empty_log(connection):
    verdict = audit.verify(connection, "gallery", KEYS.get)
    assert (verdict.head, verdict.problems, verdict.keyed) == (Head(0, bytes(32)), (), False)


def test_who_is_the_user_of_the_system_unless_told(monkeypatch):
    assert Signature().actor == getpass.getuser()

    def nobody():
        raise KeyError("no such user")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert Signature().actor.startswith("user ")


def test_what_an_actor_and_a_purpose_must_be():
    with pytest.raises(ConfigError, match="a purpose must be one line of at most 200 characters, but is 'xxxxx"):
        Signature("ada", "x" * 201)
    with pytest.raises(ConfigError, match=r"an actor must be one line of at most 200 characters, but is 'a.nb'"):
        Signature("a\nb")
    assert Signature("ada", "").purpose == ""


def test_an_action_nobody_knows(connection):
    with pytest.raises(ConfigError, match=r"the action of an audit entry must be one of enrol, .*, but is 'steal'"):
        fill(connection, 0).append("steal")


@pytest.mark.parametrize("key_id", [0, 3])
@pytest.mark.parametrize("at", [0, 3, 5])
def test_an_edit_shows(connection, at, key_id):
    fill(connection, key_id=key_id)
    seq, text, _, _ = rows(connection)[at]
    document = json.loads(text)
    for field, other in (("actor", "eve"), ("at", "2020-01-01T00:00:00Z"), ("action", "key"), ("purpose", "fun"),
                         ("subjects", [9]), ("detail", {})):  # fmt: skip
        changed = json.dumps({**document, field: other}, sort_keys=True, separators=(",", ":"))
        connection.execute("UPDATE audit SET entry = ? WHERE seq = ?", (changed, seq))
        assert f"entry {seq} was changed: its digest does not fit" in problems(connection), field
    connection.execute("UPDATE audit SET entry = ? WHERE seq = ?", (text, seq))
    assert problems(connection) == []
    connection.execute("UPDATE audit SET digest = zeroblob(32) WHERE seq = ?", (seq,))
    assert problems(connection) != []


def test_a_line_without_end_is_not_taken_in_whole(connection, monkeypatch):
    fill(connection)
    longest = str(audit._LONGEST)
    monkeypatch.setattr(audit, "_SELECT", audit._SELECT.replace(longest, "2000"))
    assert problems(connection) == []
    connection.execute("UPDATE audit SET entry = entry || printf('%.100000c', ' ') WHERE seq = 4")
    taken = connection.execute(f"{audit._SELECT} WHERE seq = 4").fetchone()
    assert len(taken[1]) == 2000
    assert problems(connection) == ["entry 4 was changed: its digest does not fit"]


def test_an_entry_that_cannot_be_read(connection):
    log = fill(connection)
    connection.execute("UPDATE audit SET entry = 'nothing' WHERE seq = 6")
    assert problems(connection) == ["entry 6 was changed: its digest does not fit"]
    for act in (lambda: list(audit.read(connection)), lambda: log.append("view")):
        with pytest.raises(StoreError, match="audit entry 6 was tampered with: it cannot be read"):
            act()


@pytest.mark.parametrize("cell", [
    "key_id = 'abc'", "key_id = 1e300", "key_id = x'00'", "digest = 5000000000", "digest = 'text'", "entry = 7",
    "entry = replace(hex(zeroblob(50000)), '00', '[')", "entry = '{}'", "entry = '[]'", "entry = x'ff'",
])  # fmt: skip
@pytest.mark.parametrize("key_id", [0, 3])
def test_whatever_stands_in_a_cell_is_told(connection, cell, key_id):
    fill(connection, 3, key_id)
    connection.execute(f"UPDATE audit SET {cell} WHERE seq = 2")
    found = problems(connection)
    assert any(problem.startswith("entry 2 was ") for problem in found), found


@pytest.mark.parametrize("key_id", [0, 3])
def test_a_removal_shows(connection, key_id):
    fill(connection, key_id=key_id)
    all_rows = rows(connection)
    rewrite(connection, all_rows[:2] + all_rows[3:])
    assert problems(connection)[0] == "entries are missing: 3"
    rewrite(connection, all_rows[4:])
    assert problems(connection)[0] == "entries are missing: 1 to 4"
    rewrite(connection, [])
    assert problems(connection) == ["the end is cut off: the log should reach entry 6, but ends with entry 0"]


@pytest.mark.parametrize("key_id", [0, 3])
def test_a_removal_that_numbers_anew_shows(connection, key_id):
    fill(connection, key_id=key_id)
    all_rows = rows(connection)
    rewrite(connection, [(n + 1, *row[1:]) for n, row in enumerate(all_rows[:2] + all_rows[3:])])
    found = problems(connection)
    assert "entry 3 does not follow entry 2: one of the two was changed or put in" in found
    assert "entry 3 was changed: its digest does not fit" in found


def test_a_move_shows(connection):
    fill(connection)
    all_rows = rows(connection)
    all_rows[2], all_rows[3] = (3, *all_rows[3][1:]), (4, *all_rows[2][1:])
    rewrite(connection, all_rows)
    assert "entry 3 was changed: its digest does not fit" in problems(connection)
    assert "entry 4 does not follow entry 3: one of the two was changed or put in" in problems(connection)


@pytest.mark.parametrize("key_id", [0, 3])
def test_the_end_cannot_be_cut_off(connection, key_id):
    fill(connection, key_id=key_id)
    rewrite(connection, rows(connection)[:4])
    assert problems(connection) == ["the end is cut off: the log should reach entry 6, but ends with entry 4"]
    connection.execute("UPDATE meta SET value = replace(value, '6:', '4:')")
    assert problems(connection) == ["the end does not fit: entries were cut off, put in or changed at entry 4"]
    connection.execute("DELETE FROM meta")
    assert problems(connection) == ["the end does not fit: entries were cut off, put in or changed at entry 4"]


def test_who_has_no_key_cannot_write_the_log_anew(connection):
    fill(connection)
    other = made()
    fill(other, key_id=0)
    rewrite(connection, rows(other))
    at_end = "the end does not fit: entries were cut off, put in or changed at entry 6"
    assert problems(connection) == [at_end]
    connection.execute("UPDATE meta SET value = ?", other.execute("SELECT value FROM meta").fetchone())
    assert problems(connection) == []
    words = "no entry has a key, but the vault is on: the log was written anew by somebody without the key"
    assert audit.verify(connection, "gallery", KEYS.get, sealed=True).problems == (words,)
    assert audit.verify(made(), "gallery", KEYS.get, sealed=True).problems == (words,)


def test_an_entry_without_a_key_among_those_with_one(connection):
    fill(connection, 3)
    Log(connection, "gallery", KEYS.get, 0, WHO).append("view")
    assert "entry 4 was put in: it has an older key than the one before it, or none" in problems(connection)


def test_an_older_copy_shows_only_against_a_head_that_was_kept(connection):
    log = fill(connection, 4)
    old = rows(connection), connection.execute("SELECT value FROM meta").fetchone()[0]
    log.append("delete", (1,))
    kept = audit.verify(connection, "gallery", KEYS.get).head
    log.append("view", (2,))
    assert problems(connection, kept) == []
    rewrite(connection, old[0])
    connection.execute("UPDATE meta SET value = ?", (old[1],))
    assert problems(connection) == []
    assert problems(connection, kept) == ["entry 5 is not as it was when its head was noted: the log ends before it"]
    log.append("view", (1,))
    log.append("view", (1,))
    assert problems(connection) == []
    assert problems(connection, kept) == [
        "entry 5 is not as it was when its head was noted: the log was written anew since"
    ]


def test_another_gallery_is_another_chain(connection):
    fill(connection)
    assert len(audit.verify(connection, "another", KEYS.get).problems) == 7


def test_the_vault_may_be_switched_on_and_its_key_changed(connection):
    fill(connection, 2, key_id=0)
    fill(connection, 2, key_id=3)
    fill(connection, 2, key_id=7)
    assert problems(connection) == []
    assert audit.verify(connection, "gallery", KEYS.get).keyed
    assert (
        "entry 3 was changed: its digest does not fit" in audit.verify(connection, "gallery", {7: KEYS[7]}.get).problems
    )


def test_a_clock_that_goes_back_is_told_and_no_problem(connection, monkeypatch):
    class Clock(datetime):
        hour = 12

        @classmethod
        def now(cls, zone=None):
            return datetime(2026, 1, 1, cls.hour, tzinfo=zone)

    monkeypatch.setattr(audit, "datetime", Clock)
    log = fill(connection, 1)
    Clock.hour = 9
    log.append("view", (1,), {"faces": 2})
    Clock.hour = 11
    log.append("view", (1,))
    verdict = audit.verify(connection, "gallery", KEYS.get)
    assert verdict.problems == ()
    assert verdict.notes == ("the clock went back before entry 2: from 2026-01-01T12:00:00Z to 2026-01-01T09:00:00Z",)
    assert [entry.detail for entry in audit.read(connection)][1:] == [{"faces": 2, "clock_back_s": 10800}, {}]


def test_heads_are_written_and_read():
    head = Head(12, bytes(range(32)))
    assert Head.parse(f" {head}\n") == head
    for text in ("", "12", "x:00", f"-1:{'00' * 32}", "3:abc", f"3:{'00' * 31}"):
        with pytest.raises(InputError, match="the head of a log must be NUMBER:64 hexadecimal digits, but is "):
            Head.parse(text)


@given(count=st.integers(2, 8), data=st.data())
def test_any_single_change_of_any_byte_shows(count, data):
    connection = made()
    fill(connection, count)
    all_rows = rows(connection)
    at, column = data.draw(st.integers(0, count - 1)), data.draw(st.sampled_from([1, 3]))
    cell = bytearray(all_rows[at][column].encode() if column == 1 else all_rows[at][column])
    place = data.draw(st.integers(0, len(cell) - 1))
    cell[place] ^= data.draw(st.integers(1, 127))
    changed = list(all_rows[at])
    changed[column] = cell.decode("latin-1") if column == 1 else bytes(cell)
    all_rows[at] = tuple(changed)
    rewrite(connection, all_rows)
    assert problems(connection) != []


@given(order=st.permutations(range(5)))
def test_any_other_order_shows(order):
    connection = made()
    fill(connection, 5)
    all_rows = rows(connection)
    rewrite(connection, [(n + 1, *all_rows[at][1:]) for n, at in enumerate(order)])
    assert (problems(connection) == []) == (list(order) == sorted(order))


def test_within_signed_entries_carry_that_signature(gallery: Gallery) -> None:
    from unit.gallery.fake import photos
    from vultus.gallery.audit import Signature, signed

    with signed(Signature("key:1a2b3c4d", "front door")):
        gallery.enroll("Ada", photos("ada"))
    gallery.person("Ada")
    told = [(entry.actor, entry.purpose, entry.action) for entry in gallery.audit_log()]
    assert ("key:1a2b3c4d", "front door", "enrol") in told
    assert told[-1][0] != "key:1a2b3c4d"
    with signed(None):
        gallery.person("Ada")
    assert list(gallery.audit_log())[-1].actor == told[-1][0]


def test_lines_come_backwards_and_filtered(gallery: Gallery) -> None:
    from unit.gallery.fake import photos

    gallery.enroll("Ada", photos("ada"))
    gallery.person("Ada")
    every = gallery.newest_lines(below=None, count=10)
    assert [entry.seq for entry in every] == [entry.seq for entry in gallery.audit_log()][::-1]
    assert [entry.action for entry in gallery.newest_lines(below=None, count=10, action="enrol")] == ["enrol"]
    assert gallery.newest_lines(below=every[-1].seq, count=10) == []
    assert gallery.newest_lines(below=None, count=10, after="2999") == []
    assert len(gallery.newest_lines(below=None, count=2, before="2999")) == 2
