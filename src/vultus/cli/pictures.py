"""The pictures that `--annotate` writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vultus.cli.scan import STILL, View
from vultus.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vultus.inference.source import Item
    from vultus.types import Face, Identification

    Mark = tuple[Face, str, str]


class Album:
    """Writes annotated pictures: one file for one picture, a folder for more.

    Args:
        target: the --annotate option.
        items: the inputs.

    Raises:
        InputError: a picture file is named, but there may be several pictures; or an input would be overwritten.
    """

    def __init__(self, target: Path, items: Sequence[Item]) -> None:
        from vultus.inference.image import WRITABLE

        names_file = target.suffix.lower() in WRITABLE and not target.is_dir()
        single = len(items) == 1 and items[0].kind in STILL
        if names_file and not single:
            raise InputError(
                f"--annotate {target} names one picture, but the inputs may give several; name a folder instead"
            )
        for given in (Path(str(item.value)).resolve() for item in items if item.kind == "image"):
            if target.resolve() == (given if names_file else given.parent):
                raise InputError(f"--annotate {target} would overwrite the input {given}; name another file or folder")
        self._target, self._one = target, names_file
        self._used: set[str] = set()
        self.written = 0

    def save(self, view: View, marks: Sequence[Mark]) -> Path:
        """Draw the marks into the picture and write it; returns the file."""
        from vultus.inference.annotate import draw
        from vultus.inference.image import read, write

        path = self._target if self._one else self._target / self._name(view)
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, draw(read(view.source), marks))
        self.written += 1
        return path

    def _name(self, view: View) -> str:
        stem = "stdin" if view.path == "-" else Path(view.path).stem or "picture"
        if view.time_s is not None:
            stem = f"{stem}_{view.time_s:09.2f}s"
        name, count = stem, 1
        while name.casefold() in self._used:
            count += 1
            name = f"{stem}_{count}"
        self._used.add(name.casefold())
        return f"{name}.jpg"


def plain_marks(faces: Sequence[Face]) -> list[Mark]:
    """Marks for faces without names: the detector's score, and the first thing that is wrong."""
    marks: list[Mark] = []
    for face in faces:
        wrong = face.quality.reasons[0].replace("_", " ") if face.quality.reasons else ""
        marks.append((face, f"{face.score:.2f} {wrong}".rstrip(), "refused" if wrong else "plain"))
    return marks


def expression_marks(faces: Sequence[Face]) -> list[Mark]:
    """Marks with what faces show and its score; of a face that the quality gate refuses also why."""
    marks: list[Mark] = []
    for face in faces:
        wrong = face.quality.reasons[0].replace("_", " ") if face.quality.reasons else ""
        shown = "" if face.expression is None else f"{face.expression.label} {max(face.expression.scores.values()):.2f}"
        marks.append((face, f"{shown} {wrong}".strip(), "refused" if wrong else "plain"))
    return marks


def name_marks(answers: Sequence[Identification]) -> list[Mark]:
    """Marks for identified faces: name and similarity; green for known, another colour for unknown people."""
    marks: list[Mark] = []
    for answer in answers:
        similarity = answer.decision.similarity
        score = "" if similarity is None else f" {similarity:.2f}"
        known = answer.name is not None
        marks.append((answer.face, f"{answer.name}{score}" if known else "unknown", "match" if known else "unknown"))
    return marks
