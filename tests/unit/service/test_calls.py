from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from vultus.errors import StoreError
from vultus.gallery.audit import Signature, read
from vultus.service.calls import CallLog


def lines(log: CallLog) -> list[tuple[str, str, dict]]:
    with log.store.reading() as connection:
        return [(entry.actor, entry.action, dict(entry.detail)) for entry in read(connection)]


def test_every_line_is_there_and_the_chain_holds(tmp_path: Path) -> None:
    log = CallLog(tmp_path)

    async def many() -> None:
        await asyncio.gather(*(log.write(Signature(f"key:{n}"), {"n": n}) for n in range(50)))

    asyncio.run(many())
    told = [line for line in lines(log) if line[1] == "call"]
    assert sorted(detail["n"] for *_, detail in told) == list(range(50))
    assert {actor for actor, *_ in told} == {f"key:{n}" for n in range(50)}
    assert log.store.verify_log().problems == ()
    log.close()


def test_what_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = CallLog(tmp_path)

    def full() -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(log.store, "aside", full)
    with pytest.raises(StoreError, match="the disk is full"):
        asyncio.run(log.write(Signature("a"), {}))
    monkeypatch.undo()
    log.close()
