"""Subjects, with and without faces."""

from __future__ import annotations

from unit.service.compreface.conftest import BASE, enrol
from vultus.service.compreface import subjects


def test_a_subject_waits_for_its_first_face(speaker, service) -> None:
    answer = speaker.post(f"{BASE}/subjects", json={"subject": "Ada"})
    assert (answer.status_code, answer.json()) == (201, {"subject": "Ada"})
    assert speaker.get(f"{BASE}/subjects/").json() == {"subjects": ["Ada"]}
    assert subjects.waiting(service) == {"Ada"}
    enrol(speaker, "Ada")
    assert subjects.waiting(service) == set()
    assert speaker.get(f"{BASE}/subjects").json() == {"subjects": ["Ada"]}


def test_subjects_are_renamed_and_deleted(speaker) -> None:
    speaker.post(f"{BASE}/subjects", json={"subject": "Ida"})
    enrol(speaker, "Ada")
    for old, new in (("Ida", "Ian"), ("Ada", "Eve")):
        assert speaker.put(f"{BASE}/subjects/{old}", json={"subject": new}).json() == {"updated": True}
    assert speaker.get(f"{BASE}/subjects").json() == {"subjects": ["Eve", "Ian"]}
    assert speaker.delete(f"{BASE}/subjects/Ian").json() == {"subject": "Ian"}
    assert speaker.delete(f"{BASE}/subjects").json() == {"deleted": 1}
    assert speaker.get(f"{BASE}/subjects").json() == {"subjects": []}


def test_what_is_refused(speaker, monkeypatch) -> None:
    enrol(speaker, "Ada")
    enrol(speaker, "Bob")
    asked = [
        (speaker.post(f"{BASE}/subjects", json={"subject": "Ada"}), 400, 43),
        (speaker.post(f"{BASE}/subjects", json={}), 400, 33),
        (speaker.post(f"{BASE}/subjects", json={"subject": ""}), 400, 26),
        (speaker.put(f"{BASE}/subjects/Ada", json={"subject": "Bob"}), 400, 43),
        (speaker.delete(f"{BASE}/subjects/Nobody"), 404, 11),
    ]
    for answer, status, code in asked:
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert set(answer.json()) == {"message", "code"}
    monkeypatch.setattr(subjects, "_MOST_WAITING", 0)
    refused = speaker.post(f"{BASE}/subjects", json={"subject": "Eve"})
    assert refused.json()["message"] == "0 subjects wait for a face already"
