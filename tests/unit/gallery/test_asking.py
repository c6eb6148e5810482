from __future__ import annotations

import pytest

from unit.gallery.fake import POINTS, calibration, names, person, photos, picture
from vultus.errors import (
    ImageError,
    UnknownNameError,
)
from vultus.gallery import Gallery
from vultus.gallery.filters import Filter
from vultus.types import Track


def test_an_empty_gallery_knows_nobody(gallery):
    (answer,) = gallery.identify(photos("ada")[0])
    assert (answer.name, answer.decision.reason) == (None, "empty_gallery")
    assert (len(gallery), gallery.people(), gallery.contract) == (0, [], "")


def test_the_first_person_is_found_by_a_door_that_was_opened_before(gallery):
    gallery.identify(photos("ada")[0])
    gallery.enroll("Ada", photos("ada"))
    assert names(gallery.identify(photos("ada", 3)[2])) == ["Ada"]


def test_a_picture_without_faces_and_none_at_all(gallery):
    gallery.enroll("Ada", photos("ada"))
    assert gallery.identify(picture()) == []
    assert gallery.verify("Ada", picture()).reason == "failure_to_acquire"
    with pytest.raises(ImageError, match="it is no picture"):
        gallery.identify(b"nothing")


@pytest.mark.parametrize("templates", ["average", "best"])
def test_rules(path, engine, templates):
    with Gallery.open(path, engine=engine, templates=templates) as gallery:
        gallery.enroll("Ada", photos("ada", 5))
        gallery.enroll("Bob", photos("bob", 5))
        (found,) = gallery.identify(photos("ada", 5)[3])
        assert found.name == "Ada"
        assert (found.candidates[0].face_id == 4) == (templates == "best")
        count = 10 if templates == "best" else 2
        assert found.decision.threshold == calibration().threshold_for_fpir(0.01, count)
        assert found.decision.gallery_size == 2
        assert gallery.verify("Ada", photos("ada", 5)[3]).matched


def test_faces_of_different_pictures(gallery, engine):
    gallery.enroll("Ada", photos("ada"))
    faces = [engine.find(one)[0] for one in photos("ada", 3)]
    assert names(gallery.identify_faces(faces)) != ["Ada"] * 3
    assert names(gallery.identify_faces(faces, same_picture=False)) == ["Ada"] * 3
    assert gallery.identify_faces([]) == []


def test_several_pictures_leave_one_line_in_the_log(gallery, engine):
    def lines() -> int:
        with gallery._store.reading() as connection:
            return connection.execute("SELECT count(*) FROM audit").fetchone()[0]

    gallery.enroll("Ada", photos("ada"))
    pictures = [picture(person("ada", seed=5), person("zoe")), picture(), picture(person("ada", seed=6))]
    wanted = [names(gallery.identify(one)) for one in pictures]
    before = lines()
    found = gallery.identify_pictures([engine.find(one) for one in pictures])
    assert [names(answers) for answers in found] == wanted == [["Ada", None], [], ["Ada"]]
    assert lines() == before + 1
    assert gallery.identify_pictures([]) == []
    assert lines() == before + 1


def test_tracks(gallery, engine):
    gallery.enroll("Ada", photos("ada"))
    (face,) = engine.find(photos("ada")[0])
    track = Track(1, 0.0, 2.0, 60, (face,), face.embedding)
    found = gallery.identify_track(track)
    assert found.identification is not None
    assert found.identification.name == "Ada"
    assert (found.track_id, found.end_s) == (1, 2.0)
    silent = Track(2, 0.0, 1.0, 3, (), None)
    assert gallery.identify_track(silent) is silent
    assert face.landmarks.tolist() == POINTS.tolist()


def test_a_filter_says_who_may_be_found(gallery):
    gallery.enroll("Ada", photos("Ada"), collection="staff")
    gallery.enroll("Bob", photos("Bob"))
    probe = picture(person("Ada", seed=9))
    assert names(gallery.identify(probe)) == ["Ada"]
    (found,) = gallery.identify(probe, within=Filter(collections=["staff"]))
    assert (found.name, found.decision.gallery_size) == ("Ada", 1)
    (found,) = gallery.identify(probe, within=Filter(people=["Bob"]))
    assert found.name is None
    assert [one.name for one in found.candidates] == ["Bob"]
    assert gallery.passing(Filter(people=["Bob"])) == 1
    assert gallery.passing(Filter(tags=["nobody has it"])) == 0
    with pytest.raises(UnknownNameError, match="unknown collection 'none'"):
        gallery.passing(Filter(collections=["none"]))
    (found,) = gallery.identify(probe, within=Filter(tags=["nobody has it"]))
    assert (found.name, found.candidates, found.decision.reason) == (None, (), "empty_gallery")


def test_the_threshold_follows_the_number_of_people_who_may_be_found(gallery):
    for n in range(20):
        gallery.enroll(f"p{n}", photos(f"p{n}", 1))
    probe = picture(person("p3", seed=9))
    (everybody,) = gallery.identify(probe)
    (few,) = gallery.identify(probe, within=Filter(people=["p1", "p2"]))
    assert few.decision.threshold < everybody.decision.threshold
