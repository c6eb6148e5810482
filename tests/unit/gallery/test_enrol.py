from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from unit.gallery.fake import FakeEngine, person, picture, vector
from vultus.errors import ConfigError, ContractError, InputError
from vultus.gallery.enrol import Terms, digest_of, examine, label_of, prominent, settle, several
from vultus.gallery.record import EnrolledFace, NewFace, Rejected
from vultus.gallery.store import Store
from vultus.types import Face


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "people.vultus")
    yield store
    store.close()


def look(store, engine, source, terms=None, name="Ada"):
    (finding,) = examine(store, engine, [(name, source)], terms or Terms())
    return finding


def keep(store, engine, source, terms=None, name="Ada"):
    finding = look(store, engine, source, terms, name)
    with store.writing() as writer:
        return settle(writer, engine.contract, finding, (terms or Terms()).key(engine))


def test_digests(tmp_path):
    raw = bytes(3_000_000)
    file = tmp_path / "ü.jpg"
    file.write_bytes(raw)
    assert digest_of(file) == digest_of(str(file)) == digest_of(raw) == hashlib.sha256(raw).hexdigest()
    array = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert digest_of(array) == digest_of(np.asfortranarray(array))
    assert digest_of(array) != digest_of(array.reshape(1, 4, 3))
    assert digest_of(bytearray(raw)) == digest_of(memoryview(raw)) == digest_of(raw)
    for nothing in (tmp_path, tmp_path / "none.jpg", "a\x00b", None, 5):
        assert digest_of(nothing) == ""


def test_labels():
    assert label_of(Path("a/ü.jpg")) == label_of("a/ü.jpg") == "a/ü.jpg"
    assert (label_of(b"x"), label_of(np.zeros(1, np.uint8))) == ("<bytes>", "<array>")
    label_of("a\udcff.jpg").encode("utf-8")


def test_one_picture_or_several():
    array = np.zeros((2, 2, 3), np.uint8)
    for one in ("a.jpg", Path("a.jpg"), b"a", bytearray(b"a"), memoryview(b"a"), array):
        (found,) = several(one)
        assert found is one
    assert several(name for name in ("a.jpg", "b.jpg")) == ["a.jpg", "b.jpg"]
    with pytest.raises(InputError, match="images must be one picture or a list of them, but is int"):
        several(5)


def test_a_good_picture(store, engine):
    source = picture(person("ada", seed=3))
    finding = look(store, engine, source)
    assert isinstance(finding.result, NewFace)
    assert (finding.picture, finding.label) == (digest_of(source), "<bytes>")
    np.testing.assert_array_equal(finding.result.template, vector("ada", 0.1, 3))
    assert finding.result.box_xyxy_px == (0, 0, 100, 100)
    assert finding.result.landmarks_px[0] == (30, 40)


@pytest.mark.parametrize(
    ("source", "reasons", "message", "remember"),
    [
        (picture(), ("failure_to_acquire",), "no face found", True),
        (picture(person("a"), person("b")), ("several_faces",), "2 faces; give a picture of this person alone", True),
        (picture(person("a", reasons=["blurred", "too_dark"])), ("blurred", "too_dark"), "", True),
        (picture(person("a", spoof=True)), ("printed_photo",), "", True),
        (b"no picture", ("unreadable",), "it is no picture", False),
        ("no/such/file.jpg", ("unreadable",), "it is no picture", False),
    ],
)
def test_refusals(store, engine, source, reasons, message, remember):
    finding = look(store, engine, source)
    assert isinstance(finding.result, Rejected)
    assert (finding.result.reasons, finding.remember) == (reasons, remember)
    assert message in finding.result.message


def test_a_face_without_embedding(store, engine, monkeypatch):
    found = engine.find(picture(person("a", spoof=True)))[0]
    bare = Face(found.box, found.landmarks, found.score, found.quality)
    monkeypatch.setattr(engine, "find", lambda image: [bare])
    assert look(store, engine, b"x").result.reasons == ("not_embedded",)


def test_a_file_that_vanishes_while_it_is_read(store, engine, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "find", lambda image: FakeEngine().find(picture(person("a"))))
    result = look(store, engine, tmp_path / "late.jpg").result
    assert (result.reasons, result.message) == (("unreadable",), "the file changed while it was read; try again")


def test_overrides(store, engine):
    blurred = picture(person("a", reasons=["blurred"]))
    assert look(store, engine, blurred, Terms(override_quality=True)).result.reasons == ("blurred",)
    spoof = picture(person("a", spoof=True))
    assert isinstance(look(store, engine, spoof, Terms(override_quality=True)).result, Rejected), "never overridden"
    crowd = picture(person("a", size=50), person("b", size=120), person("c", size=90))
    finding = look(store, engine, crowd, Terms(face="largest"))
    np.testing.assert_array_equal(finding.result.template, vector("b", 0.1))


def test_prominent(engine):
    faces = engine.find(picture(person("a", size=50), person("b", size=120), person("c", size=120)))
    assert prominent(faces) is faces[1]


def test_terms():
    with pytest.raises(ConfigError, match="face must be 'single' or 'largest', but is 'all'"):
        Terms(face="all")
    engine = FakeEngine()
    keys = {Terms().key(engine), Terms("largest").key(engine), Terms(override_quality=True).key(engine)}
    engine.gate = "stricter"
    assert len(keys | {Terms().key(engine)}) == 4
    assert Terms(batch=3).key(engine) == Terms().key(engine), "the batch does not change what is refused"


def test_what_is_known_costs_nothing(store, engine):
    good, bad = picture(person("ada")), picture(person("ada", reasons=["blurred"]))
    first, refused = keep(store, engine, good), keep(store, engine, bad)
    seen = engine.seen
    again = keep(store, engine, good)
    assert again == EnrolledFace(first.face_id, "<bytes>", 0.9, repeated=True)
    assert keep(store, engine, bad) == Rejected("<bytes>", refused.reasons, "refused by an earlier run", repeated=True)
    assert engine.seen == seen
    assert isinstance(keep(store, engine, bad, Terms(override_quality=True)), EnrolledFace)
    assert engine.seen == seen + 1, "other terms, another look"
    assert store.counts() == (1, 2)


def test_what_another_process_stored_meanwhile_is_not_stored_twice(store, engine):
    source = picture(person("ada"))
    findings = [look(store, engine, source), look(store, engine, source)]
    with store.writing() as writer:
        first, second = (settle(writer, engine.contract, finding, "") for finding in findings)
    assert (first.repeated, second.repeated, second.face_id) == (False, True, first.face_id)


def test_one_face_has_one_name(store, engine):
    keep(store, engine, picture(person("ada")))
    refused = keep(store, engine, picture(person("ada")), name="Bob")
    assert refused.reasons == ("enrolled_as_other",)
    assert refused.message == "the same face of the same picture is enrolled as 'Ada'; remove or rename one of the two"
    assert store.names() == ["Ada"]


def test_findings_keep_their_order(store, engine):
    known, fresh, bad = picture(person("ada")), picture(person("ada"), seed=1), b"bad"
    keep(store, engine, known)
    results = [
        finding.result
        for finding in examine(store, engine, [("Ada", one) for one in (fresh, known, bad, known, fresh)], Terms())
    ]
    assert [type(result) for result in results] == [NewFace, EnrolledFace, Rejected, EnrolledFace, NewFace]


def test_another_contract_is_refused_at_the_last_moment(store, engine):
    keep(store, engine, picture(person("ada")))
    other = FakeEngine("other:0")
    with pytest.raises(ContractError, match="but these are of other:0"):
        keep(store, other, picture(person("ada"), seed=1))


@pytest.mark.parametrize(
    ("other", "rivals"),
    [
        ({}, 1),
        ({"size": 39}, 0),  # a passer-by in the background
        ({"size": 41}, 1),
        ({"reasons": ("blurred",)}, 0),  # nobody could be meant by a face that cannot be used
    ],
)
def test_background_faces_do_not_refuse_a_portrait(store, engine, other, rivals):
    source = picture(person("ada", size=100), person("bob", **{"size": 100, **other}))
    finding = look(store, engine, source)
    assert isinstance(finding.result, Rejected if rivals else NewFace)
