"""Videos of jobs, with made-up films; real ones are in test_footage.py and test_video_real.py."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest

from unit.gallery.fake import FakeEngine, person, photos
from unit.service.cinema import Cinema, frame
from vultus.gallery.collection import Gallery
from vultus.service.batching import BatchedEngine
from vultus.service.envelope import ServiceError
from vultus.service.jobs import video
from vultus.service.jobs.pace import Pace
from vultus.service.jobs.pictures import Bench
from vultus.service.jobs.shapes import JobOptions
from vultus.service.jobs.store import JobStore
from vultus.service.settings import Settings
from vultus.types import Box


@pytest.fixture
def cinema(monkeypatch: pytest.MonkeyPatch) -> Cinema:
    return Cinema.installed(monkeypatch)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, decode="none")


@pytest.fixture
def gallery(tmp_path: Path, settings: Settings):
    engine = BatchedEngine(FakeEngine(), settings)
    found = Gallery.open(tmp_path / "g.vultus", engine=engine, vault=False)
    yield found
    found.close()
    engine.close()


class Stopped(BaseException):
    """Stands for kill -9."""


@pytest.fixture
def run(gallery: Gallery, store: JobStore, settings: Settings):
    """Does a job over a video, up to some number of frames; its number and the journal."""

    def go(kind: str = "identify", *, job_id: str = "", frames: int = 10**9, **options):
        job_id = job_id or store.add(kind, "default", {"video": "x.mp4"}, options, caller="k").job_id
        left = [2 * frames]  # it is asked twice for each

        def halt() -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Stopped

        bench = Bench(
            store.get(job_id), JobOptions(**options), store, gallery, lambda _: None, halt, Pace(int, 1), 0.01, 3
        )
        with contextlib.suppress(Stopped):
            video.go_through(bench, Path("x.mp4"), settings)
        return job_id

    return go


def scene(*who: str, begin: int, end: int, **more) -> list:
    return [
        frame(n, *(person(one, seed=n, left=300.0 * at, **more) for at, one in enumerate(who)))
        for n in range(begin, end)
    ]


def rows(store: JobStore, job_id: str) -> list:
    return [one for _, one in store.results(job_id, 0, 99)]


def test_each_track_has_one_outcome(cinema: Cinema, gallery: Gallery, store: JobStore, run) -> None:
    gallery.enroll("Ada", photos("Ada"))
    cinema.films = [scene("Ada", begin=0, end=10) + scene(begin=10, end=60) + scene("Eve", begin=60, end=70)]
    cinema.duration_s = 35.0
    job_id = run()
    job = store.get(job_id)
    assert (job.done, job.total, job.counts) == (70, 70, {"tracks": 2, "known": 1})
    ada, eve = rows(store, job_id)
    assert (ada.path, ada.body["person_id"], ada.body["start_s"], ada.body["n_frames"]) == ("track 1", 1, 0.0, 10)
    assert (eve.path, eve.body["person_id"], eve.body["start_s"], eve.body["end_s"]) == ("track 2", None, 30.0, 34.5)
    assert ada.body["decision"]["matched"]
    assert "Ada" not in str(ada.body)


def test_a_killed_job_goes_on_behind_what_it_has_written_down(cinema: Cinema, gallery: Gallery, store, run) -> None:
    gallery.enroll("Ada", photos("Ada"))
    cinema.films = [
        scene("Ada", begin=0, end=10) + scene(begin=10, end=60) + scene("Eve", begin=60, end=70)
        + scene(begin=70, end=130) + scene("Ada", begin=130, end=140)
    ]  # fmt: skip
    whole = [one.body for one in rows(store, run())]
    job_id = run(frames=65)
    assert len(rows(store, job_id)) == 1
    place = store.get(job_id).place
    assert 20 <= place < 30
    run(job_id=job_id, frames=90)
    assert store.get(job_id).place > place
    run(job_id=job_id)
    found = [one.body for one in rows(store, job_id)]
    assert found == whole, "nothing is lost and nothing is there twice"
    assert cinema.opened[2].start_s == place
    assert store.get(job_id).counts == {"tracks": 3, "known": 2}


def test_somebody_who_never_leaves_is_told_in_pieces(cinema: Cinema, store: JobStore, run, monkeypatch) -> None:
    monkeypatch.setattr(video, "LONGEST_S", 20.0)
    cinema.films = [scene("Eve", begin=0, end=100)]
    job_id = run()
    pieces = [(one.body["start_s"], one.body["end_s"]) for one in rows(store, job_id)]
    assert pieces == [(0.0, 20.0), (20.5, 40.0), (40.5, 49.5)]


def test_unknown_people_are_kept(cinema: Cinema, gallery: Gallery, store: JobStore, run) -> None:
    gallery.enroll("Ada", photos("Ada"))
    cinema.films = [scene("Eve", "Ada", begin=0, end=6)]
    job_id = run("unknown")
    kept = {one.body["person_id"]: one.body.get("face_ids") for one in rows(store, job_id)}
    assert len(kept[None]) == 5, "pictures of different moments"
    assert kept[1] is None
    again = run("unknown")
    assert store.get(again).counts["kept"] == 0, "a face that is kept is not kept twice"


def test_one_person_is_enrolled(cinema: Cinema, gallery: Gallery, store: JobStore, run) -> None:
    cinema.films = [scene("Eve", begin=0, end=2) + scene("Ada", begin=2, end=40)]
    job_id = run("enrol", name="Ada")
    assert store.get(job_id).counts == {"enrolled": 5}
    assert [person.name for person in gallery.people()] == ["Ada"]
    assert all(one.body["person"] == "Ada" for one in rows(store, job_id))


def test_several_people_are_not_one(cinema: Cinema, gallery: Gallery, store: JobStore, run) -> None:
    cinema.films = [scene("Eve", begin=0, end=10) + scene("Ada", begin=30, end=45)]
    with pytest.raises(ServiceError, match="the video shows several people for long"):
        run("enrol", name="Ada")
    run("enrol", name="Ada", face="largest")
    assert gallery.people()[0].n_faces == 5


def test_nobody_in_a_film(cinema: Cinema, store: JobStore, run) -> None:
    cinema.films = [scene(begin=0, end=10)]
    job_id = run("enrol", name="Ada")
    assert store.errors(job_id) == [
        {"item": "x.mp4", "code": "no_face", "message": "no face can be followed in the video"}
    ]
    empty = run()
    assert (rows(store, empty), store.get(empty).done, store.get(empty).total) == ([], 10, 10)


def test_a_name_is_needed(store: JobStore, run) -> None:
    with pytest.raises(ServiceError, match="say who is to be enrolled from the video"):
        run("enrol")


def test_a_face_is_cut_out_with_what_is_around_it() -> None:
    image = np.arange(100 * 80 * 3, dtype=np.uint32).astype(np.uint8).reshape(100, 80, 3)
    photo = video.around(image, Box(np.array([30, 40, 50, 60], np.float32)), "at the door")
    assert (photo.shape, photo.label, len(photo.picture)) == ((60, 60, 3), "at the door", 64)
    assert np.array_equal(photo, image[20:80, 10:70])
    edge = video.around(image, Box(np.array([-5, -5, 20, 20], np.float32)), "")
    assert edge.shape == (45, 45, 3)
    assert video.around(image, Box(np.zeros(4, np.float32)), "", raw=True).shape == (100, 80, 3)
