"""Models by formula hold what was planted."""

from __future__ import annotations

import numpy as np
import pytest

from vultus.evaluation.geometry.lattice import field_of
from vultus.evaluation.geometry.macro import entropies
from vultus.evaluation.geometry.micro import energy, nearest
from vultus.research.methods.identity.attribute_geometry import Config
from vultus.research.methods.identity.attribute_geometry.made import analytic, citizens


@pytest.mark.parametrize("turning", [False, True])
def test_energies_are_those_of_signal_and_noise(turning: bool) -> None:
    one, planted = analytic(Config(), np.random.default_rng(1), turning=turning)
    noise = 2 * 32 * 0.02**2
    for name, strength in zip(one.curves, planted, strict=True):
        moved = field_of(one, name)
        expected = noise / (noise + strength**2)
        assert energy(moved.along, nearest(moved.at, 10)) == pytest.approx(expected, abs=0.12 if turning else 0.04)


def test_attributes_vary_ever_more_inside_people() -> None:
    rows, who, labels = citizens(Config.tiny(), np.random.default_rng(2))
    assert rows.shape == (480, 48)
    assert len(np.unique(who)) == 80
    inside = [entropies(one, who)[0] for one in labels.T]
    assert inside[0] == 0
    assert inside[-1] > 0.4
    assert np.corrcoef(inside, np.arange(10))[0, 1] > 0.9
