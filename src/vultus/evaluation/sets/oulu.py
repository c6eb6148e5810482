"""OULU-NPU: Protocols/Protocol_1/Test.txt with `+1,6_3_20_1`: label, then phone_session_user_file.

The file number is the kind: 1 is a person, 2 and 3 are prints of two printers, 4 and 5 replays on two screens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.errors import InputError
from vultus.evaluation.sets.attacks import Presentation
from vultus.evaluation.sets.pairset import lines_of
from vultus.evaluation.tasks.pad import BONA_FIDE

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {"1": BONA_FIDE, "2": "print_1", "3": "print_2", "4": "replay_1", "5": "replay_2"}


def read_oulu(path: Path) -> list[Presentation]:
    """Read a list of a protocol.

    Raises:
        InputError: it cannot be read, or a line is not as above.
    """
    return [_presentation(line, f"{path}, line {number}") for number, line in enumerate(lines_of(path), 1)]


def _presentation(line: str, where: str) -> Presentation:
    label, _, name = line.strip().partition(",")
    found = oulu_presentation(name.strip())
    if found is None or label.strip() not in {"+1", "1", "-1", "-2"}:
        raise InputError(f"{where}: expected '+1,phone_session_user_file', but it is '{line.strip()}'")
    if (found.species == BONA_FIDE) != (not label.strip().startswith("-")):
        kind = found.name.rpartition("_")[2]
        raise InputError(f"{where}: label {label.strip()} and file number {kind} contradict each other")
    return found


def oulu_presentation(name: str) -> Presentation | None:
    """What a name such as 6_3_20_1 says; None where it is none."""
    parts = name.split("_")
    if len(parts) != 4 or parts[3] not in KINDS:
        return None
    return Presentation(name, KINDS[parts[3]], parts[2])
