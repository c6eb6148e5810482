"""The pictures of a folder as a gallery, which `find` and `stream` search.

DeepFace keeps its vectors in a pickle or .npz beside the pictures. Here they are templates of a Vultus gallery, sealed
by the vault, in a hidden file of that folder; content decides what is new, not the date of a file.
"""

from __future__ import annotations

import hashlib
import threading
import warnings
from functools import cache
from pathlib import Path

from vultus.compat.deepface.pictures import engine
from vultus.errors import InputError, VultusError
from vultus.gallery.collection import Gallery

FILE = ".deepface.vultus"
_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
_LOCK = threading.Lock()


@cache
def _open(path: Path) -> Gallery:
    return Gallery.open(path, engine=engine())


def people_of(folder: str | Path, *, refresh: bool, silent: bool = False) -> Gallery:
    """A gallery with one entry for each picture of a folder that shows a face, named by its path within it.

    Args:
        folder: with pictures, also in folders below.
        refresh: look for pictures that are new, changed or gone.
        silent: no warning for pictures without a usable face.

    Raises:
        InputError: there is no such folder.
        StoreError: the file in it cannot be written.
    """
    home = Path(folder).resolve()
    if not home.is_dir():
        raise InputError(f"there is no folder {folder}")
    with _LOCK:
        gallery = _open(home / FILE)
        if refresh or len(gallery) == 0:
            _refresh(gallery, home, silent)
        return gallery


def _refresh(gallery: Gallery, home: Path, silent: bool) -> None:
    there = {person.name: person for person in gallery.people()}
    files = {
        path.relative_to(home).as_posix(): path
        for path in sorted(home.rglob("*"))
        if path.suffix.lower() in _PICTURES and path.is_file()
    }
    for name in there.keys() - files.keys():
        gallery.remove(name)
    for name, path in files.items():
        if name in there and there[name].metadata.get("sha256") == _digest(path):
            continue
        try:
            outcome = gallery.enroll(
                name,
                path,
                metadata={"sha256": _digest(path)},
                override_quality=True,
                on_clash="replace",
                face="largest",
            )
        except VultusError as error:
            _warn(f"{path}: {error}", silent)
            continue
        if not outcome.accepted:
            _warn(f"{path}: no face", silent)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _warn(text: str, silent: bool) -> None:
    if not silent:
        warnings.warn(text, UserWarning, stacklevel=4)
