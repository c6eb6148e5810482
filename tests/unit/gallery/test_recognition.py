from __future__ import annotations

import numpy as np
import pytest

from unit.gallery.fake import CONTRACT, FakeEngine, calibration, person, picture, vector
from vultus.errors import ContractError, InputError, UnsupportedTargetError
from vultus.gallery.denial import Denials
from vultus.gallery.recognition import compare, recognise
from vultus.gallery.search import ExactDoor
from vultus.gallery.templates import Templates
from vultus.types import Face

PEOPLE = ("ada", "bob", "eve")


def door(names=PEOPLE, rule="average") -> ExactDoor:
    vectors = np.array([vector(name) for name in names]).reshape(len(names), 32)
    return ExactDoor(Templates(1, tuple(names), np.arange(len(names)), np.arange(len(names)), vectors), rule)


def ask(*people, names=PEOPLE, fpir=0.01, top=2, same_picture=True, n_impostor=10_000_000, contract=CONTRACT):
    faces = FakeEngine().find(picture(*people))
    (found,) = recognise([faces], door(names), calibration(n_impostor), contract, fpir=fpir, top=top,
                         same_picture=same_picture)  # fmt: skip
    return found


def test_every_field_of_a_decision():
    known, unknown = ask(person("ada"), person("zoe"))
    threshold = calibration().threshold_for_fpir(0.01, 3)
    assert (known.name, unknown.name) == ("ada", None)
    for one, matched in ((known, True), (unknown, False)):
        decision = one.decision
        assert (decision.matched, decision.threshold, decision.fmr_target) == (matched, threshold, None)
        assert (decision.calibration_id, decision.fpir_target, decision.gallery_size) == ("fake-cal", 0.01, 3)
        assert decision.reason == ""
        assert decision.similarity == one.candidates[0].similarity
        assert len(one.candidates) == 2
    expected = vector("ada").astype(np.float64) @ vector("ada", 0.1).astype(np.float64)
    assert known.decision.similarity == pytest.approx(expected, abs=1e-6)


def test_nobody_is_enrolled():
    (answer,) = ask(person("ada"), names=())
    assert (answer.name, answer.candidates, answer.decision.reason) == (None, (), "empty_gallery")
    assert (answer.decision.gallery_size, answer.decision.threshold, answer.decision.similarity) == (0, None, None)


def test_no_face_no_answer():
    assert ask() == []


def test_nobody_is_twice_in_a_picture():
    answers = ask(person("ada", 0.5, 1), person("ada", 0.1), person("ada", 0.6, 2), top=1)
    assert [one.name for one in answers] == [None, "ada", None]
    assert [one.decision.reason for one in answers] == ["person_already_in_picture", "", "person_already_in_picture"]
    assert answers[0].candidates[0].name == "ada"
    assert [one.name for one in ask(person("ada", 0.5, 1), person("ada"), same_picture=False)] == ["ada", "ada"]


def test_a_displaced_face_finds_its_second_candidate_even_with_top_1():
    # Half ada, half bob, a little nearer to ada.
    mixed = vector("ada") * 1.05 + vector("bob")
    faces = FakeEngine().find(picture(person("ada"), person("x")))
    second = Face(faces[1].box, faces[1].landmarks, 0.9, faces[1].quality,
                  type(faces[0].embedding)(mixed / np.linalg.norm(mixed), CONTRACT))  # fmt: skip
    (answers,) = recognise([[faces[0], second]], door(), calibration(), CONTRACT, fpir=0.01, top=1, same_picture=True)
    assert [one.name for one in answers] == ["ada", "bob"]
    assert [len(one.candidates) for one in answers] == [1, 1]


@pytest.mark.parametrize("denied", [False, True])
@pytest.mark.parametrize("same_picture", [False, True])
def test_pictures_looked_at_together_are_answered_as_each_alone(denied, same_picture):
    said = Denials(("ada", "bob"), np.stack([vector("ada", 0.6, seed=1), vector("zoe")])) if denied else None
    random = np.random.default_rng(7)
    names = (*PEOPLE, "zoe", "kim")
    pictures = [
        FakeEngine().find(picture(*(person(names[random.integers(5)], float(random.uniform(0, 0.8)), int(seed))
                                    for seed in range(count))))
        for count in (2, 0, 4, 1, 3)
    ]  # fmt: skip

    def asked(some):
        return recognise(some, door(), calibration(), CONTRACT, fpir=0.01, top=1, same_picture=same_picture,
                         denials=said)  # fmt: skip

    together, alone = asked(pictures), [asked([faces])[0] for faces in pictures]
    assert [len(answers) for answers in together] == [2, 0, 4, 1, 3]
    told = [[[(one.name, one.decision, one.candidates) for one in answers] for answers in both]
            for both in (together, alone)]  # fmt: skip
    assert told[0] == told[1]
    assert len({one[0] for answers in told[0] for one in answers}) > 2


def test_faces_that_were_not_embedded():
    spoof, known = ask(person("ada", spoof=True), person("ada"))
    assert (spoof.name, spoof.decision.reason, spoof.decision.similarity) == (None, "printed_photo", None)
    assert known.name == "ada"
    assert [one.decision.reason for one in ask(person("ada", spoof=True))] == ["printed_photo"]
    found = FakeEngine().find(picture(person("ada")))[0]
    bare = Face(found.box, found.landmarks, found.score, found.quality)
    ((answer,),) = recognise([[bare]], door(), calibration(), CONTRACT, fpir=0.01, top=1, same_picture=True)
    assert answer.decision.reason == "not_embedded"


@pytest.mark.parametrize("fpir", [0, 1, -0.1, 2])
def test_a_rate_that_is_none(fpir):
    with pytest.raises(InputError, match=f"fpir must lie between 0 and 1, but is {fpir}"):
        ask(person("ada"), fpir=fpir)


def test_no_candidates_asked_for():
    with pytest.raises(InputError, match="top must be at least 1, but is 0"):
        ask(person("ada"), top=0)


def test_a_rate_the_data_cannot_support():
    with pytest.raises(UnsupportedTargetError, match="the smallest supported FPIR is"):
        ask(person("ada"), fpir=0.01, n_impostor=500)


def test_embeddings_of_another_contract():
    with pytest.raises(ContractError, match=f"contract other:1, but these are of {CONTRACT}"):
        ask(person("ada"), contract="other:1")


def test_best_of_n_counts_every_template():
    names = PEOPLE * 10
    faces = FakeEngine().find(picture(person("ada")))
    ((answer,),) = recognise([faces], door(names, "best"), calibration(), CONTRACT, fpir=0.01, top=1, same_picture=True)
    assert answer.decision.threshold == calibration().threshold_for_fpir(0.01, 30)
    assert answer.candidates[0].face_id == 0


def check(*people, fmr=1e-3, templates=1, contract=CONTRACT):
    rows = np.array([vector("ada", 0.1, seed) for seed in range(templates)])
    return compare(FakeEngine().find(picture(*people)), rows, np.zeros(len(rows)), calibration(), contract, fmr)


def test_compare():
    yes, no = check(person("ada")), check(person("zoe"))
    assert (yes.matched, no.matched) == (True, False)
    for decision in (yes, no):
        assert (decision.threshold, decision.fmr_target, decision.calibration_id) == (0.5, 1e-3, "fake-cal")
        assert (decision.fpir_target, decision.gallery_size, decision.reason) == (None, None, "")
    assert check(person("zoe", size=50), person("ada", size=150)).matched, "the most prominent face counts"


def test_compare_with_several_templates():
    several = check(person("ada", 0.1, 4), templates=5)
    assert several.threshold == calibration().threshold_for_fpir(1e-3, 5) > 0.5
    assert several.similarity == pytest.approx(1, abs=1e-6)


def test_compare_with_nothing():
    assert check().reason == "failure_to_acquire"
    assert check(person("ada", spoof=True)).reason == "printed_photo"
    for decision in (check(), check(person("ada", spoof=True))):
        assert (decision.matched, decision.similarity) == (False, None)


def test_compare_refuses_rates_and_contracts():
    with pytest.raises(UnsupportedTargetError, match="FMR 1e-09 is not supported"):
        check(person("ada"), fmr=1e-9)
    with pytest.raises(ContractError, match="contract other:1, but these"):
        check(person("ada"), contract="other:1")


def test_a_mistake_that_was_pointed_out_is_not_repeated():
    said = Denials(("ada", "bob"), np.stack([vector("ada", 0.6, seed=1), vector("zoe")]))

    def asked(*people, top=2):
        faces = FakeEngine().find(picture(*people))
        (found,) = recognise(
            [faces], door(), calibration(), CONTRACT, fpir=0.01, top=top, same_picture=True, denials=said
        )
        return found

    wrong, right = asked(person("ada", 0.6, 1), person("ada", 0.1, 2), top=1)
    assert (wrong.name, wrong.decision.reason) == (None, "said_to_be_somebody_else")
    assert [one.name for one in wrong.candidates] != ["ada"]
    assert (right.name, right.decision.reason) == ("ada", "")
    (other,) = asked(person("bob"))
    assert other.name == "bob"
    assert asked() == []


def test_a_denied_face_is_not_verified():
    def asked(seed, denied):
        rows = vector("ada")[None]
        faces = FakeEngine().find(picture(person("ada", 0.6, seed)))
        return compare(faces, rows, np.zeros(1, np.float32), calibration(), CONTRACT, 1e-3, denied)

    denied = vector("ada", 0.6, seed=1)[None]
    assert asked(1, None).matched
    found = asked(1, denied)
    assert (found.matched, found.reason) == (False, "said_to_be_somebody_else")
    assert found.similarity == asked(1, None).similarity
    assert asked(2, denied).matched
    assert asked(1, denied[:0]).matched
