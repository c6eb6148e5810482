"""Calibration files: thresholds of one's own data, the contract they hold for, and a digest that shows every change."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from vultus.errors import ConfigError, InputError
from vultus.weights.origin import Origin, parse_origin
from vultus.weights.schema import parse_calibration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vultus.types import Calibration

SCHEMA = "vultus.calibration/1"


@dataclass(frozen=True, slots=True)
class GroupPoint:
    """What a group of people gets at one threshold; None where it was not measured.

    Attributes:
        fmr_target: rate that the threshold was set to for everybody.
        fmr: of comparisons within the group, with its 95 % interval over resampled people.
        fnmr: of comparisons of its people with themselves, the same.
    """

    fmr_target: float
    fmr: float | None
    fmr_low: float | None
    fmr_high: float | None
    fnmr: float | None
    fnmr_low: float | None
    fnmr_high: float | None


@dataclass(frozen=True, slots=True)
class GroupRates:
    """Error rates of one group at the thresholds that hold for everybody.

    Attributes:
        attribute: e.g. "gender".
        group: label, e.g. "female".
        n_people: in it.
        n_impostor: comparisons of different people within it.
        n_genuine: comparisons of one person with itself.
        points: at the powers of ten that these comparisons support.
    """

    attribute: str
    group: str
    n_people: int
    n_impostor: int
    n_genuine: int
    points: tuple[GroupPoint, ...]


@dataclass(frozen=True, slots=True)
class CalibrationFile:
    """What a calibration file says.

    Attributes:
        calibration: thresholds.
        contract: of the embeddings they hold for; None when the scores came from another system.
        n_genuine: comparisons of one person with itself in the same data.
        groups: what groups of people get at the same thresholds, where somebody told the groups.
        origin: whose faces it was measured on, as digests; None where the file does not say.
    """

    calibration: Calibration
    contract: str | None
    n_genuine: int = 0
    groups: tuple[GroupRates, ...] = ()
    origin: Origin | None = None

    def document(self) -> dict[str, Any]:
        """Plain values for JSON, with the SHA-256 of all the rest."""
        calibration = asdict(self.calibration)
        content = {
            "schema": SCHEMA, **calibration, "points": list(calibration["points"]), "contract": self.contract,
            "n_genuine": self.n_genuine,
        }  # fmt: skip
        if self.groups:
            content["groups"] = [{**asdict(one), "points": list(map(asdict, one.points))} for one in self.groups]
        if self.origin is not None:
            content["measured_on"] = self.origin.document()
        return {**content, "sha256": _digest(content)}

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all.

        Raises:
            InputError: the folder or the disk does not take it.
        """
        part = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(self.document(), indent=1) + "\n", encoding="utf-8")
            os.replace(part, path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            raise InputError(f"cannot write the calibration {path}: {error.strerror or error}") from error


def read_calibration(path: str | os.PathLike[str]) -> CalibrationFile:
    """Read what `CalibrationFile.write` wrote, and hold it against its digest.

    Raises:
        ConfigError: it cannot be read, is no calibration file, or was changed since it was measured.
    """
    where = os.fspath(path)
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not valid JSON"
        raise ConfigError(f"cannot read the calibration {where}: {why}") from error
    if (
        not isinstance(document, dict)
        or document.get("schema") != SCHEMA
        or not {"contract", "sha256"} <= set(document)
    ):
        raise ConfigError(f"{where} is no calibration file; make one with: vultus calibrate FOLDER --out {where}")
    found = _digest({key: value for key, value in document.items() if key != "sha256"})
    if document["sha256"] != found:
        raise ConfigError(
            f"the calibration {where} was changed after it was measured: its sha256 should be {found}, but is "
            f"{document['sha256']}; measure it anew with vultus calibrate"
        )
    contract, n_genuine = document["contract"], document.get("n_genuine", 0)
    if not isinstance(contract, str | None) or not isinstance(n_genuine, int):
        raise ConfigError(f"{where}: contract must be a text or null, and n_genuine a whole number")
    origin = parse_origin(document["measured_on"], where) if "measured_on" in document else None
    return CalibrationFile(parse_calibration(document, where), contract, n_genuine, _groups(document, where), origin)


def load_calibration(path: str | os.PathLike[str], contract: str) -> Calibration:
    """The thresholds of a file, for embeddings of this contract only.

    Raises:
        ConfigError: the file cannot be used, or holds for something else.
    """
    file = read_calibration(path)
    where = os.fspath(path)
    if file.contract is None:
        raise ConfigError(
            f"the calibration {where} comes from scores of another system and holds for no model pack; calibrate on "
            "pictures instead with: vultus calibrate FOLDER"
        )
    if file.contract != contract:
        raise ConfigError(
            f"the calibration {where} holds for contract {file.contract}, but the engine has {contract}; use the pack "
            "it was measured with, or measure this one with: vultus calibrate FOLDER"
        )
    return file.calibration


def _groups(document: Mapping[str, Any], where: str) -> tuple[GroupRates, ...]:
    try:
        return tuple(
            GroupRates(**{**one, "points": tuple(GroupPoint(**point) for point in one["points"])})
            for one in document.get("groups", [])
        )
    except (TypeError, KeyError) as error:
        raise ConfigError(
            f"{where}: groups must be a list of groups with their points, as calibrate writes it"
        ) from error


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
