from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from vultus.service.jobs import shapes
from vultus.service.jobs.shapes import JobFields, JobShape
from vultus.service.jobs.store import JobStore, Outcome


def test_a_job_says_when_it_will_be_through(store: JobStore) -> None:
    found = store.add("enrol", "default", {"upload": "video", "filename": "a.mp4"}, {}, caller="k")
    waiting = JobShape.model_validate(shapes.job(found, [], None))
    assert (waiting.source, waiting.unit, waiting.eta_s, waiting.result) == ("a.mp4", "frames", None, None)
    runs = replace(found, state="running", done=20, total=100, counts={"enrolled": 20})
    assert shapes.job(runs, [], 4.0)["eta_s"] == 20.0
    assert shapes.job(runs, [], None)["eta_s"] is None
    assert shapes.job(replace(runs, total=None), [], 4.0)["eta_s"] is None
    done = shapes.job(replace(runs, state="done"), [], None)
    assert (done["eta_s"], done["result"]) == (None, {"enrolled": 20})
    assert shapes.job(replace(found, source={"folder": "people"}), [], None)["unit"] == "pictures"


def test_people_are_named_when_somebody_looks() -> None:
    class Gallery:
        def named(self, person_id: int) -> str:
            from vultus.errors import UnknownNameError

            if person_id == 2:
                raise UnknownNameError("person", "2")
            return f"person {person_id}"

    candidates = [{"person_id": number, "name": "x", "similarity": 0.5, "face_id": None} for number in (1, 2)]
    body = {"person_id": 1, "name": "x", "decision": {}, "candidates": candidates}
    kept = shapes.unnamed(body)
    assert "x" not in {kept["name"], *(one["name"] for one in kept["candidates"])}
    shown = shapes.item(Outcome("track 1", kept), Gallery())
    assert (shown["name"], [one["name"] for one in shown["candidates"]]) == ("person 1", ["person 1"])
    faces = shapes.item(Outcome("a.jpg", {"faces": [kept]}), Gallery())
    assert faces["faces"][0]["name"] == "person 1"
    assert shapes.item(Outcome("a.jpg", {"known": [1, 2]}), Gallery())["known"] == ["person 1"]
    failed = shapes.item(Outcome("a.jpg", {}, "bad", "it is"), Gallery())
    assert failed == {"item": "a.jpg", "error": {"code": "bad", "message": "it is"}}
    assert shapes.name_of(Gallery(), None) is None


@pytest.mark.parametrize(
    ("more", "kind", "words"),
    [
        ({"source": {"folder": "a", "video": "b"}}, "one_source", "give a folder or a video"),
        ({"options": {"start_s": 3, "end_s": 2}}, "in_order", "end_s must be after start_s"),
        ({"options": {"fps": 0}}, "greater_than_equal", "greater than or equal to 0.1"),
        ({"kind": "dance"}, "literal_error", "Input should be 'enrol'"),
        ({"options": {"nmae": "Ada"}}, "extra_forbidden", "Extra inputs are not permitted"),
    ],
)
def test_what_makes_no_sense_is_refused(more: dict, kind: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        JobFields.model_validate({"kind": "enrol", **more})
    assert caught.value.errors()[0]["type"] == kind
