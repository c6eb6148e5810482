"""Recognise, verify, detect."""

from __future__ import annotations

import pytest

from unit.gallery.fake import DIMENSION, person, picture, vector
from unit.service.compreface.conftest import BASE, enrol, upload

ANYWHERE = "/api/v1"


def test_known_people_have_subjects_and_strangers_none(speaker) -> None:
    enrol(speaker, "Ada")
    enrol(speaker, "Bob")
    seen = picture(person("Ada", seed=5), person("Stranger"))
    rows = speaker.post(f"{BASE}/recognize", files=upload(seen)).json()["result"]
    subjects = [row["subjects"] for row in rows]
    assert [] in subjects
    (known,) = (own for own in subjects if own)
    assert known[0]["subject"] == "Ada"
    assert 0.9 < known[0]["similarity"] <= 1
    assert set(rows[0]["box"]) == {"probability", "x_max", "y_max", "x_min", "y_min"}
    limited = speaker.post(f"{BASE}/recognize", params={"limit": 1}, files=upload(seen)).json()["result"]
    assert len(limited) == 1


def test_plugins_and_status_add_what_they_say(speaker) -> None:
    query = {"face_plugins": "landmarks,calculator,pose", "status": "true"}
    answer = speaker.post(f"{ANYWHERE}/detection/detect", params=query, files=upload(picture(person("Ada")))).json()
    (row,) = answer["result"]
    assert len(row["landmarks"]) == 5
    assert len(row["embedding"]) == DIMENSION
    assert "pose" in row
    assert set(answer["plugins_versions"]) == {"detector", "calculator"}
    plain = speaker.post(f"{ANYWHERE}/detection/detect", files=upload(picture(person("Ada")))).json()
    assert set(plain) == {"result"}
    assert set(plain["result"][0]) == {"box"}


def test_two_pictures_are_compared(speaker) -> None:
    files = {**upload(picture(person("Ada")), "source_image"),
             **upload(picture(person("Bob"), person("Ada", seed=3)), "target_image")}  # fmt: skip
    answer = speaker.post(f"{ANYWHERE}/verification/verify", params={"status": "true"}, files=files).json()
    (row,) = answer["result"]
    assert "box" in row["source_image_face"]
    assert "detector" in row["plugins_versions"]
    alike = sorted(match["similarity"] for match in row["face_matches"])
    assert alike[0] < 0.7 < 0.9 < alike[1]


def test_an_example_is_compared(speaker) -> None:
    one = enrol(speaker, "Ada")
    rows = speaker.post(f"{BASE}/faces/{one}/verify", files=upload(picture(person("Ada", seed=3)))).json()["result"]
    assert rows[0]["similarity"] > 0.9
    assert speaker.post(f"{BASE}/faces/nonsense/verify", files=upload(picture(person("Ada")))).status_code == 404


def test_embeddings_stand_for_faces(speaker) -> None:
    one = enrol(speaker, "Ada")
    ada, bob = (vector(who).tolist() for who in ("Ada", "Bob"))
    rows = speaker.post(f"{BASE}/embeddings/recognize", json={"embeddings": [ada, bob]}).json()["result"]
    assert [[own["subject"] for own in row["similarities"]] for row in rows] == [["Ada"], []]
    rows = speaker.post(f"{BASE}/embeddings/faces/{one}/verify", json={"embeddings": [ada]}).json()["result"]
    assert rows[0]["similarity"] > 0.9
    body = {"source": ada, "targets": [ada, bob]}
    rows = speaker.post(f"{ANYWHERE}/verification/embeddings/verify", json=body).json()["result"]
    assert rows[0]["similarity"] == 1
    assert rows[1]["similarity"] < 0.7


@pytest.mark.parametrize("rows", [None, [], [[]], [["a"]], [[0.0, 0.0]], [[1.0], [1.0, 2.0]], [[1e999]], "x"])
def test_no_embeddings(speaker, rows) -> None:
    answer = speaker.post(f"{BASE}/embeddings/recognize", content=__import__("json").dumps({"embeddings": rows}),
                          headers={"content-type": "application/json"})  # fmt: skip
    assert answer.status_code == 400
    assert answer.json()["message"] == "embeddings: a list of lists of numbers is needed"


def test_embeddings_of_another_length(speaker) -> None:
    one = enrol(speaker, "Ada")
    answer = speaker.post(f"{BASE}/embeddings/faces/{one}/verify", json={"embeddings": [[1.0, 2.0]]})
    assert answer.status_code == 400
    assert "embeddings must be (N, 32), but are (1, 2)" in answer.json()["message"]
    body = {"source": [1.0], "targets": [[1.0, 2.0]]}
    answer = speaker.post(f"{ANYWHERE}/verification/embeddings/verify", json=body)
    assert answer.json()["message"] == "source and targets must be of one length"
