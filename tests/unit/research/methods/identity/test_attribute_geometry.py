"""System 39: what each measure makes of planted truths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vultus.errors import InputError
from vultus.evaluation.geometry.lattice import field_of
from vultus.research.methods.identity import attribute_geometry as method
from vultus.research.methods.identity.attribute_geometry.made import analytic, person


def test_it_reads_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="planted attributes can only be made; measure your own system with"):
        method.data(method.Config.tiny(), 1, tmp_path)


def test_renaming_by_shuffled_names_mixes_the_attributes() -> None:
    config = method.Config.tiny()
    one, planted = analytic(config, np.random.default_rng(3), turning=False)
    names = np.repeat(np.arange(5), config.points)
    same = method._renamed(one, names)
    assert all((same.curves[key].rows == one.curves[key].rows).all() for key in one.curves)
    mixed = method._renamed(one, np.random.default_rng(0).permutation(names))
    lengths = [field_of(mixed, key).length.mean() for key in mixed.curves]
    assert np.ptp(lengths) < 0.5 * np.ptp([field_of(one, key).length.mean() for key in one.curves])
    assert planted.max() > 0.8


def test_only_directions_forget_the_scale() -> None:
    one, _ = analytic(method.Config.tiny(), np.random.default_rng(4), turning=False)
    ten = type(one)(one.name, one.vectors * 10, one.curves)
    names = method.Names(np.arange(1), np.arange(1), np.arange(1))
    for model, keeps in ((method.build(None), True), (method.Ball(), True), (method.baseline(None), False)):
        model.fit(names, 0)
        assert (model.follows(ten, "2") == pytest.approx(model.follows(one, "2"), abs=1e-3)) == keeps


def test_grades_of_invariance_are_told_by_energy_at_any_scale() -> None:
    """Embedders that follow an attribute ever less, all of them beyond doubt: energy ranks them, the others cannot."""
    random = np.random.default_rng(6)
    reaches = (0.2, 0.325, 0.45, 0.575, 0.7)
    points = 120
    middle = random.normal(size=(1, 32)) + 0.3 * random.normal(size=(points, 32))
    networks = {}
    for reach in reaches:
        step = np.eye(32)[[0]] * (1.5 - reach)
        blocks = [middle, middle - step, middle + step]
        vectors = np.concatenate([rows + 0.1 * random.normal(size=rows.shape) for rows in blocks])
        one = person(vectors.astype(np.float32), ("x",), points)
        for name in method.TARGETS:
            curves = dict.fromkeys(method.TARGETS, one.curves["x"])
            networks["" if reach == 0.2 else name, reach] = [type(one)("", one.vectors, curves)]
    names = method.Names(np.arange(1), np.arange(1), np.arange(1))
    found = {}
    for model in (method.build(None), method.baseline(None), method.Probe()):
        model.fit(names, 0)
        found[type(model).__name__] = method._graded(model, networks, reaches)
    assert found["Geometry"] > 0.95
    assert found["Displacement"] < 0.6
    assert found["Probe"] < 0.8
