"""The command `face_detection IMAGE_TO_CHECK`: prints "file,top,right,bottom,left" for each face.

Run it as `python -m vultus.compat.face_recognition.face_detection_cli`. `vultus detect` is the better one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from typer.main import get_command

from vultus.compat.face_recognition.api import face_locations, load_image_file
from vultus.compat.face_recognition.face_recognition_cli import print_lines

app = typer.Typer(add_completion=False)


@app.command()
def _run(
    image_to_check: Path,
    cpus: Annotated[int, typer.Option(help="How many pictures at a time; -1: all processors.")] = 1,
    model: Annotated[Literal["hog", "cnn"], typer.Option(help="Which detector.")] = "hog",
) -> None:
    """Print where the faces of a picture are, or of each picture of a folder."""

    def lines(path: Path) -> list[str]:
        found = face_locations(load_image_file(path), number_of_times_to_upsample=0, model=model)
        return [f"{path},{top},{right},{bottom},{left}" for top, right, bottom, left in found]

    print_lines(image_to_check, lines, cpus)


main = get_command(app)

if __name__ == "__main__":
    main()
