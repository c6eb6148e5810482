"""Looks: scale, templates, likeness."""

from __future__ import annotations

import numpy as np
import pytest

from unit.inference.people import face, person
from vultus.errors import ConfigError
from vultus.inference.looks import FULL_TRUST, LOOKS_WEIGHT, Looks, Template, likeness
from vultus.types import Calibration, CalibrationPoint

ANN, BEN = person(1), person(2)
LOOKS = Looks(alike=0.6, unlike=0.2)


def template(*faces: object) -> Template:
    out = Template()
    for one in faces:
        out.add(one)  # type: ignore[arg-type]
    return out


def test_scale() -> None:
    assert LOOKS.score(np.array([-1, 0.2, 0.4, 0.6, 0.7, 1.0])) == pytest.approx([-1, 0, 0.5, 1, 1.25, 1.5])


def test_looks_from_a_calibration() -> None:
    points = tuple(CalibrationPoint(fmr, cosine, 0, 1) for fmr, cosine in [(1e-1, 0.2), (1e-2, 0.3), (1e-3, 0.4)])
    looks = Looks.of(Calibration("c", "some faces", 10**6, 100, points))
    assert (looks.unlike, looks.alike) == (0.2, 0.4)
    assert Looks.of(Calibration("c", "two points", 300, 10, points[:2])).alike == 0.3
    assert Looks.of(Calibration("c", "one point", 10, 3, points[:1])) == Looks(0.2, 0.199)


def test_refusal() -> None:
    with pytest.raises(ConfigError, match=r"unlike must be below alike, within -1 to 1, but they are 0\.5, 0\.5"):
        Looks(0.5, 0.5)


def test_a_template_is_the_weighted_sum() -> None:
    both = template(face(0, who=ANN, quality=0.8), face(0, who=BEN, quality=0.4), face(0, quality=1.0))
    want = 0.64 * ANN + 0.16 * BEN
    assert both.direction == pytest.approx(want / np.linalg.norm(want), abs=1e-6)
    assert both.quality == 0.8
    merged = template(face(0, who=ANN, quality=0.8))
    merged.merge(template(face(0, who=BEN, quality=0.4)))
    merged.merge(Template())
    assert merged.direction == pytest.approx(both.direction)


def test_an_empty_template() -> None:
    empty = template(face(0))
    assert not empty
    assert empty.direction.shape == (0,)
    assert empty.cosine(template(face(0, who=ANN))) == -1.0


def test_likeness() -> None:
    faces = [face(0, who=ANN), face(0), face(0, who=BEN), face(0, who=ANN, quality=FULL_TRUST / 4)]
    table = likeness(LOOKS, [template(face(0, who=ANN)), Template()], faces)
    assert table.shape == (2, 4)
    assert table[0, 0] == pytest.approx(LOOKS_WEIGHT)
    assert table[0, 1] == 0
    assert table[0, 2] < -0.9 * LOOKS_WEIGHT / 2
    assert table[0, 3] == pytest.approx(LOOKS_WEIGHT / 4)
    assert (table[1] == 0).all()
    assert (likeness(LOOKS, [], faces) == 0).all()
