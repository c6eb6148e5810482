from __future__ import annotations

import numpy as np
import pytest

from unit.gallery.fake import FakeEngine, person, picture, vector
from vultus.errors import InputError, NameClashError, StoreError, UnknownNameError, UnsupportedTargetError
from vultus.gallery import Gallery


@pytest.fixture
def gallery(tmp_path):
    with Gallery.open(tmp_path / "people.vultus", engine=FakeEngine()) as gallery:
        yield gallery


def photos(*who: str, count: int = 3, first: int = 0, noise: float = 0.1) -> list[bytes]:
    """So many pictures of each, alone."""
    return [picture(person(one, noise, seed), seed=seed) for one in who for seed in range(first, first + count)]


def keep(gallery, images) -> list[int]:
    return [face for kept in gallery.unknown.add(images) for face in kept.face_ids]


def faces_of(gallery, group: int) -> list[int]:
    return [face.face_id for face in gallery.unknown.faces(group)]


def numbered(gallery) -> dict[int, list[int]]:
    """The faces of each group, largest group first."""
    return {group.group_id: faces_of(gallery, group.group_id) for group in gallery.unknown.groups()}


def grouped(gallery) -> list[list[int]]:
    return list(numbered(gallery).values())


def number(gallery, face: int) -> int:
    return next(group for group, faces in numbered(gallery).items() if face in faces)


def test_from_a_pile_of_pictures_to_a_name(gallery):
    gallery.enroll("Ada", photos("ada"))
    party = picture(person("ada", seed=7), person("bob", seed=7), person("eve", seed=7))
    kept = list(gallery.unknown.add([party, *photos("bob", count=2), b"no picture"]))
    assert [(one.known, len(one.face_ids)) for one in kept] == [(("Ada",), 2), ((), 1), ((), 1), ((), 0)]
    assert "no picture" in kept[3].error
    assert gallery.unknown.groups() == [], "nobody has looked yet"
    assert gallery.unknown.group() == 2
    bob, eve = gallery.unknown.groups()
    assert (bob.n_faces, eve.n_faces, bob.sources) == (3, 1, ("<bytes>",) * 3)
    assert bob.first_at <= bob.last_at
    assert [group.group_id for group in gallery.unknown.groups(at_least=2)] == [bob.group_id]
    named = gallery.unknown.name(bob.group_id, "Bob", metadata={"team": 2})
    assert (named.name, len(named.face_ids), named.left) == ("Bob", 3, ())
    assert [one.name for one in gallery.identify(party)] == ["Ada", "Bob", None]
    assert dict(gallery.person("Bob").metadata) == {"team": 2}
    assert gallery.unknown.groups() == [eve]
    assert gallery.check() == []


def test_the_same_face_is_kept_once(gallery):
    gallery.enroll("Ada", photos("ada", count=1))
    images = [picture(person("bob"), person("eve")), *photos("zoe", count=1)]
    first = list(gallery.unknown.add(images))
    again = list(gallery.unknown.add(iter([*images, *photos("ada", count=1)])))
    assert [len(one.face_ids) for one in first] == [2, 1]
    assert [(one.face_ids, one.repeated, one.known) for one in again] == [((), 2, ()), ((), 1, ()), ((), 0, ("Ada",))]
    gallery.remove("Ada")
    assert len(keep(gallery, photos("ada", count=1))) == 1


def test_faces_nobody_could_use_are_not_kept(gallery):
    poor = picture(person("bob", reasons=["too_small"]), person("eve", spoof=True))
    assert [(one.face_ids, one.refused) for one in gallery.unknown.add(poor)] == [((), 2)]
    (kept,) = gallery.unknown.add(poor, override_quality=True)
    assert (len(kept.face_ids), kept.refused) == (1, 1)


def test_new_faces_find_their_group_and_numbers_stay(gallery):
    keep(gallery, photos("ada", "bob"))
    gallery.unknown.group()
    before = numbered(gallery)
    keep(gallery, photos("bob", "eve", first=5))
    assert gallery.unknown.group() == 3
    after = numbered(gallery)
    assert all(set(faces) <= set(after[group]) for group, faces in before.items())
    gallery.unknown.group(anew=True)
    assert after == numbered(gallery)
    eve = (set(after) - set(before)).pop()
    gallery.unknown.name(eve, "Eve")
    keep(gallery, photos("zoe"))
    gallery.unknown.group()
    assert eve not in [group.group_id for group in gallery.unknown.groups()], "no number is used again"


def test_many_faces_only_look_for_a_group_of_old(gallery, monkeypatch):
    seen = []
    keep(gallery, photos("ada"))
    gallery.unknown.group(progress=seen.append)
    monkeypatch.setattr("vultus.gallery.unknown._ALWAYS_ANEW", 4)
    keep(gallery, photos("bob", count=1))
    gallery.unknown.group(progress=seen.append)
    assert [len(faces) for faces in grouped(gallery)] == [3, 1]
    gallery.unknown.group(progress=seen.append)
    gallery.unknown.group(anew=True, progress=seen.append)
    assert seen == [3, 4, 4]


def test_two_faces_of_one_picture_are_two_people(gallery):
    keep(gallery, [picture(person("ada", seed=seed), person("ada", seed=seed + 50), seed=seed) for seed in range(3)])
    gallery.unknown.group(fmr=0.01)
    assert [len(faces) for faces in grouped(gallery)] == [3, 3]


def test_groups_that_the_user_joined_stay_joined(gallery):
    ada, bob = keep(gallery, photos("ada"))[0], keep(gallery, photos("bob", count=2))[0]
    gallery.unknown.group()
    kept = gallery.unknown.join([number(gallery, ada), number(gallery, bob)])
    assert kept == number(gallery, ada) == number(gallery, bob)
    gallery.unknown.group(anew=True)
    assert [len(faces) for faces in grouped(gallery)] == [5]
    assert number(gallery, bob) == kept
    assert len(gallery.unknown.name(kept, "Twins").face_ids) == 5


def test_faces_that_the_user_split_off_stay_off(gallery):
    faces = keep(gallery, photos("ada", count=5))
    gallery.unknown.group()
    group = number(gallery, faces[0])
    other = gallery.unknown.split(group, faces[1:3])
    assert faces_of(gallery, other) == faces[1:3]
    for anew in (False, True, None):
        gallery.unknown.group(anew=anew)
        assert faces_of(gallery, group) == [faces[0], *faces[3:]]
        assert group not in {number(gallery, face) for face in faces[1:3]}
    gallery.unknown.join([group, number(gallery, faces[1])])
    gallery.unknown.group(anew=True)
    assert number(gallery, faces[1]) == number(gallery, faces[0]), "the later word counts"


def test_who_was_set_apart_stays_apart_when_the_rest_is_split_again(gallery):
    faces = keep(gallery, photos("ada", count=6))
    gallery.unknown.group()
    group = number(gallery, faces[0])
    gallery.unknown.split(group, faces[:1])
    gallery.unknown.split(group, faces[-2:])
    gallery.unknown.group(anew=True)
    assert len({number(gallery, face) for face in (faces[0], faces[1])}) == 2
    assert len({number(gallery, face) for face in faces[1:4]}) == 1


def test_what_was_joined_before_a_split_stays_joined_on_its_side(gallery):
    faces = keep(gallery, photos("ada", "bob", "eve", count=2))
    gallery.unknown.group()
    group = gallery.unknown.join([number(gallery, face) for face in faces[::2]])
    other = gallery.unknown.split(group, faces[2:])
    gallery.unknown.group(anew=True)
    assert grouped(gallery) == [faces[2:], faces[:2]]
    assert number(gallery, faces[2]) == other


def test_who_is_set_apart_from_somebody_named_is_not_that_person(gallery):
    faces = keep(gallery, photos("ada", count=4, noise=0.3))
    gallery.unknown.group()
    group = number(gallery, faces[0])
    other = gallery.unknown.split(group, faces[:1])
    gallery.unknown.name(group, "Ada")
    (answer,) = gallery.identify(photos("ada", count=1, noise=0.3)[0])
    assert (answer.name, answer.decision.reason) == (None, "said_to_be_somebody_else")
    with pytest.raises(InputError, match=f"no face of group {other} can be 'Ada': each was said not to be, or anoth"):
        gallery.unknown.name(other, "Ada")
    assert gallery.unknown.name(other, "Ida").face_ids == (faces[0],)
    (answer,) = gallery.identify(photos("ada", count=1, noise=0.3)[0])
    assert answer.name == "Ida"


def test_a_rejected_face_is_not_given_the_name(gallery):
    gallery.enroll("Ada", photos("ada"))
    faces = keep(gallery, photos("bob"))
    gallery.unknown.group()
    group = number(gallery, faces[0])
    assert gallery.unknown.reject(group, "Ada", faces[:1]) == 1
    assert gallery.unknown.name(group, "Ada").left == (faces[0],)
    assert faces_of(gallery, group) == faces[:1]
    assert gallery.unknown.reject(group, "Ada") == 1
    with pytest.raises(UnknownNameError, match="unknown person 'Zoe'"):
        gallery.unknown.reject(group, "Zoe")
    with pytest.raises(InputError, match=f"face 999 is not in group {group}, which has {faces[0]}"):
        gallery.unknown.reject(group, "Ada", [999])


def test_this_picture_is_not_her(gallery):
    gallery.enroll("Ada", photos("ada"))
    sister = picture(person("bob"), person("ada", 0.5, seed=9))
    assert [one.name for one in gallery.identify(sister)] == [None, "Ada"]
    face = gallery.unknown.reject_picture(sister, "Ada")
    assert [one.name for one in gallery.identify(sister)] == [None, None]
    assert not gallery.verify("Ada", picture(person("ada", 0.5, seed=9))).matched
    assert gallery.identify(photos("ada", first=20)[0])[0].name == "Ada"
    assert gallery.unknown.reject_picture(sister, "Ada") == face
    gallery.unknown.group()
    gallery.unknown.name(number(gallery, face), "Ida")
    assert gallery.unknown.reject_picture(sister, "Ada") == face
    with pytest.raises(InputError, match="this face is enrolled as 'Ada'; remove 'Ada', and enrol the right pictures"):
        gallery.unknown.reject_picture(photos("ada")[0], "Ada")
    with pytest.raises(InputError, match="<bytes> has no face that could be 'Ada'"):
        gallery.unknown.reject_picture(picture(), "Ada")


def test_whom_groups_probably_are(gallery):
    assert gallery.unknown.suggest() == {}
    ada, bob = keep(gallery, photos("ada"))[0], keep(gallery, photos("bob"))[0]
    gallery.unknown.group()
    assert gallery.unknown.suggest() == {}
    gallery.enroll("Ada", photos("ada", first=8))
    gallery.enroll("Eve", photos("eve"))
    assert gallery.unknown.suggest() == {number(gallery, ada): "Ada"}
    with pytest.raises(UnsupportedTargetError):
        gallery.unknown.suggest(fpir=1e-12)
    gallery.unknown.reject(number(gallery, ada), "Ada")
    assert gallery.unknown.suggest() == {}
    assert number(gallery, bob) not in gallery.unknown.suggest()


def test_one_face_per_picture_gets_the_name(gallery):
    double = picture(person("ada", 0.1), person("ada", 0.2))
    faces = keep(gallery, [double, *photos("ada", first=5)])
    gallery.unknown.group()
    group = gallery.unknown.join([number(gallery, faces[0]), number(gallery, faces[1])])
    named = gallery.unknown.name(group, "Ada")
    assert (len(named.face_ids), len(named.left)) == (4, 1)
    with pytest.raises(InputError, match="no face of group"):
        gallery.unknown.name(group, "Ada")
    gallery.enroll("Eve", photos("eve"), collection="guests")
    with pytest.raises(NameClashError):
        gallery.unknown.name(group, "Eve", collection="staff")
    assert [one.name for one in gallery.people()] == ["Ada", "Eve"]


def test_forgotten_faces_are_gone(gallery):
    faces = keep(gallery, photos("ada", "bob", "eve"))
    gallery.unknown.group()
    group = number(gallery, faces[0])
    gallery.unknown.split(group, faces[:1])
    assert gallery.unknown.forget([group]) == 2
    with pytest.raises(UnknownNameError, match=f"unknown group of unknown faces '{group}'"):
        gallery.unknown.faces(group)
    assert gallery.unknown.forget(older_than_days=1) == 0
    assert gallery.unknown.forget(older_than_days=0) == 7
    assert gallery.unknown.groups() == []
    assert gallery.unknown.group() == 0
    assert gallery.check() == []
    for days in (-1, float("nan")):
        with pytest.raises(InputError, match="days must be a number from 0 to 36,525, but is "):
            gallery.unknown.forget(older_than_days=days)


def test_labels_survive_a_newer_run_over_everything(gallery):
    """Names, joins, splits and rejections all hold after faces were added and all groups formed anew."""
    images = photos("ada", "bob", "eve", "zoe", count=4)
    faces = keep(gallery, images)
    gallery.unknown.group()
    gallery.unknown.name(number(gallery, faces[0]), "Ada")
    joined = gallery.unknown.join([number(gallery, faces[4]), number(gallery, faces[8])])
    zoe = number(gallery, faces[12])
    gallery.unknown.split(zoe, faces[12:13])
    keep(gallery, [*images, *photos("bob", "eve", "zoe", count=2, first=9)])
    gallery.unknown.group(anew=True)
    gallery.unknown.group()
    assert [face.face_id for face in gallery.faces("Ada")] == faces[:4]
    assert {number(gallery, face) for face in faces[4:12]} == {joined}
    assert {number(gallery, face) for face in faces[13:16]} == {zoe}
    assert number(gallery, faces[12]) != zoe


def test_refused_requests_change_nothing(gallery):
    faces = keep(gallery, photos("ada"))
    gallery.unknown.group()
    group, revision = number(gallery, faces[0]), gallery._store.revision()
    with pytest.raises(InputError, match="there must be at least two groups to join, but there are 1"):
        gallery.unknown.join([group, group])
    with pytest.raises(InputError, match=f"all 3 faces of group {group} would leave it; name those that do not"):
        gallery.unknown.split(group, faces)
    with pytest.raises(UnknownNameError):
        gallery.unknown.join([group, 999])
    with pytest.raises(UnsupportedTargetError):
        gallery.unknown.group(fmr=1e-12)
    assert gallery._store.revision() == revision


def test_changes_meanwhile_are_not_overwritten(gallery, monkeypatch):
    faces = keep(gallery, photos("ada"))
    gallery.unknown.group()
    group = number(gallery, faces[0])

    def splitting(progress):
        if progress == 3 and len(grouped(gallery)) == 1:
            gallery.unknown.split(group, faces[:1])

    gallery.unknown.group(anew=True, progress=splitting)
    assert grouped(gallery) == [faces[1:], faces[:1]]

    def busy(progress):
        keep(gallery, photos("bob", count=1, first=int(np.random.default_rng().integers(10**9))))

    with pytest.raises(StoreError, match="were changed by another program meanwhile; try again"):
        gallery.unknown.group(anew=True, progress=busy)


def test_cut_outs_are_kept_where_the_gallery_keeps_them(tmp_path):
    class Painter(FakeEngine):
        """Pictures are arrays that all show the same two faces."""

        def find(self, image):
            return super().find(picture(person("ada", left=0), person("bob", left=120)))

    pixels = np.full((100, 240, 3), 99, np.uint8)
    for crops, count in ((True, 2), (False, 0)):
        with Gallery.open(tmp_path / f"{crops}.vultus", engine=Painter(), crops=crops) as gallery:
            faces = keep(gallery, [pixels])
            gallery.unknown.group()
            cuts = gallery.unknown.cut_outs(number(gallery, faces[0]))
            assert [(face, jpeg[:2]) for face, jpeg in cuts.items()] == [(faces[0], b"\xff\xd8")][:count]
            with gallery._store.reading() as connection:
                assert connection.execute("SELECT count(*) FROM crop").fetchone() == (count,)
            gallery.enroll("Eve", pixels, face="largest")
            gallery.unknown.reject_picture(255 - pixels, "Eve")
            with gallery._store.reading() as connection:
                assert connection.execute("SELECT count(*) FROM crop").fetchone() == (2 * count,)
            assert gallery.check() == []


@pytest.mark.parametrize("precision", ["<f4", "<f2"])
def test_no_byte_of_a_forgotten_face_is_left(tmp_path, precision):
    path = tmp_path / "plain.vultus"

    def there() -> bool:
        wanted = vector("bob", 0.1, 0).astype(precision).tobytes()
        return any(wanted in file.read_bytes() for file in tmp_path.iterdir())

    with Gallery.open(path, engine=FakeEngine(), vault=False) as gallery:
        gallery.enroll("Ada", photos("ada"))
        keep(gallery, photos("bob", "eve"))
        gallery.unknown.group()
        assert there() or precision == "<f2"
        gallery.unknown.forget(older_than_days=0)
        assert not there()
    assert not there()


def test_the_best_faces_of_groups_at_a_single_look(gallery):
    faces = keep(gallery, photos("bob", "eve"))
    gallery.unknown.group()
    bob, eve = number(gallery, faces[0]), number(gallery, faces[3])
    by_quality = {
        group: [face.face_id for face in sorted(gallery.unknown.faces(group), key=lambda face: -face.quality)]
        for group in (bob, eve)
    }
    last = list(gallery.audit_log())[-1].seq
    found = gallery.unknown.best([bob, eve, 10**6], 2)
    assert found == {group: ids[:2] for group, ids in by_quality.items()}
    lines = [entry for entry in gallery.audit_log() if entry.seq > last]
    assert [(entry.action, entry.detail) for entry in lines] == [
        ("view", {"unknown_faces": sum(map(len, found.values()))})
    ]


def test_what_is_done_with_unknown_faces_is_in_the_audit_log(gallery):
    gallery.enroll("Ada", photos("ada"))
    faces = keep(gallery, photos("bob", "eve"))
    gallery.unknown.group()
    bob, eve = number(gallery, faces[0]), number(gallery, faces[3])
    last = list(gallery.audit_log())[-1].seq
    gallery.unknown.faces(bob)
    gallery.unknown.suggest()
    gallery.unknown.reject(bob, "Ada")
    gallery.unknown.join([bob, eve])
    gallery.unknown.split(bob, faces[3:])
    gallery.unknown.name(bob, "Bob")
    gallery.unknown.forget(older_than_days=0)
    keep(gallery, photos("zoe"))
    wanted = ["view", "search", "label", "label", "label", "label", "delete", "search", "enrol"]
    lines = [entry for entry in gallery.audit_log() if entry.seq > last]
    assert [entry.action for entry in lines] == wanted
    assert [entry.detail.get("unknown_faces") for entry in lines if entry.action in ("view", "delete", "enrol")] == [
        3,
        3,
        3,
    ]
    assert gallery.verify_log().problems == ()
