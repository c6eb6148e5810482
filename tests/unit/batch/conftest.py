"""Fixtures: a folder of pictures, and a way to run over it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from unit.batch.fake import FakeEngine, fill
from vultus.batch.journal import Journal
from vultus.batch.rayrun import check_ray


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Forty files: one twice, one that cannot be decoded, one that is not there, one of two faces, one of none."""
    folder = tmp_path / "photos"
    fill(folder, 35)
    (folder / "copy.jpg").write_bytes((folder / "00003.jpg").read_bytes())
    (folder / "damaged.jpg").write_bytes(b"!")
    (folder / "nobody.jpg").write_bytes(b"0")
    (folder / "two.jpg").write_bytes(b"2")
    return [*map(str, sorted(folder.iterdir())), str(folder / "gone.jpg")]


@pytest.fixture
def engine(tmp_path: Path) -> FakeEngine:
    return FakeEngine(tmp_path / "computed.txt")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Callable[[], Journal]]:
    """Opens the journal anew, as the next process would."""
    opened: list[Journal] = []

    def again() -> Journal:
        for one in opened:
            one.close()
        opened.append(Journal(tmp_path / "faces.parquet.journal", "terms"))
        return opened[-1]

    yield again
    for one in opened:
        one.close()


def _start(ray: Any) -> None:
    """Ray gives its own processes 30 seconds, which a machine busy with other tests may not have."""
    for left in (2, 1, 0):
        try:
            ray.init(num_cpus=2, include_dashboard=False, object_store_memory=128 << 20, log_to_driver=False)
        except Exception as error:
            ray.shutdown()
            if not left or "timed out during startup" not in str(error):
                raise
        else:
            return


@pytest.fixture(scope="package")
def cluster(checkout: Path) -> Iterator[None]:
    """One cluster of two workers for all tests; it takes seconds to start."""
    ray = pytest.importorskip("ray")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(checkout / "src"), str(checkout / "tests")]))
        check_ray()
        _start(ray)
    yield
    ray.shutdown()
