"""Every verb of a collection against a real service, over HTTP."""

from __future__ import annotations

import pytest

from unit.gallery.fake import CONTRACT, person, photos, picture, vector
from vultus.errors import RemoteError
from vultus.service.client import Client, CollectionClient


@pytest.fixture
def people(remote: Client) -> CollectionClient:
    return remote.collection()


def test_somebody_is_enrolled_found_changed_and_removed(people: CollectionClient) -> None:
    made = people.enrol("Ada", [*photos("Ada"), b"bad"], tags=["staff"], metadata={"desk": 7}, keep_days=30)
    assert [len(made.accepted), len(made.rejected)] == [2, 1]
    assert made.person is not None
    number = made.person.person_id
    with pytest.raises(RemoteError, match="conflict"):
        people.enrol("Ada", photos("Ada", 3)[2])
    assert len(people.add_faces(number, photos("Ada", 3)[2:], override_quality=True).accepted) == 1
    assert (people.person(number).n_faces, people.show().people) == (3, 1)
    assert [one.name for one in people.people("ad", tag="staff")] == ["Ada"]
    assert people.change(number, name="Ada L.", metadata={"desk": 8}).metadata == {"desk": 8}
    faces = list(people.faces(number))
    assert len(faces) == 3
    with pytest.raises(RemoteError) as caught:
        people.image(number, faces[0].face_id)
    assert caught.value.code == "not_found", "made-up pictures have no pixels to cut out"
    assert people.remove_face(number, faces[0].face_id).deleted
    assert people.remove(number).faces == 2


def test_who_somebody_is(people: CollectionClient) -> None:
    made = people.enrol("Ada", photos("Ada"), tags=["staff"])
    assert made.person is not None
    party = people.identify(picture(person("Ada", seed=7), person("Eve")), fpir=0.1, top=1, tags=["staff"])
    assert [face.name for face in party.pictures[0].faces] == ["Ada", None]
    assert people.search(picture(person("Ada", seed=9))).name == "Ada"
    found = people.search(embedding=[float(one) for one in vector("Ada")], contract=CONTRACT, top=1)
    assert (found.name, found.face) == ("Ada", None)
    assert people.verify(made.person.person_id, picture(person("Ada", seed=8)), fmr=0.01).decision.matched


def test_unknown_people(people: CollectionClient) -> None:
    kept = people.keep_unknown(
        [picture(person("Ann", seed=1), person("Bob")), picture(person("Ann", seed=2))], fpir=0.1
    )
    assert [len(one.face_ids) for one in kept.pictures] == [2, 1]
    assert people.group_unknown(fmr=0.01).groups == 2
    ann, bob = people.unknown(suggest=True)
    assert (ann.n_faces, ann.probably) == (2, None)
    faces = people.unknown_faces(ann.group_id).faces
    with pytest.raises(RemoteError):
        people.unknown_image(ann.group_id, faces[0].face_id)
    apart = people.split_unknown(ann.group_id, [faces[0].face_id]).group_id
    whole = people.join_unknown([ann.group_id, apart]).group_id
    eve = people.enrol("Eve", photos("Eve")).person
    assert eve is not None
    assert people.reject_unknown(bob.group_id, eve.person_id).faces == 1
    named = people.name_unknown(whole, "Ann", metadata={"a": 1}).person
    assert named is not None
    assert named.name == "Ann"
    assert people.forget_unknown(bob.group_id).forgotten == 1
    people.keep_unknown(picture(person("Zoe")))
    assert people.forget_unknown().forgotten == 1
