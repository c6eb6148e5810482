"""Calibrations of a service: the pack's own, and files that admins have uploaded; one of them is in use."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vultus.errors import ConfigError, VultusError
from vultus.service.envelope import ServiceError
from vultus.weights.calibration import CalibrationFile, load_calibration, read_calibration

if TYPE_CHECKING:
    from pathlib import Path

    from vultus.service.batching import BatchedEngine
    from vultus.service.database import Database
    from vultus.service.settings import Settings
    from vultus.types import Calibration

_IN_USE = "calibration.in_use"
_MOST = 100


@dataclass(frozen=True, slots=True)
class Kept:
    """A calibration of the service.

    Attributes:
        calibration_id: of it.
        in_use: decisions are made with it.
        origin: "pack" for what the engine came with, "uploaded" for the others.
        document: vultus.calibration/1.
    """

    calibration_id: str
    in_use: bool
    origin: Literal["pack", "uploaded"]
    document: dict[str, Any]


class Calibrations:
    """Keeps the files, and tells the engine which one holds.

    Args:
        settings: whose data folder they lie in.
        database: knows which one is in use.
        engine: decides by it.

    Raises:
        ConfigError: the one in use is damaged.
    """

    def __init__(self, settings: Settings, database: Database, engine: BatchedEngine) -> None:
        self._folder = settings.data / "calibrations"
        self._database, self._engine, self._lock = database, engine, threading.Lock()
        self._own = _own(engine)
        if chosen := self._chosen():
            engine.chosen = load_calibration(self._path(chosen), engine.contract)

    def all(self) -> list[Kept]:
        """Every calibration, the pack's first."""
        chosen = self._chosen()
        found = (
            [] if self._own is None else [self._of(CalibrationFile(self._own, self._engine.contract), "pack", chosen)]
        )
        paths = sorted(self._folder.glob("*.json")) if self._folder.is_dir() else []
        return found + [self._of(read_calibration(path), "uploaded", chosen) for path in paths]

    def get(self, calibration_id: str) -> Kept:
        """One calibration.

        Raises:
            ServiceError: there is none of that id.
        """
        found = next((one for one in self.all() if one.calibration_id == calibration_id), None)
        if found is None:
            raise ServiceError("not_found", f"there is no calibration '{calibration_id[:100]}' here")
        return found

    def add(self, document: dict[str, Any]) -> Kept:
        """Keep a calibration; it is not in use yet.

        Raises:
            ServiceError: it is damaged, holds for another model pack, is here already, or there are too many.
        """
        with self._lock:
            there = self.all()
            if len(there) >= _MOST:
                raise ServiceError("conflict", f"there are {_MOST} calibrations already; delete some")
            self._folder.mkdir(mode=0o700, exist_ok=True)
            part = self._folder / f".{os.getpid()}.part"
            try:
                part.write_text(json.dumps(document), encoding="utf-8")
                calibration = load_calibration(part, self._engine.contract)
                if calibration.calibration_id in {one.calibration_id for one in there}:
                    raise ServiceError("conflict", f"the calibration '{calibration.calibration_id}' is here already")
                os.replace(part, self._path(calibration.calibration_id))
            except ConfigError as error:
                message = str(error).replace(str(part), "that was sent")
                raise ServiceError("invalid_request", message) from None
            finally:
                part.unlink(missing_ok=True)
        return self.get(calibration.calibration_id)

    def use(self, calibration_id: str) -> Kept:
        """Decide by this one from now on.

        Raises:
            ServiceError: there is none of that id.
        """
        with self._lock:
            found = self.get(calibration_id)
            name = "" if found.origin == "pack" else calibration_id
            calibration = load_calibration(self._path(name), self._engine.contract) if name else None
            with self._database.writing() as connection:
                connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_IN_USE, name))
            self._engine.chosen = calibration
        return self.get(calibration_id)

    def delete(self, calibration_id: str) -> None:
        """Remove one that was uploaded.

        Raises:
            ServiceError: there is none of that id, it is in use, or it is the pack's own.
        """
        with self._lock:
            found = self.get(calibration_id)
            if found.origin == "pack":
                raise ServiceError("conflict", "this calibration came with the model pack and stays")
            if found.in_use:
                raise ServiceError("conflict", "this calibration is in use; use another one first")
            self._path(calibration_id).unlink(missing_ok=True)

    def _chosen(self) -> str:
        with self._database.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (_IN_USE,)).fetchone()
        return str(row[0]) if row else ""

    def _path(self, calibration_id: str) -> Path:
        return self._folder / f"{hashlib.sha256(calibration_id.encode()).hexdigest()[:32]}.json"

    def _of(self, file: CalibrationFile, origin: Literal["pack", "uploaded"], chosen: str) -> Kept:
        number = file.calibration.calibration_id
        in_use = number == chosen if chosen else origin == "pack"
        return Kept(number, in_use, origin, file.document())


def _own(engine: BatchedEngine) -> Calibration | None:
    try:
        return engine.inner.calibration
    except VultusError:
        return None
