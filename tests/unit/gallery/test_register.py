from __future__ import annotations

import sqlite3

import pytest

from unit.gallery.fake import person, photos, picture
from vultus.errors import InputError, UnknownNameError
from vultus.gallery import Gallery
from vultus.gallery.register import Size


@pytest.fixture
def people(gallery: Gallery) -> Gallery:
    for name, tags in (("Ada", ["staff"]), ("Bea_1", []), ("Cy%", ["staff", "night"])):
        gallery.enroll(name, photos(name), tags=tags)
    return gallery


def test_people_come_in_pages_by_name(people: Gallery) -> None:
    first = people.listing(limit=2)
    assert [person.name for person, _ in first] == ["Ada", "Bea_1"]
    assert [person.name for person, _ in people.listing(after="Bea_1")] == ["Cy%"]
    assert people.passing_words() == 3


@pytest.mark.parametrize(("words", "found"), [("a", ["Ada", "Bea_1"]), ("_", ["Bea_1"]), ("%", ["Cy%"]), ("zz", [])])
def test_words_are_looked_for_as_they_are(people: Gallery, words: str, found: list[str]) -> None:
    assert [person.name for person, _ in people.listing(words=words)] == found
    assert people.passing_words(words) == len(found)


def test_tags_filter(people: Gallery) -> None:
    assert [person.name for person, _ in people.listing(tag="staff")] == ["Ada", "Cy%"]
    assert people.passing_words(tag="night") == 1


def test_numbers_lead_to_names_and_back(people: Gallery) -> None:
    known = people.known("Ada")
    assert known is not None
    assert people.named(known.person_id) == "Ada"
    assert people.one(known.person_id)[0].name == "Ada"
    assert people.known("nobody") is None
    with pytest.raises(UnknownNameError, match="unknown person '999'"):
        people.named(999)


def test_what_is_known_follows_changes(people: Gallery) -> None:
    known = people.known("Ada")
    assert known is not None
    people.rename("Ada", "Ida")
    assert people.known("Ada") is None
    assert people.known("Ida") == type(known)(known.person_id, "Ida", known.portrait)


def test_notes_and_tags_are_changed(people: Gallery) -> None:
    people.describe("Ada", {"room": 7})
    assert people.person("Ada").metadata == {"room": 7}
    assert people.retag("Ada", ["b", "a", "b"]) == ("a", "b")
    assert people.person("Ada").tags == ("a", "b")
    with pytest.raises(UnknownNameError, match="unknown person 'nobody'"):
        people.describe("nobody", {})


def test_one_face_goes_and_the_last_one_stays(people: Gallery) -> None:
    known = people.known("Ada")
    assert known is not None
    first, second = people.faces("Ada")
    people.remove_face(known.person_id, first.face_id)
    assert [face.face_id for face in people.faces("Ada")] == [second.face_id]
    with pytest.raises(InputError, match="is the last one of person"):
        people.remove_face(known.person_id, second.face_id)
    with pytest.raises(UnknownNameError, match="unknown face"):
        people.remove_face(known.person_id, first.face_id)


def test_a_face_belongs_to_its_person_alone(people: Gallery) -> None:
    ada, bea = people.known("Ada"), people.known("Bea_1")
    assert ada is not None
    assert bea is not None
    number = people.faces("Ada")[0].face_id
    assert people.face(ada.person_id, number).face_id == number
    for owner in (bea.person_id, None):
        with pytest.raises(UnknownNameError, match="unknown face"):
            people.face(owner, number)
        with pytest.raises(UnknownNameError, match="unknown cut-out of face"):
            people.cut_out(owner, number)


def test_nothing_is_left_after_clear(people: Gallery) -> None:
    list(people.unknown.add([picture(person("eve"))]))
    assert people.size() == Size(people=3, faces=6, unknown=1)
    assert people.clear() == 3
    assert people.size() == Size(people=0, faces=0, unknown=0)
    with sqlite3.connect(people.path) as connection:
        assert connection.execute("SELECT count(*) FROM face").fetchone() == (0,)


def test_an_empty_gallery_is_cleared_at_no_cost(gallery: Gallery) -> None:
    assert gallery.clear() == 0


def test_every_verb_about_people_leaves_its_line(people: Gallery) -> None:
    ada, name = people.named(1), "Ada"
    assert ada == name
    faces = people.enrolled(name)[1]
    face_id, vector = faces[0][0], people._store.faces(name)[0][1]
    known = len(list(people.audit_log()))
    people.listing()
    people.one(1)
    people.describe(name, {"desk": 7})
    people.retag(name, ["night"])
    people.face(1, face_id)
    people.enrolled(name)
    people.resemblance(face_id, vector[None])
    people.verify_faces(name, people.engine.find(picture(person(name))), 1e-3)
    people.remove_face(1, face_id)
    people.clear()
    told = [(entry.action, entry.subjects) for entry in people.audit_log()][known:]
    assert told[:9] == [
        ("view", (1, 2, 3)), ("view", (1,)), ("label", (1,)), ("tag", (1,)), ("view", (1,)), ("view", (1,)),
        ("search", (1,)), ("verify", (1,)), ("delete", (1,)),
    ]  # fmt: skip
    assert {action for action, _ in told[9:]} == {"delete"}
    assert {number for _, subjects in told[9:] for number in subjects} == {1, 2, 3}


def test_a_resemblance_is_a_cosine(people: Gallery) -> None:
    (face_id, _), vector = people.enrolled("Ada")[1][0], people._store.faces("Ada")[0][1]
    assert people.owner(face_id) == (1, "Ada")
    assert people.resemblance(face_id, vector[None]) == [pytest.approx(1, abs=1e-5)]
    with pytest.raises(InputError, match=r"embeddings must be \(N, 32\), but are \(1, 3\)"):
        people.resemblance(face_id, vector[None, :3])
    with pytest.raises(UnknownNameError):
        people.owner(99)
    assert people.enrolled()[0] == 6
    assert len(people.enrolled(skip=4, limit=5)[1]) == 2
