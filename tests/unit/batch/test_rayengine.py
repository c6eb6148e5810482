"""An engine on a Ray cluster of two workers on this machine."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unit.batch.fake import CONTRACT, FakeEngine, broken, computed, fill
from vultus.batch.rayengine import RayEngine
from vultus.errors import ImageError, StoreError
from vultus.gallery.collection import Gallery

pytest.importorskip("ray")
# Ray warns of its own settings.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def _known(path: Path, engine: Any, paths: list[str]) -> list[Any]:
    """Everything a gallery holds after enrolment, and what came out."""
    with Gallery.open(path, engine=engine, vault=False) as people:
        told = list(people.enroll_many(((Path(name).stem, Path(name)) for name in paths), batch=64))
        faces = [[record.source for record in people.faces(person.name)] for person in people.people()]
        return [told, faces, np.asarray(people._store.templates().vectors).tobytes()]


def test_a_worker_is_killed_and_the_gallery_is_that_of_the_local_engine(
    cluster: None, engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    paths = [str(Path(path).relative_to(tmp_path)) for path in fill(tmp_path / "photos", 150)]
    Path(paths[7]).write_bytes(b"!")
    want = _known(tmp_path / "local.vultus", FakeEngine(tmp_path / "local.txt"), paths)
    once = tmp_path / "killed"
    with RayEngine(engine, partial(FakeEngine, engine.log, kill_at=40, once=once)) as far:
        assert _known(tmp_path / "far.vultus", far, paths) == want
    assert once.exists(), "no worker was killed"
    assert len(set(computed(engine.log))) == 150
    assert len(computed(engine.log)) - 150 <= 2 * 2 * 16


def test_answers_keep_their_order_and_errors_their_kind(cluster: None, engine: FakeEngine) -> None:
    with RayEngine(engine, partial(FakeEngine, engine.log)) as far:
        sources = [b"2", b"!", b"0", b"1"]
        answers = list(far.find_each(iter(sources), batch=1))
        assert [source for source, _ in answers] == sources
        assert [len(found) if isinstance(found, list) else type(found) for _, found in answers] == [2, ImageError, 0, 1]
        assert list(far.find_each([])) == []


def test_the_rest_is_the_local_engine_and_needs_no_cluster(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vultus.batch.rayengine.cluster", None)
    with RayEngine(engine, partial(FakeEngine, engine.log)) as far:
        assert (far.contract, far.gate, far.calibration) == (CONTRACT, None, engine.calibration)
        assert len(far.find(b"2")) == 2


def test_an_engine_that_cannot_be_built_is_told(cluster: None, engine: FakeEngine) -> None:
    with (
        RayEngine(engine, broken) as far,
        pytest.raises(
            StoreError,
            match=r"the Ray cluster gave up: .*WeightsError: the pack is not here; run the same command again",
        ),
    ):
        list(far.find_each([b"1"]))
