"""What the tests of the routes cannot reach."""

from __future__ import annotations

import pytest

from unit.service.cinema import Cinema, frame
from vultus.errors import StoreError, VideoError
from vultus.service.envelope import ServiceError
from vultus.service.monitors.runner import MonitorRunner
from vultus.service.monitors.shapes import MonitorSettings
from vultus.service.workbook import Workbook

SETTINGS = MonitorSettings().model_dump()


@pytest.fixture
def cinema(monkeypatch: pytest.MonkeyPatch) -> Cinema:
    found = Cinema.installed(monkeypatch)
    found.films = [VideoError("x", "silent")]
    return found


@pytest.fixture
def runner(service, book: Workbook, cinema: Cinema):
    found = MonitorRunner(service, book)
    yield found
    found.stop()


def test_those_that_cannot_start_do_not_stop_the_others(runner: MonitorRunner, book: Workbook, service) -> None:
    runner._service.settings = type(service.settings)(data=service.settings.data, decode="none", monitors=1)
    first = runner.add("a", "default", "0", SETTINGS, caller="k")
    with pytest.raises(ServiceError, match="1 monitors run already; stop one first"):
        runner.add("b", "default", "1", SETTINGS, caller="k")
    runner.store.add("second", "b", "default", "camera 1", runner._seal.seal("second", "1"), SETTINGS, "k")
    runner.stop()
    again = MonitorRunner(service, book)
    again.start()
    assert [again.running(one) for one in (first.monitor_id, "second")] == [True, False]
    assert again.condition("second").state == "stopped"
    again.stop()


def test_a_full_disk_does_not_end_the_watching(runner: MonitorRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = runner.add("a", "default", "0", SETTINGS, caller="k")
    last = runner.last(monitor.monitor_id)

    def full(*_) -> int:
        raise StoreError("disk full")

    monkeypatch.setattr(runner.store, "tell", full)
    runner._tell(monitor.monitor_id, "seen", {})
    assert runner.last(monitor.monitor_id) >= last


def test_a_monitor_whose_collection_is_gone_is_stopped(runner: MonitorRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = runner.add("a", "default", "0", SETTINGS, caller="k")
    monkeypatch.setattr(runner._service.galleries, "ids", lambda: ["other"])
    watcher = runner._watchers[monitor.monitor_id]
    runner.sweep()
    watcher.stop()
    assert not watcher.alive
    assert runner.store.all() == []


def test_a_key_that_is_not_at_hand_fails_the_monitor(runner: MonitorRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = runner.add("a", "default", "0", SETTINGS, caller="k")
    runner.end(monitor.monitor_id)
    monkeypatch.setenv("VULTUS_MASTER_KEY", "cd" * 32)
    runner.begin(monitor.monitor_id)
    runner._watchers[monitor.monitor_id]._thread.join(10)
    assert runner.condition(monitor.monitor_id).state == "failed"
    assert "key" in runner.condition(monitor.monitor_id).message


def test_a_film_that_is_over_does_not_run_again(runner: MonitorRunner, service, tmp_path, cinema: Cinema) -> None:
    (tmp_path / "x.mp4").write_bytes(b"film")
    settings = type(service.settings)(data=service.settings.data, decode="none", job_root=tmp_path)
    runner._service.settings = settings
    cinema.films = [[frame(0)]]
    monitor = runner.add("a", "default", "x.mp4", SETTINGS, caller="k")
    runner._watchers[monitor.monitor_id]._thread.join(10)
    assert not runner.store.get(monitor.monitor_id).wanted
