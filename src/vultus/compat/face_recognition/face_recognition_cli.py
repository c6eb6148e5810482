"""The command `face_recognition KNOWN_PEOPLE_FOLDER IMAGE_TO_CHECK`: prints "file,name" for each face.

Run it as `python -m vultus.compat.face_recognition.face_recognition_cli`. `vultus identify` is the better one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.main import get_command

from vultus.compat.face_recognition.api import face_distance, face_encodings, load_image_file
from vultus.errors import ImageError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

_PICTURES = {".jpg", ".jpeg", ".png"}

app = typer.Typer(add_completion=False)


@app.command()
def _run(
    known_people_folder: Path,
    image_to_check: Path,
    cpus: Annotated[int, typer.Option(help="How many pictures at a time; -1: all processors.")] = 1,
    tolerance: Annotated[float, typer.Option(help="Largest distance of two pictures of one person.")] = 0.6,
    show_distance: Annotated[
        str, typer.Option(help="1 also prints the distance.", metavar="BOOLEAN", show_default=False)
    ] = "0",
) -> None:
    """Name the people in a picture, or in each picture of a folder."""
    names, encodings = _known(known_people_folder)
    told = show_distance.lower() in ("1", "true", "yes", "y", "on", "t")

    def lines(path: Path) -> list[str]:
        return [",".join(found if told else found[:2]) for found in look(path, names, encodings, tolerance)]

    print_lines(image_to_check, lines, cpus)


def print_lines(image_to_check: Path, lines: Callable[[Path], list[str]], cpus: int) -> None:
    """Print the lines of a picture, or of a folder's pictures in order; one that cannot be read ends it with 2."""
    files = pictures_in(image_to_check) if image_to_check.is_dir() else [image_to_check]
    try:
        with ThreadPoolExecutor(None if cpus < 1 else cpus) as pool:
            for found in pool.map(lines, files):
                for line in found:
                    typer.echo(line)
    except ImageError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder, by name.

    Raises:
        InputError: there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder")
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _PICTURES)


def look(
    path: Path, names: list[str], encodings: list[NDArray[np.float64]], tolerance: float
) -> list[tuple[str, str, str]]:
    """(file, name, distance) of everybody near enough to a face of a picture."""
    faces = face_encodings(load_image_file(path))
    if not faces:
        return [(str(path), "no_persons_found", "None")]
    found = []
    for face in faces:
        near = [
            (str(path), name, str(distance))
            for name, distance in zip(names, face_distance(encodings, face), strict=True)
            if distance <= tolerance
        ]
        found += near or [(str(path), "unknown_person", "None")]
    return found


def _known(folder: Path) -> tuple[list[str], list[NDArray[np.float64]]]:
    names, encodings = [], []
    try:
        files = pictures_in(folder)
    except InputError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    for path in files:
        try:
            faces = face_encodings(load_image_file(path))
        except ImageError as error:
            typer.echo(f"WARNING: {error}. Ignoring file.")
            continue
        if not faces:
            typer.echo(f"WARNING: No faces found in {path}. Ignoring file.")
            continue
        if len(faces) > 1:
            typer.echo(f"WARNING: More than one face found in {path}. Only considering the first face.")
        names.append(path.stem)
        encodings.append(faces[0])
    return names, encodings


main = get_command(app)

if __name__ == "__main__":
    main()
