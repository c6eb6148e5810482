"""The result of a run as one Parquet table: a row per face, and one for a picture without any.

Embeddings in it are biometric templates in plain: the file is for its owner only.
"""

from __future__ import annotations

import json
import os
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.batch.journal import Result
from vultus.errors import InputError, MissingExtraError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vultus.batch.journal import Journal

SCHEMA = "vultus.faces/1"
_ROWS = 4096  # per row group: what is in memory at once
_MARK = b"vultus"


def write_table(journal: Journal, target: Path, head: Mapping[str, Any]) -> dict[str, int]:
    """Write what the journal knows about this run; the file appears whole or not at all.

    Args:
        journal: with a result for every planned file.
        target: the table; replaced if it is there.
        head: kept in the file's metadata; "terms" is what `read_table` asks for.

    Returns:
        The numbers of "pictures", "faces" and "failed".

    Raises:
        MissingExtraError: pyarrow is not installed.
        StoreError: the file cannot be written.
    """
    arrow, parquet = packages()
    schema = _schema(arrow, journal.dimension(), {"schema": SCHEMA, **head})
    part = target.with_name(f".{target.name}.part")
    counts = dict.fromkeys(("pictures", "faces", "failed"), 0)
    try:
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
                for rows in _groups(_rows(journal, counts)):
                    writer.write_table(_chunk(arrow, rows, schema))
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise StoreError(f"cannot write the table {target}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return counts


def read_table(source: Path, terms: str) -> Iterator[tuple[bytes, Result]]:
    """Digest and result of each picture of a table, in bounded memory.

    Raises:
        InputError: it is no table of ours, or was made under other terms.
        MissingExtraError: pyarrow is not installed.
    """
    arrow, parquet = packages()
    try:
        file = parquet.ParquetFile(source)
    except (OSError, arrow.ArrowException) as error:
        raise InputError(f"{source} is no Parquet table; give another name to the new one") from error
    with file:
        head = json.loads((file.schema_arrow.metadata or {}).get(_MARK, b"{}"))
        if head.get("schema") != SCHEMA:
            raise InputError(f"{source} is no table of faces that Vultus wrote; give another name to the new one")
        if head.get("terms") != terms:
            raise InputError(
                f"the table {source} was made with {head.get('terms')}, but this run is with {terms}; "
                "give the same options, or another name"
            )
        # `iter_batches` would buffer the whole file.
        rows = (row for number in range(file.num_row_groups) for row in file.read_row_group(number).to_pylist())
        for _, faces in groupby(rows, key=lambda row: row["path"]):
            group = list(faces)
            if group[0]["sha256"]:
                yield bytes.fromhex(group[0]["sha256"]), _result(group)


def shown(path: str) -> str:
    """A path as text: bytes that no encoding knows are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def packages() -> tuple[Any, Any]:
    """The modules `pyarrow` and `pyarrow.parquet`.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "batch") from None
    return pyarrow, parquet


def _schema(arrow: Any, dimension: int, head: Mapping[str, Any]) -> Any:
    real, numbers = arrow.float64(), arrow.list_(arrow.float32(), dimension or -1)
    columns = [
        ("path", arrow.string()), ("sha256", arrow.string()), ("error", arrow.string()), ("n_faces", arrow.int32()),
        ("face", arrow.int32()), ("left_px", real), ("top_px", real), ("right_px", real), ("bottom_px", real),
        ("landmarks_px", arrow.list_(real)), ("score", real), ("quality", real),
        ("reasons", arrow.list_(arrow.string())), ("live", arrow.bool_()), ("live_score", real), ("embedding", numbers),
    ]  # fmt: skip
    return arrow.schema(columns, metadata={_MARK: json.dumps(head, allow_nan=False).encode()})


def _rows(journal: Journal, counts: dict[str, int]) -> Iterator[dict[str, Any]]:
    for path, digest, result in journal.results():
        faces = json.loads(result.faces)
        counts["pictures"] += 1
        counts["faces"] += len(faces)
        counts["failed"] += bool(result.error)
        n_embedded = sum(face["embedded"] for face in faces)
        vectors = iter(np.frombuffer(result.vectors, "<f4").reshape(n_embedded, -1) if n_embedded else ())
        picture = {"path": shown(path), "sha256": digest.hex(), "error": result.error, "n_faces": len(faces)}
        for number, face in enumerate(faces or [{}]):
            yield {**picture, "face": number if faces else None, **_columns(face),
                   "embedding": next(vectors) if face.get("embedded") else None}  # fmt: skip


def _columns(face: Mapping[str, Any]) -> dict[str, Any]:
    left, top, right, bottom = face.get("box", (None,) * 4)
    kept = {name: face.get(name) for name in ("score", "quality", "reasons", "live", "live_score")}
    return {"left_px": left, "top_px": top, "right_px": right, "bottom_px": bottom,
            "landmarks_px": face.get("landmarks"), **kept}  # fmt: skip


def _result(rows: list[dict[str, Any]]) -> Result:
    """The rows of one picture as the journal keeps them."""
    faces: list[dict[str, Any]] = []
    vectors = b""
    for row in rows:
        if row["face"] is None:
            continue
        box = [row[f"{edge}_px"] for edge in ("left", "top", "right", "bottom")]
        kept = {name: row[name] for name in ("score", "quality", "reasons", "live", "live_score")}
        faces.append({"box": box, "landmarks": row["landmarks_px"], **kept, "embedded": row["embedding"] is not None})
        if row["embedding"] is not None:
            vectors += np.asarray(row["embedding"], "<f4").tobytes()
    return Result(rows[0]["error"], json.dumps(faces, allow_nan=False), vectors)


def _groups(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    for row in rows:
        group.append(row)
        if len(group) == _ROWS:
            yield group
            group = []
    if group:
        yield group


def _chunk(arrow: Any, rows: list[dict[str, Any]], schema: Any) -> Any:
    return arrow.Table.from_pylist(rows, schema=schema)
