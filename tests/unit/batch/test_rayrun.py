"""A long run on a Ray cluster of two workers on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from unit.batch.fake import FakeEngine, broken, computed, fill
from vultus.batch.journal import Journal
from vultus.batch.rayrun import check_ray, run_ray
from vultus.batch.run import run_local
from vultus.errors import MissingExtraError, StoreError

Open = Callable[[], Journal]
# Ray warns of its own settings.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_a_worker_is_killed_and_the_results_are_those_of_the_local_engine(
    cluster: None, journal: Open, paths: list[str], engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With paths that are relative, and mean here what they mean in the workers."""
    monkeypatch.chdir(tmp_path)
    paths = [str(Path(path).relative_to(tmp_path)) for path in [*paths, *fill(tmp_path / "more", 200)]]
    with Journal(tmp_path / "local", "terms") as book:
        book.plan(paths)
        list(run_local(book, FakeEngine(tmp_path / "local.txt"), max_faces=1))
        want = list(book.results())
    once = tmp_path / "killed"
    book = journal()
    book.plan(paths)
    told = list(run_ray(book, partial(FakeEngine, engine.log, kill_at=50, once=once), max_faces=1))
    assert once.exists(), "no worker was killed"
    assert list(book.results()) == want
    assert sorted(one.path for one in told) == sorted(set(paths))
    assert sum(one.computed for one in told) == len(set(computed(engine.log))) == 203
    # only what the killed worker had not handed back was computed again
    assert len(computed(engine.log)) - 203 <= 2 * 32
    # the next run, on either engine, computes nothing
    n_before = len(computed(engine.log))
    for run in (partial(run_ray, build=partial(FakeEngine, engine.log)), partial(run_local, engine=engine)):
        book = journal()
        book.plan(paths)
        assert not any(one.computed for one in run(book))
    assert len(computed(engine.log)) == n_before


def test_no_cluster_is_started_for_nothing(
    journal: Open, paths: list[str], engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    book = journal()
    book.plan(paths[:3])
    list(run_local(book, engine))
    monkeypatch.setattr("vultus.batch.rayrun.cluster", None)
    assert [one.computed for one in run_ray(book, partial(FakeEngine, engine.log))] == [False] * 3


def test_an_engine_that_cannot_be_built_is_told(cluster: None, journal: Open, paths: list[str]) -> None:
    book = journal()
    book.plan(paths)
    with pytest.raises(
        StoreError, match=r"the Ray cluster gave up: .*WeightsError: the pack is not here; go on with --resume"
    ):
        list(run_ray(book, broken))
    assert book.unfinished() == 39


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r'ray is not installed; run: pip install "vultus\[ray\]"'):
        check_ray()


def test_the_use_of_ray_is_reported_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
    check_ray()
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
