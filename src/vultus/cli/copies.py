"""`vultus gallery copies`: where templates are besides the gallery's own file."""

from __future__ import annotations

from typing import Annotated

import typer

from vultus.cli import options
from vultus.cli.build import gallery_path, open_gallery
from vultus.cli.console import emit, fail, plural, say, table


def copies(
    gallery: options.GalleryPath = None,
    drop: Annotated[bool, typer.Option("--drop", metavar="", help="Delete the copies, and forget them.")] = False,
    as_json: options.Json = False,
) -> None:
    """List the copies of the templates that --door milvus has made, or delete them; exit 1 if one cannot be reached."""
    with open_gallery(gallery, write=drop, create=False) as people:
        found = people.copies()
        failed = people.drop_copies() if drop else []
    if as_json:
        emit({"schema": "vultus.gallery.copies/1", "gallery": str(gallery_path(gallery)), "copies": found,
              "dropped": drop, "failed": [{"uri": uri, "problem": problem} for uri, problem in failed]})  # fmt: skip
    elif found:
        table("", ["where", "name there", "templates", "index"], [
            [one["uri"], one["name"], one["rule"], one["index"]] for one in found
        ])  # fmt: skip
    for _, problem in failed:
        fail(f"this copy is forgotten here, and must be deleted there: {problem}")
    if failed:
        raise typer.Exit(1)
    if not as_json:
        counted = plural(len(found), "copy", "copies")
        say(f"deleted {counted}" if drop else f"there {'is' if len(found) == 1 else 'are'} {counted}",
            "green" if drop else "dim")  # fmt: skip
