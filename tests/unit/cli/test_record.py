"""Results as JSON values."""

from __future__ import annotations

import json

import numpy as np

from unit.cli.fake import ADA, CONTRACT, FakeEngine, picture
from vultus.cli import record
from vultus.types import Decision, Embedding, Track


def test_vectors_survive_the_journey() -> None:
    vector = np.random.default_rng(3).normal(size=128).astype(np.float32)
    vector /= np.linalg.norm(vector)
    back = json.loads(json.dumps(record.vector(Embedding(vector, CONTRACT))))
    assert np.array_equal(np.array(back, dtype=np.float32), vector)


def test_a_track_without_a_gallery_has_no_name() -> None:
    (face,) = FakeEngine().find(picture(ADA))
    got = record.track(Track(3, 0.12345, 2.0, 7, (face,)))
    assert {key: got[key] for key in ("track", "start_s", "end_s", "n_frames")} == {
        "track": 3, "start_s": 0.123, "end_s": 2.0, "n_frames": 7,
    }  # fmt: skip
    assert "name" not in got
    assert record.track(Track(3, 0.0, 2.0, 7, ()))["best_face"] is None


def test_texts() -> None:
    assert record.text_of(Decision(False, None, None, None, "c")) == ("-", "-")
    assert record.text_of(Decision(True, 0.5678, 0.5, None, "c")) == ("0.568", "0.500")
    (bad,) = FakeEngine().find(picture(ADA, height=50))
    assert record.text_of_quality(bad) == "0.20  too small"
