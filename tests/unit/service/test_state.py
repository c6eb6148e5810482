from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest

from unit.gallery.fake import FakeEngine
from vultus.errors import ConfigError
from vultus.gallery.audit import Signature, signed
from vultus.inference.session import available_devices
from vultus.service import state
from vultus.service.crew import Worker
from vultus.service.envelope import ServiceError
from vultus.service.keystore import Key
from vultus.service.settings import Settings
from vultus.service.state import Service, installed_version


def test_work_is_done_elsewhere_and_signed_by_the_caller(service: Service) -> None:
    async def ask() -> tuple[str, str]:
        with signed(Signature("key:1", "a test")):
            await service.run(service.galleries.open("default").people)
            return await service.run(lambda: threading.current_thread().name), threading.current_thread().name

    there, here = asyncio.run(ask())
    assert there != here
    assert [entry.actor for entry in service.galleries.open("default").audit_log()][-1] == "key:1"
    service.close()


def test_a_key_reaches_its_own_collections(service: Service) -> None:
    mine = Key("1", "a", ("read",), ("staff",))
    with pytest.raises(ServiceError, match="there is no collection 'default'"):
        service.gallery(mine, "default")
    service.close()


def test_a_device_that_is_not_there_is_never_replaced(settings: Settings) -> None:
    for device in ("cuda", "tensorrt"):
        if device not in available_devices():
            with pytest.raises(ConfigError, match=f"device {device} is not there"):
                Service(replace(settings, device=device))
            assert not settings.data.exists()


def test_the_version_is_known() -> None:
    assert installed_version()


@pytest.mark.parametrize(("device", "threads", "processes"), [("cpu", 3, 3), ("cpu", 1, 0), ("cuda", 3, 0)])
def test_several_engines_on_processors_are_processes(
    settings: Settings, engine: FakeEngine, monkeypatch, device: str, threads: int, processes: int
) -> None:
    begun: list[Worker] = []
    monkeypatch.setattr(state, "_build", lambda settings, threads: engine)
    monkeypatch.setattr(Worker, "start", lambda worker: begun.append(worker))
    service = Service(replace(settings, device=device, threads=threads))
    service.close()
    assert len(begun) == processes
