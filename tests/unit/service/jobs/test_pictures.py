"""What the tests of the routes cannot reach."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unit.gallery.fake import FakeEngine, person, picture
from unit.service.jobs.conftest import filled
from vultus.errors import StoreError
from vultus.gallery.collection import Gallery
from vultus.gallery.photo import Photo
from vultus.service.batching import BatchedEngine
from vultus.service.envelope import ServiceError
from vultus.service.jobs import pictures
from vultus.service.jobs.pace import Pace
from vultus.service.jobs.pictures import Bench, go_through, sum_up, work_on
from vultus.service.jobs.shapes import JobOptions
from vultus.service.jobs.sources import Folder
from vultus.service.jobs.store import JobStore
from vultus.service.settings import Settings


@pytest.fixture
def bench(tmp_path: Path, store: JobStore):
    engine = BatchedEngine(FakeEngine(), Settings(tmp_path, decode="none"))
    gallery = Gallery.open(tmp_path / "g.vultus", engine=engine, vault=False)

    def read(upload) -> Photo:
        return Photo.of(np.frombuffer(upload.data, np.uint8).reshape(1, -1), upload.data, upload.filename)

    def make(kind: str = "enrol", **options) -> Bench:
        job = store.add(kind, "default", {"folder": "x"}, options, caller="k")
        return Bench(job, JobOptions(**options), store, gallery, read, lambda: None, Pace(int, 1), 0.01, 3)

    yield make
    gallery.close()
    engine.close()


def folder(path: Path, count: int) -> Folder:
    root = filled(path / "in", {f"A/{n}.jpg": picture(person("A", seed=n), seed=n) for n in range(count)}).resolve()
    return Folder(root, root, 10_000)


def test_large_pictures_are_not_held_together(bench, tmp_path: Path, store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_MOST_PIXELS", 1)
    one, together = bench(), []
    monkeypatch.setattr(store, "record", lambda job_id, outcomes, record=store.record: (
        together.append(len(outcomes)), record(job_id, outcomes)))  # fmt: skip
    go_through(one, folder(tmp_path, 3))
    assert together == [1, 1, 1]
    assert store.get(one.job.job_id).done == 3


def test_an_empty_folder_is_done_at_once(bench, tmp_path: Path, store) -> None:
    one = bench()
    go_through(one, folder(tmp_path, 0))
    assert (store.get(one.job.job_id).total, store.get(one.job.job_id).done) == (0, 0)


def test_a_reader_that_is_stopped_stops_the_job(bench, tmp_path: Path) -> None:
    one = bench()

    def draining(_) -> Photo:
        raise ServiceError("draining", "the service is being stopped")

    stopped = Bench(**{**{name: getattr(one, name) for name in one.__slots__}, "read": draining})
    with pytest.raises(ServiceError, match="being stopped"):
        go_through(stopped, folder(tmp_path, 1))


def test_names_that_cannot_be_are_told_one_by_one(bench, tmp_path: Path) -> None:
    root = filled(tmp_path / "in", {"A\nB/1.jpg": picture(person("A"))}).resolve()
    source = Folder(root, root, 10_000)
    (path,) = source.paths()
    photo = bench().read(type("Upload", (), {"data": source.read(path), "filename": path}))
    (outcome,) = work_on(bench(), source, [(path, photo)])
    assert outcome.code == "no_name"
    assert outcome.message


def test_poor_pictures_say_why(bench, tmp_path: Path) -> None:
    data = picture(person("A", reasons=["too_small"]))
    photo = Photo.of(np.frombuffer(data, np.uint8).reshape(1, -1), data, "a.jpg")
    (outcome,) = work_on(bench(name="A"), folder(tmp_path, 0), [("a.jpg", photo)])
    assert (outcome.code, outcome.counts) == ("too_small", {"rejected": 1})
    (taken,) = work_on(bench(name="A", override_quality=True), folder(tmp_path, 0), [("a.jpg", photo)])
    assert taken.counts == {"enrolled": 1}


def test_groups_are_for_another_time_where_others_change_them(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sum_up(bench("identify")) == {}
    one = bench("unknown")
    assert sum_up(one) == {"groups": 0}

    def changing(*_, **__) -> int:
        raise StoreError("changed by another program meanwhile")

    monkeypatch.setattr("vultus.gallery.unknown.Unknown.group", changing)
    assert sum_up(one) == {}
