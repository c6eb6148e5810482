"""Everything that is held about one person, as a folder or a zip file that only the owner may read.

`person.json` holds names, notes, consent, every enrolled face with its template, the pictures that were refused, what
users said about the faces, and the person's lines of the audit log; `crops/` holds the cut-outs. Pictures themselves
are not in a gallery, only where they came from and their digests.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import zipfile
from typing import TYPE_CHECKING, Any

from vultus.errors import InputError, StoreError
from vultus.gallery import audit
from vultus.gallery.locksmith import STAGED
from vultus.gallery.templates import encode
from vultus.gallery.transfer import part_of
from vultus.gallery.writer import now

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from vultus.gallery.record import Person
    from vultus.gallery.store import Store

SCHEMA = "vultus.person/1"


def export_person(store: Store, name: str, path: Path) -> int:
    """Write what is held about a person, all of it or nothing; how many faces it were.

    Args:
        store: where from.
        name: the person.
        path: a folder that does not exist yet, or a file that ends in .zip.

    Raises:
        UnknownNameError: there is nobody of that name.
        InputError: there is something of that name already.
        StoreError: it cannot be written; nothing was.
    """
    if os.path.lexists(path):
        raise InputError(f"{path} exists already; name a new folder, or a new file that ends in .zip")
    part = part_of(path)
    write = _write_zip if path.suffix.lower() == ".zip" else _write_folder
    with store.reading() as connection:
        person = store.person(name)
        kept = store.crops(name)
        document = _document(store, connection, person, set(kept))
        crops = ((f"crops/{face_id}.jpg", jpeg) for face_id, jpeg in kept.items())
        try:
            write(part, document, crops)
            part.rename(path)
        except OSError as error:
            raise StoreError(f"cannot write {path}: {error.strerror or error}; nothing was written") from error
        finally:
            _clear(part)
    return len(document["faces"])


def _document(store: Store, connection: sqlite3.Connection, person: Person, with_crop: set[int]) -> dict[str, Any]:
    """Everything but the pictures, as JSON values."""
    number = person.person_id
    own = "SELECT face_id FROM face WHERE person_id = ?"
    faces = [
        {
            "face_id": record.face_id, "source": record.source, "picture_sha256": record.picture,
            "box": list(record.box_xyxy_px), "landmarks": [list(point) for point in record.landmarks_px],
            "score": record.score, "quality": record.quality, "overridden": list(record.reasons),
            "enrolled_at": record.enrolled_at, "template": _base64(encode(template)),
            "crop": f"crops/{record.face_id}.jpg" if record.face_id in with_crop else None,
        }
        for record, template in store.faces(person.name)
    ]  # fmt: skip
    links = connection.execute(
        f"SELECT first_face, second_face, same FROM link WHERE first_face IN ({own}) OR second_face IN ({own})",
        (number, number),
    ).fetchall()
    negatives = connection.execute("SELECT face_id FROM negative WHERE person_id = ?", (number,)).fetchall()
    refused = connection.execute("SELECT picture, reasons FROM refusal WHERE name = ?", (person.name,)).fetchall()
    return {
        "schema": SCHEMA, "exported_at": now(), "name": person.name, "number": number,
        "collection": person.collection, "tags": list(person.tags), "metadata": dict(person.metadata),
        "consent": dict(person.consent), "keep_until": person.keep_until, "created_at": person.created_at,
        "updated_at": person.updated_at, "contract": store.contract(), "faces": faces,
        "staged": _staged(store, connection, number),
        "links": [{"faces": [a, b], "same": bool(same)} for a, b, same in links],
        "faces_said_to_be_others": [row[0] for row in negatives],
        "refused_pictures": [{"picture_sha256": row[0].hex(), "reasons": json.loads(row[1])} for row in refused],
        "audit": [
            {"entry": entry.seq, "at": entry.at, "actor": entry.actor, "action": entry.action,
             "purpose": entry.purpose, "detail": dict(entry.detail)}
            for entry in audit.read(connection, subject=number)
        ],
    }  # fmt: skip


def _staged(store: Store, connection: sqlite3.Connection, number: int) -> list[dict[str, Any]]:
    """Templates of a migration that has not come to its end."""
    rows = connection.execute(
        "SELECT face_id, contract, staged.key_id, staged.template FROM staged JOIN face USING (face_id)"
        " WHERE person_id = ?",
        (number,),
    )
    return [
        {"face_id": row[0], "contract": row[1], "template": _base64(store.vault.open(row[2], STAGED, row[0], row[3]))}
        for row in rows
    ]


def _write_folder(part: Path, document: dict[str, Any], crops: Iterator[tuple[str, bytes]]) -> None:
    part.mkdir(mode=0o700)
    (part / "crops").mkdir(mode=0o700)
    for name, content in (("person.json", _text(document)), *crops):
        with open(part / name, "wb", opener=_private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def _write_zip(part: Path, document: dict[str, Any], crops: Iterator[tuple[str, bytes]]) -> None:
    with open(part, "wb", opener=_private) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in (("person.json", _text(document)), *crops):
                archive.writestr(_member(name), content)
        file.flush()
        os.fsync(file.fileno())


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


def _clear(part: Path) -> None:
    with contextlib.suppress(OSError):
        part.unlink()
    shutil.rmtree(part, ignore_errors=True)


def _text(document: dict[str, Any]) -> bytes:
    return f"{json.dumps(document, ensure_ascii=False, indent=1)}\n".encode()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_EXCL, 0o600)
