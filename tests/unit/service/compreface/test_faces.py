"""Examples of subjects."""

from __future__ import annotations

import base64
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.gallery.fake import person, picture
from unit.service.compreface.conftest import BASE, enrol, upload
from vultus.service.compreface.faces import face_id_of, image_id
from vultus.service.envelope import ServiceError


@given(st.integers(0, (1 << 62) - 1))
def test_ids_are_uuids_and_lead_back(number) -> None:
    assert face_id_of(image_id(number)) == number
    assert uuid.UUID(image_id(number)).version == 8


@pytest.mark.parametrize("text", ["", "7", str(uuid.UUID(int=7)), "83efe193-58d9-4bfa-a756-5a41953ea552"])
def test_other_ids_are_nobody_s(text) -> None:
    with pytest.raises(ServiceError, match="Image with this id is not found"):
        face_id_of(text)


def test_examples_are_listed_in_pages(speaker) -> None:
    first = enrol(speaker, "Ada")
    ids = [first, enrol(speaker, "Ada", seed=1), enrol(speaker, "Bob")]
    answer = speaker.get(f"{BASE}/faces", params={"size": 2}).json()
    assert [face["image_id"] for face in answer["faces"]] == ids[:2]
    assert (answer["total_pages"], answer["total_elements"], answer["page_size"]) == (2, 3, 2)
    answer = speaker.get(f"{BASE}/faces", params={"page": 1, "size": 2}).json()
    assert answer["faces"] == [{"image_id": ids[2], "subject": "Bob"}]
    assert speaker.get(f"{BASE}/faces", params={"subject": "Ada"}).json()["total_elements"] == 2


def test_examples_come_as_base64_too(speaker) -> None:
    text = base64.b64encode(picture(person("Ada"))).decode()
    for body in (text, f"data:image/jpeg;base64,{text}"):
        answer = speaker.post(f"{BASE}/faces", params={"subject": "Ada"}, json={"file": body})
        assert answer.status_code == 201, answer.text


def test_the_last_example_goes_with_its_subject(speaker) -> None:
    ids = [enrol(speaker, "Ada"), enrol(speaker, "Ada", seed=1)]
    for one in ids:
        assert speaker.delete(f"{BASE}/faces/{one}").json() == {"image_id": one, "subject": "Ada"}
    assert speaker.get(f"{BASE}/subjects").json() == {"subjects": []}
    assert speaker.delete(f"{BASE}/faces/{ids[0]}").status_code == 404


def test_several_examples_are_deleted_at_once(speaker, monkeypatch) -> None:
    ids = [enrol(speaker, "Ada"), enrol(speaker, "Bob"), enrol(speaker, "Eve")]
    answer = speaker.post(f"{BASE}/faces/delete", json=[ids[0], "nonsense"])
    assert answer.json() == [{"image_id": ids[0], "subject": "Ada"}]
    assert speaker.delete(f"{BASE}/faces", params={"subject": "Bob"}).json() == {"deleted": 1}
    assert speaker.delete(f"{BASE}/faces").json() == {"deleted": 1}
    assert speaker.post(f"{BASE}/faces/delete", json={}).json()["message"] == "the body must be a JSON list"
    monkeypatch.setattr("vultus.service.compreface.faces._MOST_IDS", 1)
    assert speaker.post(f"{BASE}/faces/delete", json=ids).json()["message"] == "at most 1 ids at once"


def test_cut_outs_are_shown_or_empty(speaker) -> None:
    one = enrol(speaker, "Ada")
    for path in (one, "nonsense"):
        answer = speaker.get(f"{BASE}/faces/{path}/img")
        assert (answer.status_code, answer.content) == (200, b""), "made-up pictures have no pixels to cut out"


@pytest.mark.parametrize(
    ("data", "code"),
    [(picture(), 28), (picture(person("Ada"), person("Bob")), 31), (b"nothing", 21)],
    ids=["nobody", "two", "no picture"],
)
def test_pictures_that_are_no_example(speaker, data, code) -> None:
    answer = speaker.post(f"{BASE}/faces", params={"subject": "Ada"}, files=upload(data))
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert speaker.get(f"{BASE}/subjects").json() == {"subjects": []}


def test_a_subject_needs_a_name(speaker) -> None:
    answer = speaker.post(f"{BASE}/faces", params={"subject": ""}, files=upload(picture(person("Ada"))))
    assert (answer.status_code, answer.json()["code"]) == (400, 26)
