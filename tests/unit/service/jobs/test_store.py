from __future__ import annotations

import pytest

from vultus.service.envelope import ServiceError
from vultus.service.jobs.store import JobStore, Outcome


def made(store: JobStore, collection: str = "default", **more) -> str:
    return store.add("enrol", collection, {"folder": "in"}, {"tags": []}, caller="k", **more).job_id


def test_a_job_waits_runs_and_ends(store: JobStore) -> None:
    job_id = made(store)
    first = store.get(job_id)
    assert (first.state, first.total, first.planned, first.active) == ("queued", None, False, True)
    taken = store.take()
    assert taken is not None
    assert (taken.job_id, taken.state) == (job_id, "running")
    assert store.take() is None
    assert store.finish(job_id, "done", counts={"groups": 2})
    assert not store.finish(job_id, "failed"), "it has ended already"
    last = store.get(job_id)
    assert (last.state, last.counts, last.active) == ("done", {"groups": 2}, False)
    assert last.revision > taken.revision > first.revision


def test_the_oldest_comes_first_and_lists_begin_with_the_newest(store: JobStore) -> None:
    ids = [made(store), made(store, "other"), made(store)]
    assert [job.job_id for job in store.newest(None, 10)] == ids[::-1]
    assert [job.job_id for job in store.newest(None, 10, ["other"])] == [ids[1]]
    assert [job.job_id for job in store.newest(3, 1)] == [ids[1]]
    assert store.take().job_id == ids[0]


def test_items_are_listed_once_and_settled_once(store: JobStore) -> None:
    job_id = made(store)
    store.plan(job_id, ["a", "b", "c"], most=2)
    store.plan(job_id, ["a", "b", "c"])
    assert store.get(job_id).total == 3
    assert store.waiting(job_id, 2) == [(1, "a"), (2, "b")]
    store.record(job_id, [Outcome("a", {"x": 1}, counts={"n": 1}), Outcome("b", {}, "bad", "it is", {"n": 1})])
    assert store.waiting(job_id, 9) == [(3, "c")]
    now = store.get(job_id)
    assert (now.done, now.n_errors, now.counts) == (2, 1, {"n": 2})
    assert store.errors(job_id) == [{"item": "b", "code": "bad", "message": "it is"}]
    assert [(n, one.path, one.body) for n, one in store.results(job_id, 0, 9)] == [(1, "a", {"x": 1}), (2, "b", {})]
    assert [n for n, _ in store.results(job_id, 1, 9)] == [2]
    assert store.through(job_id) == 2


def test_tracks_are_items_that_nobody_has_listed(store: JobStore) -> None:
    job_id = made(store)
    store.record(job_id, [Outcome("track 1"), Outcome("track 2")], place=12.5, done=50, total=100)
    now = store.get(job_id)
    assert (now.place, now.done, now.total, store.through(job_id)) == (12.5, 50, 100, 2)


def test_what_was_killed_waits_again(store: JobStore) -> None:
    first, second = made(store), made(store)
    store.take()
    store.take()
    store.requeue(first)
    assert [store.get(one).state for one in (first, second)] == ["queued", "running"]
    store.requeue()
    assert store.get(second).state == "queued"


def test_what_is_old_goes_and_what_runs_stays(store: JobStore) -> None:
    old, gone, running = made(store), made(store, "gone"), made(store)
    store.plan(old, ["a"])
    for job_id in (old, gone):
        store.finish(job_id, "done")
    assert set(store.sweep(7, ["default"])) == {old, running}
    assert set(store.sweep(-1, ["default"])) == {running}
    assert store.waiting(old, 9) == []
    store.record(old, [Outcome("a")])  # a thread that has not noticed yet
    with pytest.raises(ServiceError, match="there is no job"):
        store.get(old)


def test_no_more_than_so_many_may_wait(store: JobStore) -> None:
    made(store)
    with pytest.raises(ServiceError, match="jobs are waiting already") as caught:
        made(store, most=1)
    assert caught.value.status == 429
