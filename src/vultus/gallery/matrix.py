"""The search matrix of a large gallery, kept beside its file so that the next program need not read every row again.

It is a derived thing: older than the record, damaged, or of another gallery, it is passed over and made anew. Where the
vault is off it is plain and mapped into memory. Where the vault is on it is sealed in chunks with a key of its own,
derived from every data key, and opened into memory only: once a collection's key is destroyed, no copy of a matrix that
held its people opens any more. Removing somebody deletes it (`Store.forget`).

Layout: 8 bytes that name the format, the length of the header (8 bytes), the header as JSON, then each section from a
multiple of 4,096 bytes on.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from vultus.gallery.record import Names
from vultus.gallery.templates import Templates

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.gallery.store import Store

    Key = Callable[[bytes, Sequence[int]], bytes | None]

PURPOSE = "search matrix"  # of the key, see `Vault.derive`
KEPT_FROM = 20_000  # templates; fewer are read from the rows in less than a second
_MAGIC = b"vultusM1"
_CHUNK = 4 * 2**20
_TAG = 16
_PAGE = 4096
_SUFFIX = "-matrix"
_LONGEST_HEADER = 2**20


@dataclass(frozen=True, slots=True)
class Mark:
    """Which state of which gallery a matrix is of.

    Attributes:
        gallery_id, contract: of the gallery.
        seq, digest: the last line of its audit log.
        face_id, picture: its last face. A gallery that was set back and changed has another line or face there.
    """

    gallery_id: str
    contract: str
    seq: int
    digest: str
    face_id: int
    picture: str


def matrix_path(gallery: Path) -> Path:
    """Where the matrix of a gallery file is kept."""
    return gallery.with_name(gallery.name + _SUFFIX)


def forget_matrix(gallery: Path) -> None:
    """Delete the matrix of a gallery file, and what a killed program left of one."""
    place = matrix_path(gallery)
    with contextlib.suppress(OSError):
        for path in place.parent.iterdir():
            if path.name.startswith(place.name):
                path.unlink(missing_ok=True)


def templates_of(store: Store) -> Templates:
    """Everybody's templates; many are kept for the next program."""
    with store.reading() as connection:
        templates, mark = store.templates(), _mark(connection, store.vault.gallery_id)
        key_ids = store.vault.key_ids
    if len(templates.vectors) >= KEPT_FROM and not store.read_only:
        keep_matrix(store.path, templates, mark, _key_of(store), key_ids)
        # Somebody may have been removed, and what was kept deleted, before it was written.
        if store.revision() != templates.revision:
            forget_matrix(store.path)
    return templates


def kept_templates(store: Store) -> Templates | None:
    """What `templates_of` kept, perhaps of an earlier revision; None if there is nothing that can be used."""
    loaded = load_matrix(store.path, _key_of(store))
    if loaded is None:
        return None
    templates, mark = loaded
    with store.reading() as connection:
        same = _mark(connection, store.vault.gallery_id, mark) == mark
    return templates if same and templates.revision <= store.revision() else None


def keep_matrix(gallery: Path, templates: Templates, mark: Mark, key: Key, key_ids: Sequence[int] = ()) -> bool:
    """Keep the matrix of a gallery file; False where the disk refuses, or a key has gone meanwhile.

    Args:
        gallery: the file.
        templates: of everybody.
        mark: their state.
        key: of 32 bytes for a salt and the numbers of data keys; it gives None where the vault is off.
        key_ids: the data keys without which it shall not open.
    """
    names = templates.names if isinstance(templates.names, Names) else Names(templates.names)
    sections: dict[str, NDArray[Any]] = {
        "vectors": templates.vectors, "person_ids": templates.person_ids, "starts": templates.starts,
        "face_ids": templates.face_ids, "ends": names.ends, "text": np.frombuffer(names.text, np.uint8),
    }  # fmt: skip
    sections = {name: np.ascontiguousarray(array).astype(_little(array.dtype), copy=False) for name, array in
                sections.items()}  # fmt: skip
    salt = secrets.token_bytes(16)
    try:
        secret = key(salt, key_ids)
    except KeyError:
        return False
    header = {
        "mark": asdict(mark), "revision": templates.revision, "salt": salt.hex() if secret else "",
        "keys": list(key_ids),
        "sections": [[name, array.dtype.str, list(array.shape), "" if secret else _sum(array)] for name, array in
                     sections.items()],
    }  # fmt: skip
    # What a killed program left of one would stay for ever.
    forget_matrix(gallery)
    place = matrix_path(gallery)
    draft = place.with_name(f"{place.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            _write(file, json.dumps(header).encode(), list(sections.values()), secret)
        draft.replace(place)
    except OSError:
        draft.unlink(missing_ok=True)
        return False
    return True


def load_matrix(gallery: Path, key: Key) -> tuple[Templates, Mark] | None:
    """The kept matrix of a gallery file and what it is of; None if there is none, or it cannot be used.

    Args:
        gallery: the file.
        key: as in `keep_matrix`.
    """
    try:
        with matrix_path(gallery).open("rb") as file:
            return _read(file, key)
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None


def _write(file: BinaryIO, header: bytes, sections: list[NDArray[Any]], secret: bytes | None) -> None:
    file.write(_MAGIC + len(header).to_bytes(8, "little") + header + _bound(header))
    for number, array in enumerate(sections):
        file.write(bytes(-file.tell() % _PAGE))
        view = array.reshape(-1).view(np.uint8).data
        if secret is None:
            file.write(view)
            continue
        cipher = _cipher(secret)
        for at in range(0, len(view), _CHUNK):
            file.write(cipher.encrypt(_nonce(number, at), view[at : at + _CHUNK], _bound(header)))


def _read(file: BinaryIO, key: Key) -> tuple[Templates, Mark] | None:
    start = file.read(16)
    length = int.from_bytes(start[8:], "little")
    if start[:8] != _MAGIC or length > _LONGEST_HEADER:
        return None
    raw = file.read(length)
    if file.read(32) != _bound(raw):
        return None
    header = json.loads(raw)
    secret = key(bytes.fromhex(header["salt"]), header["keys"])
    if (secret is None) != (header["salt"] == ""):
        return None
    arrays = {}
    for number, (name, dtype, shape, total) in enumerate(header["sections"]):
        file.seek(-file.tell() % _PAGE, os.SEEK_CUR)
        if secret is not None:
            array = _opened(file, np.empty(shape, np.dtype(dtype)), secret, number, raw)
        else:
            array = _mapped(file, np.dtype(dtype), tuple(shape), total)
        if array is None:
            return None
        arrays[name] = array
    names = Names.packed(arrays["text"].tobytes(), arrays["ends"])
    templates = Templates(
        int(header["revision"]), names, arrays["starts"], arrays["face_ids"], arrays["vectors"], arrays["person_ids"],
        header["mark"]["gallery_id"],
    )  # fmt: skip
    return templates, Mark(**header["mark"])


def _opened(file: BinaryIO, array: NDArray[Any], secret: bytes, number: int, header: bytes) -> NDArray[Any] | None:
    """A sealed section, in memory."""
    from cryptography.exceptions import InvalidTag

    view, cipher = array.reshape(-1).view(np.uint8), _cipher(secret)
    for at in range(0, len(view), _CHUNK):
        size = min(_CHUNK, len(view) - at)
        try:
            plain = cipher.decrypt(_nonce(number, at), file.read(size + _TAG), _bound(header))
        except InvalidTag:
            return None
        view[at : at + size] = np.frombuffer(plain, np.uint8)
    array.flags.writeable = False
    return array


def _mapped(file: BinaryIO, dtype: np.dtype[Any], shape: tuple[int, ...], total: int) -> NDArray[Any] | None:
    """A plain section, mapped."""
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if size == 0:
        return np.zeros(shape, dtype)
    at = file.tell()
    array = np.asarray(np.memmap(file, dtype, "r", at, shape))
    file.seek(at + size)
    return array if _sum(array) == total else None


def _sum(array: NDArray[Any]) -> int:
    """A sum over the bytes, as fast as they can be read; tells damage, not ill will."""
    raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    whole = len(raw) // 8 * 8
    words = np.add.reduce(raw[:whole].view("<u8"), dtype=np.uint64) if whole else 0
    return (int(words) + int.from_bytes(raw[whole:].tobytes(), "little")) % 2**64


def _mark(connection: sqlite3.Connection, gallery_id: str, like: Mark | None = None) -> Mark:
    """The state of a gallery, by its last line and face or by those of another mark."""

    def last(table: str, key: str, value: str, number: int | None) -> tuple[int, str]:
        row = connection.execute(
            f"SELECT {key}, {value} FROM {table} WHERE ? IS NULL OR {key} = ? ORDER BY {key} DESC LIMIT 1",
            (number, number),
        ).fetchone()
        return (int(row[0]), row[1].hex()) if row else (0, "")

    line = last("audit", "seq", "digest", like.seq if like else None)
    face = last("face", "face_id", "picture", like.face_id if like else None)
    contract = connection.execute("SELECT value FROM meta WHERE key = 'contract'").fetchone()[0]
    return Mark(gallery_id, contract, *line, *face)


def _key_of(store: Store) -> Key:
    def derive(salt: bytes, key_ids: Sequence[int]) -> bytes | None:
        with store.reading() as connection:
            store.vault.load(connection)
            return store.vault.derive(connection, PURPOSE, salt, "", key_ids)

    return derive


def _little(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype.newbyteorder("<")


def _cipher(secret: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(secret)


def _nonce(section: int, at: int) -> bytes:
    """Never used twice: each file has a key of its own."""
    return section.to_bytes(4, "little") + at.to_bytes(8, "little")


def _bound(header: bytes) -> bytes:
    return sha256(header).digest()
