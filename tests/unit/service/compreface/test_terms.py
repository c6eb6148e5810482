"""The query and the body, as CompreFace's clients send them."""

from __future__ import annotations

import pytest

from unit.gallery.fake import person, picture
from unit.service.compreface.conftest import upload

DETECT = "/api/v1/detection/detect"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"face_plugins": "age,landmarks,gender"}, "plugins not offered here: age, gender"),
        ({"detect_faces": "false"}, "a picture is never taken for a face unseen: detect_faces"),
    ],
)
def test_what_is_not_offered_is_said(speaker, query, words) -> None:
    answer = speaker.post(DETECT, params=query, files=upload(picture(person("Ada"))))
    assert (answer.status_code, answer.json()) == (400, {"message": words, "code": 26})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[]", "the body must be a JSON object"),
        (b"{", "the body must be a JSON object"),
        (b"{}", "file: a picture as base64 text is needed"),
        (b'{"file": "%%%"}', "file: this is no base64"),
    ],
)
def test_bodies_that_hold_no_picture(speaker, body, words) -> None:
    answer = speaker.post(DETECT, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["message"]) == (400, words)


def test_faces_must_be_sure_enough(speaker) -> None:
    assert speaker.post(DETECT, params={"det_prob_threshold": 1}, files=upload(picture(person("Ada")))).json()[
        "code"] == 28  # fmt: skip
