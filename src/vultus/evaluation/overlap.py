"""Whether a test is on people, pictures or the list that a calibration was measured on: its thresholds then flatter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vultus.weights.calibration import CalibrationFile

_NAMED = 3


def overlap(
    file: CalibrationFile, name: str, source: Path, people: Sequence[str] = (), pictures: Sequence[Path | bytes] = ()
) -> tuple[str, ...]:
    """Lines of warning; () when nothing that is known of both sides is the same.

    Args:
        file: the calibration.
        name: of it, for the lines.
        source: file or folder of the test.
        people: names of those tested; () where nobody tells.
        pictures: what is tested on; () for scores.
    """
    origin = file.origin
    if origin is None:
        return (f"{name} does not say whom it was measured on, so people in both cannot be noticed",)
    if origin.is_source(source):
        return (f"{name} was measured on this very file: figures at its thresholds flatter",)
    lines = []
    both = origin.known_people(people)
    if both:
        some = ", ".join(both[:_NAMED]) + (", ..." if len(both) > _NAMED else "")
        lines.append(
            f"{len(both)} of the {len(set(people))} people were in the data of {name} too ({some}): figures at its "
            "thresholds flatter"
        )
    same = origin.known_pictures(pictures)
    if same:
        lines.append(f"{same} of the {len(pictures)} pictures were in the data of {name} too")
    unknown = not (people and origin.people) and not (pictures and origin.pictures)
    if unknown:
        lines.append(f"nobody tells whether the people were in the data of {name} too: one of both names none")
    return tuple(lines)
