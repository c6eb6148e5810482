"""Where the pictures of a job come from: a folder below the job root, or a zip file that was sent.

Nothing is ever unpacked: pictures go from the file into memory. What is read has to lie below the root when it is
opened, whatever symbolic links say, and a zip file has to keep limits before anything of it is read.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from vultus.inference.source import IMAGE_EXTENSIONS, VIDEO_EXTENSIONS
from vultus.service.envelope import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ENTRIES = 50_000
_DIRECTORY_BYTES = 8 << 20  # of a zip file's list of entries
_RATIO = 200.0  # of all that comes out of a zip file to what goes in; pictures hardly shrink
_TOTAL_BYTES = 16 << 30
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_END, _END_BYTES, _FAR_END, _ENCRYPTED = b"PK\x05\x06", 22, b"PK\x06\x07", 1
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class Pictures(Protocol):
    """Pictures of a job, by path."""

    def paths(self) -> Iterator[str]:
        """All of them, in an order that stays the same."""

    def read(self, path: str) -> bytes:
        """The bytes of one.

        Raises:
            ServiceError: it cannot be read, or is too large.
        """

    def person(self, path: str) -> str:
        """The folder a picture lies in, next below the top; "" for one that lies in none."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Pictures of a folder and the folders in it.

    Attributes:
        root: nothing outside of it is ever read.
        folder: absolute, below the root.
        max_bytes: of a picture.
    """

    root: Path
    folder: Path
    max_bytes: int

    def paths(self) -> Iterator[str]:
        """Folders in order of their names; hidden ones, and links that lead out of the root, are passed over."""
        waiting = [self.folder]
        seen: set[tuple[int, int]] = set()
        while waiting:
            folder = waiting.pop()
            try:
                status = folder.stat()
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError:
                continue
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            inner = []
            for entry in entries:
                if entry.name.startswith(".") or (entry.is_symlink() and not self._inside(Path(entry.path))):
                    continue
                if entry.is_dir():
                    inner.append(Path(entry.path))
                elif entry.name.lower().endswith(IMAGE_EXTENSIONS):
                    # A name that is no UTF-8 is listed escaped: reading it then fails, and that is told.
                    yield os.fsencode(Path(entry.path).relative_to(self.folder)).decode("utf-8", "backslashreplace")
            waiting += reversed(inner)

    def read(self, path: str) -> bytes:
        """See `Pictures`."""
        return read_below(self.root, self.folder / path, self.max_bytes)

    def person(self, path: str) -> str:
        """See `Pictures`."""
        parts = PurePosixPath(path).parts
        return parts[0] if len(parts) > 1 else ""

    def close(self) -> None:
        """Nothing is held."""

    def _inside(self, path: Path) -> bool:
        try:
            return path.resolve(strict=True).is_relative_to(self.root)
        except (OSError, RuntimeError):
            return False


class Zip:
    """Pictures of a zip file.

    Args:
        path: the file.
        max_bytes: of a picture.

    Raises:
        ServiceError: it is no zip file, or would become too much.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        try:
            check_end(path)
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeError):
            raise ServiceError("invalid_request", "file: this is no zip file, or a damaged one") from None
        try:
            self._entries = self._checked(path.stat().st_size)
        except ServiceError:
            self._zip.close()
            raise
        self._skip = _wrapped(list(self._entries))

    def paths(self) -> Iterator[str]:
        """See `Pictures`."""
        return iter(self._entries)

    def read(self, path: str) -> bytes:
        """See `Pictures`."""
        entry = self._entries.get(path)
        if entry is None:
            raise unreadable("it is not in the zip file any more")
        if entry.flag_bits & _ENCRYPTED:
            raise unreadable("it has a password")
        if entry.compress_type not in _PLAIN:
            raise unreadable("it is packed in a way that is not read here; pack it with deflate")
        try:
            with self._zip.open(entry) as file:
                data = file.read(self._max_bytes + 1)
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, zlib.error, NotImplementedError, RuntimeError):
            raise unreadable("the zip file is damaged at this place") from None
        if len(data) > self._max_bytes:
            raise too_large(self._max_bytes)
        return data

    def person(self, path: str) -> str:
        """See `Pictures`; a folder that holds everything is passed over."""
        parts = PurePosixPath(path).parts[self._skip :]
        return parts[0] if len(parts) > 1 else ""

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def _checked(self, size: int) -> dict[str, zipfile.ZipInfo]:
        entries = self._zip.infolist()
        if len(entries) > MOST_ENTRIES:
            raise ServiceError(
                "too_large", f"a zip file may have {MOST_ENTRIES:,} entries here", limit_files=MOST_ENTRIES
            )
        whole = sum(entry.file_size for entry in entries)
        if whole > min(_TOTAL_BYTES, max(size * _RATIO, 1 << 20)):
            raise ServiceError(
                "too_large", "the zip file would unpack to far more than it holds; it is not touched",
                limit_bytes=int(min(_TOTAL_BYTES, size * _RATIO)),
            )  # fmt: skip
        found: dict[str, zipfile.ZipInfo] = {}
        for entry in entries:
            name = _spelled(entry)
            hidden = any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
            if not entry.is_dir() and not hidden and name.lower().endswith(IMAGE_EXTENSIONS):
                found.setdefault(name, entry)
        return dict(sorted(found.items()))


def check_end(path: Path) -> None:
    """Look at the end of a zip file before its list of entries is taken into memory.

    Raises:
        ServiceError: the list is too long.
        BadZipFile: there is no such end.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - _END_BYTES - (1 << 16) - 20, 0))
        tail = file.read()
    at = len(tail) - _END_BYTES
    if at < 0 or not (tail[at:].startswith(_END) and tail.endswith(b"\0\0")):
        at = tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_BYTES:
        raise zipfile.BadZipFile
    listed = int.from_bytes(tail[at + 12 : at + 16], "little")
    if listed > _DIRECTORY_BYTES or tail[max(at - 20, 0) : at].startswith(_FAR_END):
        raise ServiceError("too_large", f"a zip file may have {MOST_ENTRIES:,} entries here", limit_files=MOST_ENTRIES)


def below(root: Path | None, given: str, what: str) -> Path:
    """A file or folder that a caller names, if it lies below the root.

    Args:
        root: of the settings.
        given: absolute, or relative to the root.
        what: "folder" or "video", for messages.

    Raises:
        ServiceError: there is no root, or no such thing below it. The words are the same for what is not there and
            for what lies elsewhere.
    """
    if root is None:
        message = "this service reads no folders of its machine; start it with --job-root DIR, or send a file"
        raise ServiceError("invalid_request", message)
    nothing = ServiceError("invalid_request", f"source: there is no such {what} below the folder for jobs")
    if "\0" in given:
        raise nothing
    try:
        top = root.resolve(strict=True)
        found = (top / given).resolve(strict=True)
    except (OSError, RuntimeError):
        raise nothing from None
    fits = found.is_dir() if what == "folder" else found.is_file()
    if not (fits and found.is_relative_to(top)):
        raise nothing
    return found


def read_below(root: Path, path: Path, max_bytes: int) -> bytes:
    """The bytes of a regular file that lies below the root at the moment it is opened.

    Raises:
        ServiceError: it does not, cannot be read, or is too large.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        raise unreadable(getattr(error, "strerror", None) or "it cannot be opened") from None
    with open(descriptor, "rb") as file:
        link = Path(f"/proc/self/fd/{descriptor}")
        real = Path(os.readlink(link)) if link.exists() else path.resolve()
        if not (stat.S_ISREG(os.fstat(descriptor).st_mode) and real.is_relative_to(root.resolve())):
            raise unreadable("it is no file below the folder for jobs")
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise too_large(max_bytes)
    return data


def is_video(filename: str) -> bool:
    """By its name."""
    return filename.lower().endswith(VIDEO_EXTENSIONS)


def unreadable(reason: str) -> ServiceError:
    """Why a picture cannot be read."""
    return ServiceError("unreadable_picture", f"the picture cannot be read: {reason}", reason=reason)


def too_large(max_bytes: int) -> ServiceError:
    """A picture has too many bytes."""
    return ServiceError("too_large", f"a picture may have {max_bytes:,} bytes", limit_bytes=max_bytes)


def _spelled(entry: zipfile.ZipInfo) -> str:
    """The name of an entry; many programs write UTF-8 without saying so."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _wrapped(names: list[str]) -> int:
    """1 where all pictures lie in folders of one folder, else 0."""
    parts = [PurePosixPath(name).parts for name in names]
    return int(bool(parts) and len({one[0] for one in parts}) == 1 and all(len(one) > 2 for one in parts))
