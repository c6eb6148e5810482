from __future__ import annotations

import inspect
import json
import sqlite3
from datetime import datetime

import pytest

from unit.gallery.fake import FakeEngine, person, picture
from vultus.errors import InputError, StoreError, UnknownNameError
from vultus.gallery import audit
from vultus.gallery.collection import Gallery
from vultus.gallery.retention import CONSENT_ENDED, CONSENT_WITHDRAWN, KEPT_LONG_ENOUGH, Consent
from vultus.gallery.rights import Due


@pytest.fixture(params=[True, False], ids=["vault on", "vault off"])
def gallery(tmp_path, request):
    with Gallery.open(
        tmp_path / "people.vultus", engine=FakeEngine(), vault=request.param, actor="eve", purpose="a test"
    ) as gallery:
        for name in ("Ada", "Bob", "Cid"):
            gallery.enroll(name, [picture(person(name, seed=n), seed=n) for n in range(2)])
        yield gallery


def log(gallery, **which):
    """Everything but the vault's own first line: action, subjects and detail."""
    return [(entry.action, entry.subjects, dict(entry.detail)) for entry in gallery.audit_log(**which)
            if entry.action != "key"]  # fmt: skip


def test_consent_is_kept(gallery):
    assert gallery.consent("Ada") == Consent()
    given = Consent("consent", "2026-01-01", note="file 7")
    gallery.set_consent("Ada", given)
    assert gallery.consent("Ada") == given
    assert gallery.person("Ada").consent["basis"] == "consent"
    assert gallery.consent("Bob") == Consent()
    with pytest.raises(UnknownNameError, match="unknown person 'Adam'"):
        gallery.set_consent("Adam", given)


def test_days_to_stay(gallery):
    assert gallery.person("Ada").keep_until is None
    end = gallery.keep("Ada", 30)
    days = (datetime.fromisoformat(end) - datetime.fromisoformat(gallery.person("Ada").created_at)).days
    assert days in (29, 30)
    assert gallery.person("Ada").keep_until == end
    assert gallery.keep("Ada", until="2027-01-01") == "2027-01-01T00:00:00Z"
    assert gallery.keep("Ada") is None
    assert gallery.person("Ada").keep_until is None
    with pytest.raises(InputError, match="how long somebody is kept must be given as days or as until, not both"):
        gallery.keep("Ada", 3, until="2027-01-01")


def test_tags(gallery):
    assert gallery.tag("Ada", ["staff", " night "]) == ("night", "staff")
    assert gallery.tag("Ada", ["day"], ["night", "never there"]) == ("day", "staff")
    assert gallery.person("Ada").tags == ("day", "staff")
    with pytest.raises(InputError, match=r"a tag must be 1 to 60 visible characters, but is 'x+'"):
        gallery.tag("Ada", ["x" * 61])


def test_who_is_due_goes_and_nobody_else(gallery):
    gallery.keep("Ada", 10)
    gallery.set_consent("Bob", Consent(until="2030-01-01"))
    assert gallery.due() == gallery.expire() == []
    assert gallery.due("2100-01-01") == [Due("Ada", KEPT_LONG_ENOUGH, 2), Due("Bob", CONSENT_ENDED, 2)]
    assert len(gallery) == 3
    gallery.set_consent("Cid", Consent(withdrawn_at="2026-01-01"))
    assert gallery.expire() == [Due("Cid", CONSENT_WITHDRAWN, 2)]
    assert [one.name for one in gallery.people()] == ["Ada", "Bob"]
    assert gallery.expire("2100-01-01") == [Due("Ada", KEPT_LONG_ENOUGH, 2), Due("Bob", CONSENT_ENDED, 2)]
    assert len(gallery) == 0
    assert gallery.check() == []
    last = log(gallery)[-1]
    assert last == ("expire", (2,), {"faces": 2, "person": True, "reason": CONSENT_ENDED})


def test_nothing_due_changes_nothing(gallery):
    before = gallery._store.revision(), len(log(gallery))
    gallery.expire()
    assert (gallery._store.revision(), len(log(gallery))) == before


def test_every_verb_leaves_its_line(gallery, tmp_path):
    known = len(log(gallery))
    assert log(gallery) == [("enrol", (n,), {"faces": 2}) for n in (1, 2, 3)]
    gallery.identify(picture(person("Ada", seed=9), person("Zoe")), fpir=0.01)
    gallery.verify("Bob", picture(person("Bob", seed=9)))
    gallery.people()
    gallery.person("Cid")
    gallery.faces("Cid")
    gallery.consent("Cid")
    gallery.due("2100-01-01")
    gallery.rename("Cid", "Sid")
    gallery.set_consent("Ada", Consent("law"))
    gallery.keep("Ada", until="2027-01-01")
    gallery.tag("Ada", ["staff"])
    gallery.export(tmp_path / "all.json")
    gallery.export_person("Ada", tmp_path / "ada")
    gallery.enroll("Bob", picture(person("Bob", seed=5), seed=5), on_clash="replace")
    gallery.remove("Bob")
    gallery.import_(tmp_path / "all.json", on_clash="skip")
    assert log(gallery)[known:] == [
        ("search", (1,), {"faces": 2, "named": 1, "fpir": 0.01, "top": 5, "door": "exact"}),
        ("verify", (2,), {"fmr": 0.001, "matched": True}),
        ("view", (), {"everybody": True, "people": 3}),
        ("view", (3,), {}),
        ("view", (3,), {"faces": 2}),
        ("view", (3,), {}),
        ("rename", (3,), {}),
        ("consent", (1,), {"fields": ["basis"]}),
        ("consent", (1,), {"keep_until": "2027-01-01T00:00:00Z"}),
        ("tag", (1,), {"tags": 1}),
        ("export", (), {"everybody": True, "people": 3, "faces": 6}),
        ("export", (1,), {}),
        ("delete", (2,), {"faces": 2, "person": False}),
        ("enrol", (2,), {"faces": 1}),
        ("delete", (2,), {"faces": 1, "person": True}),
        ("import", (4,), {"faces": 2}),
    ]
    assert {(entry.actor, entry.purpose) for entry in gallery.audit_log()} == {("eve", "a test")}
    master = gallery._store.vault.master
    assert {entry.master for entry in gallery.audit_log()} == {master.key_id if master else ""}
    assert gallery.verify_log().problems == ()
    assert gallery.check() == []


# Verbs that tell nothing about anybody, or are others in disguise.
QUIET = {
    "open", "close", "path", "contract", "engine", "check", "recall", "vault_state", "migration", "audit_log",
    "verify_log", "unknown", "identify_faces", "identify_pictures", "identify_track", "answer", "enroll_many",
    "copies", "passing", "wiped", "size", "known",
    "known_all", "named", "owner", "passing_words", "portraits", "searched",
    "newest_lines",
}  # fmt: skip
# Verbs whose lines are looked for elsewhere: test_custody.py, test_migrate.py, test_unknown.py, test_copying.py, and
# those of encrypted galleries; people by number: test_register.py.
REGISTER = {"listing", "one", "describe", "retag", "face", "enrolled", "resemblance", "verify_faces", "remove_face",
            "clear", "cut_out"}  # fmt: skip
ELSEWHERE = REGISTER | {
    "suggest_groups",
    "seal",
    "rotate",
    "rekey",
    "shred",
    "migrate",
    "roll_back",
    "encrypt",
    "drop_copies",
}


def test_no_verb_is_forgotten():
    """Whoever adds a verb decides whether it is logged, and says so here or in the test above."""
    told = inspect.getsource(test_every_verb_leaves_its_line) + inspect.getsource(test_who_is_due_goes_and_nobody_else)
    verbs = {name for name in dir(Gallery) if not name.startswith("_")}
    assert {name for name in verbs - QUIET - ELSEWHERE if f"gallery.{name}(" not in told} == set()
    assert verbs >= QUIET | ELSEWHERE


def test_lines_about_one_person(gallery, tmp_path):
    gallery.faces("Bob")
    gallery.export(tmp_path / "all.json")
    assert [action for action, _, _ in log(gallery, name="Bob")] == ["enrol", "view", "export"]
    gallery.remove("Bob")
    assert [action for action, _, _ in log(gallery, number=2)] == ["enrol", "view", "export", "delete"]
    last = list(gallery.audit_log())[-1].seq
    assert log(gallery, after=last) == []
    with pytest.raises(UnknownNameError, match="unknown person 'Bib'"):
        log(gallery, name="Bib")


def test_no_name_template_or_picture_is_in_the_log(gallery, tmp_path):
    gallery.identify(picture(person("Ada", seed=9)))
    gallery.rename("Ada", "Augusta")
    gallery.remove("Augusta")
    words = json.dumps([[entry.actor, entry.action, dict(entry.detail)] for entry in gallery.audit_log()])
    assert not any(word in words for word in ("Ada", "Augusta", "Bob", "bytes", ".jpg"))


def test_a_search_is_on_the_disk_before_its_answer(gallery, monkeypatch):
    def refuse(self, *_, **__):
        raise sqlite3.OperationalError("disk is full")

    monkeypatch.setattr(audit.Log, "append", refuse)
    with pytest.raises(StoreError, match="disk is full"):
        gallery.identify(picture(person("Ada", seed=9)))


def test_searches_do_not_count_as_changes(gallery):
    before = gallery._store.revision()
    gallery.identify(picture(person("Ada", seed=9)))
    assert gallery._store.revision() == before


def test_a_picture_without_faces_is_no_search(gallery):
    before = len(log(gallery))
    assert gallery.identify(picture()) == []
    assert len(log(gallery)) == before


def test_a_read_only_gallery_keeps_no_log(gallery):
    before = len(log(gallery))
    with Gallery.open(gallery.path, engine=FakeEngine(), read_only=True) as reader:
        assert reader.identify(picture(person("Ada", seed=9)))[0].name == "Ada"
        assert reader.person("Ada").n_faces == 2
    assert len(log(gallery)) == before


def test_an_undone_change_leaves_no_line(gallery):
    before = log(gallery)
    with pytest.raises(UnknownNameError, match="unknown person 'Nobody'"):
        gallery.remove("Nobody")

    def stopped():
        with gallery._store.writing() as writer:
            writer.remove("Ada")
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        stopped()
    assert log(gallery) == before


@pytest.mark.parametrize("statement", [
    "UPDATE audit SET entry = replace(entry, 'eve', 'ada') WHERE seq = 2",
    "DELETE FROM audit WHERE seq = 2",
    "DELETE FROM audit WHERE seq > 3",
    "UPDATE audit SET seq = CASE seq WHEN 2 THEN 3 ELSE 2 END WHERE seq IN (2, 3)",
])  # fmt: skip
def test_tampering_shows(gallery, statement):
    gallery.faces("Ada")
    other = sqlite3.connect(gallery.path, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match="the audit log is append-only"):
        other.execute(statement)
    other.execute("DROP TRIGGER audit_is_not_changed")
    other.execute("DROP TRIGGER audit_is_not_shortened")
    if "CASE" in statement:
        for step in ("SET seq = 99 WHERE seq = 2", "SET seq = 2 WHERE seq = 3", "SET seq = 3 WHERE seq = 99"):
            other.execute(f"UPDATE audit {step}")
    else:
        other.execute(statement)
    other.close()
    problems = gallery.verify_log().problems
    assert problems != ()
    assert gallery.check() == [f"audit log: {problem}" for problem in problems]


def test_a_head_that_was_noted(gallery):
    head = gallery.verify_log().head
    gallery.faces("Ada")
    assert gallery.verify_log(head).problems == ()
    assert gallery.verify_log(audit.Head(head.seq, bytes(32))).problems != ()
