"""Tracks joined to people."""

from __future__ import annotations

import numpy as np
import pytest

from unit.cli.fake import CALIBRATION, CONTRACT
from vultus.cli.people import People, clock
from vultus.types import Box, Candidate, Decision, Embedding, Face, Identification, Quality, Track

FACE = Face(Box([0, 0, 9, 9]), np.zeros((5, 2)), 0.9, Quality(0.9))


def track(number: int, start: float, end: float, direction: int, name: str | None = None) -> Track:
    vector = np.zeros(4, np.float32)
    vector[direction] = 1
    decision = Decision(name is not None, 0.4 + number / 100, 0.4, None, "c", 0.01, 2)
    answer = Identification(FACE, decision, (Candidate(name, 0.7),) if name else ())
    return Track(number, start, end, 5, (FACE,), Embedding(vector, CONTRACT), answer)


def test_known_people_come_first_with_their_spans() -> None:
    people = People(CALIBRATION)
    for one in (track(1, 0, 2, 0), track(2, 1, 3, 1, "Ada"), track(3, 5, 6, 1, "Ada"), track(4, 5.5, 7, 1, "Ada")):
        people.add(one)
    assert people.records() == [
        {"name": "Ada", "label": "Ada", "total_s": 4, "spans": [[1, 3], [5, 7]], "similarity": 0.44},
        {"name": None, "label": "unknown 1", "total_s": 2, "spans": [[0, 2]], "similarity": 0.41},
    ]
    assert people.n_tracks == 4


def test_an_unknown_person_is_met_again_by_looks() -> None:
    people = People(CALIBRATION)
    labels = [people.add(one).label for one in (track(1, 0, 2, 0), track(2, 3, 4, 1), track(3, 5, 6, 0))]
    assert labels == ["unknown 1", "unknown 2", "unknown 1"]


def test_two_in_view_at_once_are_two_people() -> None:
    people = People(CALIBRATION)
    assert [people.add(one).label for one in (track(1, 0, 2, 0), track(2, 1, 3, 0))] == ["unknown 1", "unknown 2"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00.0"), (7.44, "0:07.4"), (59.96, "1:00.0"), (3723.0, "1:02:03.0")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text
