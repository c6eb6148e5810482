from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unit.gallery.fake import FakeEngine, person, picture
from vultus.errors import ShapeError, UnsupportedTargetError
from vultus.gallery.asking import Question
from vultus.gallery.audit import Signature
from vultus.gallery.collection import Gallery
from vultus.service.searching import Asked, answer_all
from vultus.types import Embedding


@pytest.fixture
def gallery(tmp_path):
    with Gallery.open(tmp_path / "g.vultus", engine=FakeEngine()) as made:
        for name in ("ada", "bob"):
            made.enroll(name, [picture(person(name))])
        yield made


def asked(*people, fpir=0.01, caller="key:1", told=None) -> Asked:
    question = Question([FakeEngine().find(picture(*people))], fpir, 1, None, Signature(caller))
    return Asked(question, told or (lambda answers: [[one.name for one in faces] for faces in answers]))


def searches(gallery) -> list[tuple[str, dict]]:
    return [(entry.actor, dict(entry.detail)) for entry in gallery.audit_log() if entry.action == "search"]


def test_each_is_told_its_own_answer_and_has_its_own_line(gallery) -> None:
    told = answer_all(gallery, [
        asked(person("ada"), person("zoe"), caller="key:1"), asked(caller="key:2"), asked(person("bob"), caller="key:3")
    ])  # fmt: skip
    assert told == [[["ada", None]], [[]], [["bob"]]]
    lines = [(who, how["faces"], how["named"]) for who, how in searches(gallery)]
    assert lines == [("key:1", 2, 1), ("key:3", 1, 1)]
    assert gallery.verify_log().problems == ()


def test_rates_of_their_own_and_errors_of_their_own(gallery) -> None:
    first, strict, last = answer_all(gallery, [
        asked(person("ada")), asked(person("ada"), fpir=1e-9), asked(person("bob"), fpir=0.02)
    ])  # fmt: skip
    assert (first, last) == ([["ada"]], [["bob"]])
    assert isinstance(strict, UnsupportedTargetError)
    assert [how["fpir"] for _, how in searches(gallery)] == [0.01, 0.02]


def test_what_goes_wrong_with_one_is_told_to_that_one(gallery) -> None:
    def broken(answers):
        raise ZeroDivisionError

    names, error = answer_all(gallery, [asked(person("ada")), asked(person("bob"), told=broken)])
    assert names == [["ada"]]
    assert isinstance(error, ZeroDivisionError)


def test_an_embedding_of_another_contract_spoils_nobody_elses_answer(gallery) -> None:
    foreign = Question([FakeEngine(contract="other:1").find(picture(person("bob")))], 0.01, 1)
    names, error = answer_all(gallery, [asked(person("ada")), Asked(foreign, list)])
    assert names == [["ada"]]
    assert "but these are of other:1" in str(error)


def test_an_embedding_of_another_length_spoils_nobody_elses_answer(gallery) -> None:
    (found,) = FakeEngine().find(picture(person("bob")))
    short = replace(found, embedding=Embedding(np.float32([0.6, 0.8]), found.embedding.contract))
    names, error = answer_all(gallery, [asked(person("ada")), Asked(Question([[short]], 0.01, 1), list)])
    assert names == [["ada"]]
    assert isinstance(error, ShapeError)
