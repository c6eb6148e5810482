"""A whole gallery as one JSON file, and back; the file holds templates and names, and only its owner may read it."""

from __future__ import annotations

import base64
import binascii
import contextlib
import glob
import json
import math
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vultus.errors import ConfigError, ContractError, InputError, NameClashError, StoreError
from vultus.gallery.record import DEFAULT_COLLECTION, FaceRecord, NewFace, check_tags, metadata_text, normal_name
from vultus.gallery.retention import Consent
from vultus.gallery.templates import decode, encode
from vultus.gallery.writer import now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from vultus.gallery.store import Store
    from vultus.gallery.writer import Writer

SCHEMA = "vultus.gallery/1"
OnClash = Literal["error", "add", "skip", "replace"]
ON_CLASH: tuple[OnClash, ...] = ("error", "add", "skip", "replace")


@dataclass(frozen=True, slots=True)
class Exported:
    """One person of an export, checked."""

    name: str
    metadata: dict[str, Any]
    created_at: str
    collection: str
    tags: tuple[str, ...]
    consent: dict[str, Any]
    keep_until: str | None
    faces: tuple[NewFace, ...]


def export_gallery(store: Store, path: Path) -> int:
    """Write everything to `path`, all of it or nothing; how many faces it were.

    Raises:
        StoreError: the file cannot be written.
    """
    part = part_of(path)
    n_faces = 0
    try:
        with open(part, "w", encoding="utf-8", opener=_private) as file:
            for line, faces in _lines(store):
                file.write(line)
                n_faces += faces
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise StoreError(f"cannot write the export {path}: {error.strerror or error}; nothing was written") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return n_faces


def part_of(path: Path) -> Path:
    """Where a file or folder is written before it takes its name; parts that killed processes left are deleted."""
    for old in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        number = old.name.split(".")[-2]
        if number.isdecimal() and not _runs(int(number)):
            with contextlib.suppress(OSError):
                shutil.rmtree(old) if old.is_dir() else old.unlink()
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def import_gallery(store: Store, path: Path, *, on_clash: OnClash = "error", contract: str = "") -> int:
    """Take in an export, all of it or nothing; how many faces were new.

    Args:
        store: where to.
        path: what `export_gallery` wrote.
        on_clash: for a person known here: "error", "add" the faces, "skip" the person, or "replace" ours.
        contract: of the engine in use; empty if there is none.

    Raises:
        ConfigError: `on_clash` is none of these.
        InputError: the file is no export, or damaged.
        ContractError: the templates are of another contract than the engine or the gallery.
        NameClashError: a person is known and `on_clash` is "error".
        StoreError: the same face has another name here, or the gallery cannot be written.
    """
    if on_clash not in ON_CLASH:
        raise ConfigError(f"on_clash must be one of {', '.join(ON_CLASH)}, but is '{on_clash}'")
    theirs, dimension, people = read_export(path)
    ours = store.contract() or contract
    if people and ours and ours != theirs:
        raise ContractError(ours, theirs)
    n_new = 0
    with store.writing() as writer:
        writer.action = "import"
        for person in people:
            if writer.has(person.name):
                if on_clash == "error":
                    raise NameClashError(person.name, "; choose what to do: on_clash='add', 'skip' or 'replace'")
                if on_clash == "skip":
                    continue
                if on_clash == "replace":
                    writer.remove(person.name)
            writer.bind(theirs, dimension)
            n_new += _take(writer, person, path)
    if on_clash == "replace":
        store.forget()
    return n_new


def read_export(path: Path) -> tuple[str, int, list[Exported]]:
    """Contract, dimension and people of an export, everything checked.

    Raises:
        InputError: the file is no export, or damaged.
    """
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot read the export {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no Vultus gallery export: it is not JSON ({error})") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise InputError(f'{path} is no Vultus gallery export: its "schema" must be "{SCHEMA}", but is {schema!r:.80}')
    try:
        return _document(document)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise InputError(f"the export {path} is damaged: {what}; nothing was taken in") from error


def _take(writer: Writer, person: Exported, path: Path) -> int:
    known = writer.has(person.name)
    collection = "" if known else person.collection
    person_id = writer.person(person.name, person.metadata, person.created_at, collection)
    # How long somebody known here stays, and on what grounds, was settled here.
    writer.file(person_id, person.tags, None if known else person.keep_until)
    if person.consent and not known:
        writer.change(person.name, consent=json.dumps(person.consent, sort_keys=True))
    n_new = 0
    for face in person.faces:
        own, other = writer.standing(person.name, face)
        if own is not None:
            continue
        if other is not None:
            raise StoreError(
                f"the face of '{person.name}' in {face.source} is enrolled as '{other}' here; "
                f"rename one of the two, then import {path} again"
            )
        writer.add(person_id, face)
        n_new += 1
    return n_new


def _lines(store: Store) -> Iterator[tuple[str, int]]:
    """The export in pieces, of one unchanging view, with the number of faces in each."""
    with store.reading():
        head = {"schema": SCHEMA, "contract": store.contract(), "dimension": store.dimension(), "exported_at": now()}
        yield json.dumps(head, ensure_ascii=False)[:-1] + ', "people": [', 0
        comma = "\n"
        for name in store.names():
            person = store.person(name)
            crops = store.crops(name)
            faces = [_face_out(record, template, crops.get(record.face_id)) for record, template in store.faces(name)]
            entry = {"name": name, "metadata": dict(person.metadata), "created_at": person.created_at,
                     "collection": person.collection, "tags": list(person.tags), "consent": dict(person.consent),
                     "keep_until": person.keep_until, "faces": faces}  # fmt: skip
            yield comma + json.dumps(entry, ensure_ascii=False), len(faces)
            comma = ",\n"
    yield "\n]}\n", 0


def _face_out(record: FaceRecord, template: NDArray[np.float32], crop: bytes | None) -> dict[str, Any]:
    kept = {} if crop is None else {"crop": base64.b64encode(crop).decode("ascii")}
    return {
        **kept,
        "source": record.source,
        "picture": record.picture,
        "box": list(record.box_xyxy_px),
        "landmarks": [list(point) for point in record.landmarks_px],
        "score": record.score,
        "quality": record.quality,
        "reasons": list(record.reasons),
        "enrolled_at": record.enrolled_at,
        "template": base64.b64encode(encode(template)).decode("ascii"),
    }


def _document(document: dict[str, Any]) -> tuple[str, int, list[Exported]]:
    contract, dimension = _text(document["contract"], "contract"), document["dimension"]
    if not isinstance(dimension, int) or isinstance(dimension, bool) or dimension < 0:
        raise ValueError(f"dimension must be a whole number, but is {dimension!r:.80}")
    people = [_person_in(entry, dimension) for entry in document["people"]]
    if people and not contract:
        raise ValueError("it has people but no contract")
    seen: set[str] = set()
    for person in people:
        if person.name in seen:
            raise ValueError(f"'{person.name}' is in it twice")
        seen.add(person.name)
    return contract, dimension, people


def _person_in(entry: dict[str, Any], dimension: int) -> Exported:
    name = normal_name(_text(entry["name"], "name"))
    metadata = json.loads(metadata_text(entry["metadata"]))
    faces = tuple(_face_in(face, name, dimension) for face in entry["faces"])
    if not faces:
        raise ValueError(f"'{name}' has no face")
    # Exports of earlier versions have neither of these.
    keep_until = entry.get("keep_until")
    return Exported(
        name, metadata, _time(entry["created_at"], "created_at"),
        normal_name(_text(entry.get("collection", DEFAULT_COLLECTION), "collection")),
        check_tags(_text(tag, "tag") for tag in entry.get("tags", ())),
        Consent.of(entry.get("consent", {})).record(),
        None if keep_until is None else _time(keep_until, "keep_until"), faces,
    )  # fmt: skip


def _face_in(face: dict[str, Any], name: str, dimension: int) -> NewFace:
    picture = _text(face["picture"], "picture")
    if len(bytes.fromhex(picture)) != 32:
        raise ValueError(f"a picture digest of '{name}' must be 64 hexadecimal digits")
    points = tuple((x, y) for x, y in (_numbers(point, 2, "landmark") for point in face["landmarks"]))
    if len(points) != 5:
        raise ValueError(f"a face of '{name}' must have 5 landmarks, but has {len(points)}")
    return NewFace(
        source=_text(face["source"], "source"),
        picture=picture,
        box_xyxy_px=_numbers(face["box"], 4, "box"),
        landmarks_px=points,
        score=_numbers([face["score"]], 1, "score")[0],
        quality=_numbers([face["quality"]], 1, "quality")[0],
        reasons=tuple(_text(code, "reason") for code in face["reasons"]),
        template=_template(_text(face["template"], "template"), name, dimension),
        enrolled_at=_time(face["enrolled_at"], "enrolled_at"),
        crop=_bytes(_text(face["crop"], "crop"), f"a crop of '{name}'") if "crop" in face else None,
    )


def _template(text: str, name: str, dimension: int) -> NDArray[np.float32]:
    blob = _bytes(text, f"a template of '{name}'")
    if len(blob) != 4 * dimension:
        raise ValueError(f"a template of '{name}' must have {4 * dimension} bytes, but has {len(blob)}")
    template = decode(blob)
    length = float(np.linalg.norm(template))
    if not abs(length - 1) < 1e-3:
        raise ValueError(f"a template of '{name}' must be of length 1, but is {length:.4g}")
    return template


def _bytes(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"{what} is not base64 ({error})") from error


def _numbers(values: Any, count: int, what: str) -> tuple[float, ...]:
    numbers = tuple(float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool))
    if len(values) != count or len(numbers) != count or not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"{what} must be {count} numbers, but is {values!r:.80}")
    return numbers


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{what} must be text, but is {value!r:.80}")
    value.encode("utf-8")
    return value


def _time(value: Any, what: str) -> str:
    datetime.fromisoformat(_text(value, what))
    return str(value)


def _runs(process: int) -> bool:
    """Whether there is such a process; where that cannot be asked, yes."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_EXCL, 0o600)
