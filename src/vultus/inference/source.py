"""What a user names on a command line, as a list of things to read: pictures, videos, cameras, streams, standard input.

Imports nothing heavy, so that a wrong name is answered at once.
"""

from __future__ import annotations

import glob
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from vultus.errors import InputError
from vultus.inference.header import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Kind: TypeAlias = Literal["image", "video", "camera", "stream", "stdin"]

KINDS: frozenset[Kind] = frozenset(("image", "video", "camera", "stream", "stdin"))
# Found in folders by these names; a file that is named itself is read whatever it is called.
IMAGE_EXTENSIONS = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".pgm", ".ppm", ".pbm",
    ".pnm", ".avif", ".heic", ".heif",
)  # fmt: skip
VIDEO_EXTENSIONS = (
    ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".mts", ".wmv", ".flv", ".ogv",
    ".3gp",
)  # fmt: skip
_WORDS: dict[str, str] = {
    "image": "pictures",
    "video": "videos",
    "camera": "cameras",
    "stream": "streams",
    "stdin": "standard input",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to read.

    Attributes:
        kind: "image", "video", "camera", "stream" or "stdin".
        value: path of a picture or video, number of a camera, address of a stream, or the bytes from standard input.
    """

    kind: Kind
    value: Path | str | int | bytes


def expand(inputs: Sequence[str], *, kinds: Iterable[str] = KINDS) -> list[Item]:
    """Turn what was named into items, in the order given; folders and patterns are sorted.

    A name that exists is always a file or folder. Folders are read with all folders in them, each of them once, without
    hidden files; a folder within that may not be read comes back as an item, so that reading it reports it.

    Args:
        inputs: files, folders, patterns ("photos/**/*.jpg"), camera numbers ("0"), rtsp:// addresses, "-".
        kinds: the kinds a command takes; in folders and patterns others are passed over.

    Returns:
        At least one item.

    Raises:
        InputError: nothing is named, it does not exist, holds nothing to read, or is of a kind not taken.
    """
    wanted = frozenset(kinds)
    _check_named(inputs)
    return [item for text in inputs for item in _expand_one(text, wanted, ordered=True)]


def stream(inputs: Sequence[str], *, kinds: Iterable[str] = KINDS) -> Iterator[Item]:
    """The items of `expand` one by one, for folders too large for a list; files as the file system gives them.

    Raises:
        InputError: as `expand`; for what is wrong with a later input, after the items of those before it.
    """
    wanted = frozenset(kinds)
    _check_named(inputs)
    return (item for text in inputs for item in _expand_one(text, wanted, ordered=False))


def _check_named(inputs: Sequence[str]) -> None:
    if not inputs:
        raise InputError(
            "nothing to read; name a file, a folder, a pattern, a camera number, rtsp://... or - for stdin"
        )
    if list(inputs).count("-") > 1:
        raise InputError("standard input (-) can be read only once")


def _expand_one(text: str, wanted: frozenset[str], *, ordered: bool) -> Iterable[Item]:
    item = _special(text)
    if item is not None:
        _check_wanted(text, item, wanted)
        return [_from_stdin() if item.kind == "stdin" else item]
    path = Path(text)
    if os.path.isdir(text):
        return _folder(path, wanted, ordered=ordered)
    if os.path.lexists(path):
        item = Item(_kind_of(path, wanted), path)
        _check_wanted(text, item, wanted)
        return [item]
    if glob.has_magic(text):
        return _pattern(text, wanted)
    raise InputError(f"no such file or folder: '{_shown(text)}'")


def _special(text: str) -> Item | None:
    """What is no file: standard input, a camera or an address."""
    if text == "-":
        return Item("stdin", b"")
    if not text.strip() or "\0" in text:
        raise InputError(f"no such file or folder: '{_shown(text)}'")
    scheme = text.split("://", 1)[0].lower() if "://" in text else ""
    if scheme in ("rtsp", "rtsps"):
        return Item("stream", text)
    if scheme in ("http", "https", "ftp", "file"):
        raise InputError(f"'{_shown(text)}' is a web address; download the file first and give its path")
    if text.isascii() and text.isdigit() and len(text) < 4 and not os.path.lexists(text):
        return Item("camera", int(text))
    return None


def _from_stdin() -> Item:
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None or sys.stdin.isatty():
        raise InputError("standard input is a terminal; pipe a picture into it, e.g. cat face.jpg | vultus detect -")
    data: bytes = stream.read(MAX_BYTES + 1)
    if not data:
        raise InputError("nothing came on standard input; pipe a picture into it")
    return Item("stdin", data)


def _check_wanted(text: str, item: Item, wanted: frozenset[str]) -> None:
    if item.kind not in wanted:
        one = {"image": "a picture", "video": "a video", "camera": "a camera", "stream": "a stream"}
        takes = ", ".join(words for kind, words in _WORDS.items() if kind in wanted)
        raise InputError(f"'{_shown(text)}' is {one.get(item.kind, _WORDS['stdin'])}, but this command takes {takes}")


def _kind_of(path: Path, wanted: frozenset[str]) -> Kind:
    """By extension; a file of an unknown one is whatever is taken, and reading it will tell."""
    kind = _kind_by_name(path.name)
    if kind is None:
        return "video" if "image" not in wanted and "video" in wanted else "image"
    return kind


def _kind_by_name(name: str) -> Kind | None:
    extension = os.path.splitext(name)[1].lower()
    if extension in IMAGE_EXTENSIONS:
        return "image"
    return "video" if extension in VIDEO_EXTENSIONS else None


def walk(folder: str | Path, kinds: Iterable[str], *, ordered: bool = True) -> Iterator[Item]:
    """The items of a folder as `expand` gives them, one by one; none where there is nothing to read.

    Args:
        folder: an existing folder.
        kinds: the kinds wanted.
        ordered: sort the files of each folder, which holds the names of one folder in memory.
    """
    return _walk(Path(folder), frozenset(kinds), set(), ordered=ordered)


def _folder(path: Path, wanted: frozenset[str], *, ordered: bool) -> Iterator[Item]:
    empty = True
    for item in walk(path, wanted, ordered=ordered):
        empty = False
        yield item
    if empty:
        raise InputError(f"no {_sought(wanted)} in folder '{_shown(str(path))}'")


def _walk(top: Path, wanted: frozenset[str], seen: set[tuple[int, int]], *, ordered: bool = True) -> Iterator[Item]:
    """Files of a folder, then its folders; `seen` stops loops of symbolic links."""
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        inner: list[Path] = []
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            with os.scandir(folder) as listing:
                seen.add((status.st_dev, status.st_ino))
                for entry in sorted(listing, key=lambda entry: entry.name) if ordered else listing:
                    kind = _kind_by_name(entry.name)
                    if entry.name[0] != "." and entry.is_dir():
                        inner.append(folder / entry.name)
                    elif entry.name[0] != "." and kind is not None and kind in wanted:
                        yield Item(kind, folder / entry.name)
        except OSError:
            yield Item("image" if "image" in wanted else "video", folder)
        waiting += reversed(inner)


def _pattern(text: str, wanted: frozenset[str]) -> list[Item]:
    found = [Path(name) for name in sorted(glob.glob(text, recursive=True))]
    if not found:
        raise InputError(f"nothing matches '{_shown(text)}'")
    items: list[Item] = []
    seen: set[tuple[int, int]] = set()
    for path in found:
        kind = _kind_by_name(path.name)
        if path.is_dir():
            # With ** every folder is matched beside the files in it; those must not come twice.
            items += [] if "**" in text else _walk(path, wanted, seen)
        elif kind is not None and kind in wanted:
            items.append(Item(kind, path))
    if not items:
        raise InputError(f"no {_sought(wanted)} match '{_shown(text)}'")
    return items


def _sought(wanted: frozenset[str]) -> str:
    words = [_WORDS[kind] for kind in ("image", "video") if kind in wanted] or ["pictures"]
    return " or ".join(words)


def _shown(text: str) -> str:
    """A name with unprintable characters escaped, and without the password an address may carry."""
    if "://" in text and "@" in text:
        scheme, rest = text.split("://", 1)
        text = f"{scheme}://***@{rest.rsplit('@', 1)[1]}"
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
