"""Private files and strict JSON: how keys, rosters and answers are written and read."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
from typing import TYPE_CHECKING

from vultus.errors import InputError, StoreError
from vultus.gallery.encrypted.bignum import mpz

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

_DIGITS = set("0123456789abcdef")


def write(path: Path, parts: Iterable[bytes], *, private: bool, overwrite: bool) -> None:
    """Write a file as a whole or not at all.

    Args:
        path: the file.
        parts: its content.
        private: only its owner may read it.
        overwrite: an older one may go.

    Raises:
        StoreError: there is one and it may not go, or it cannot be written.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0),
                         0o600 if private else 0o644)  # fmt: skip
        with open(handle, "wb") as file:
            for one in parts:
                file.write(one)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            os.replace(part, path)
        else:
            os.link(part, path)
    except FileExistsError:
        raise StoreError(f"{path} exists already and is not replaced; remove it first or choose another name") from None
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def write_json(path: Path, document: Mapping[str, Any], *, private: bool, overwrite: bool = False) -> None:
    """The same for a JSON document."""
    write(path, [json.dumps(document, indent=1).encode() + b"\n"], private=private, overwrite=overwrite)


def read(path: Path, most_bytes: int, *, private: bool = False) -> bytes:
    """The content of a file.

    Args:
        path: the file.
        most_bytes: longer ones are refused.
        private: refuse one that others may read.

    Raises:
        StoreError: it cannot be read, or others may read it too.
        InputError: it is too long.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(min(most_bytes, max(status.st_size, 1 << 20)) + 1)
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror or error}") from error
    if private and os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
        raise StoreError(f"others may read {path}; protect it: chmod 600 {path}")
    if len(content) > most_bytes:
        raise InputError(f"{path} is longer than {most_bytes} bytes: it is no file of this kind")
    return content


def document(content: bytes, schema: str, what: str) -> dict[str, Any]:
    """A JSON object of this schema.

    Args:
        content: of a file or message.
        schema: it must name.
        what: it is, for the message.

    Raises:
        InputError: it is none.
    """
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise InputError(f"{what} is cut short or damaged: it is not JSON") from None
    if not isinstance(found, dict) or found.get("schema") != schema:
        raise InputError(f"{what} must be a JSON object with the schema {schema}")
    return found


def field(document: Mapping[str, Any], name: str, kind: type, what: str) -> Any:
    """A field of a document.

    Raises:
        InputError: it is missing, or of another type.
    """
    value = document.get(name)
    if type(value) is not kind:
        raise InputError(f"{what} has no valid '{name}': it is cut short or damaged")
    return value


def number(text: Any, what: str) -> int:
    """A large number from hexadecimal digits.

    Raises:
        InputError: it is none.
    """
    if not isinstance(text, str) or not text or not set(text) <= _DIGITS:
        raise InputError(f"{what} holds something that is no hexadecimal number: it is cut short or damaged")
    return mpz(text, 16)
