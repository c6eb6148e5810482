"""Small files of events, in their published layouts."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

# Time, column, row, sign.
ROWS = np.array([(100, 3, 5, 1), (250, 7, 2, 0), (900, 0, 0, 1), (901, 9, 7, 0)], np.int64)
AS_TOLD = [tuple(row) for row in ROWS.tolist()]


def dvs128(path: Path) -> Path:
    """AEDAT 2 of a DVS128: columns and rows count from the other corner."""
    t, x, y, p = ROWS.T
    address = (127 - x) << 1 | (127 - y) << 8 | 1 - p
    return _two(path, b"# created by jAER\r\n", np.stack([address, t], 1))


def davis346(path: Path) -> Path:
    """AEDAT 2 of a DAVIS346, with a sample of a picture between the events."""
    t, x, y, p = ROWS.T
    address = (345 - x) << 12 | (259 - y) << 22 | p << 11
    rows = np.insert(np.stack([address, t], 1), 2, [[1 << 31 | 77, 400]], axis=0)
    return _two(path, b"# AEChip: eu.seebetter.ini.chips.davis.Davis346blue\r\n", rows)


def _two(path: Path, head: bytes, rows: np.ndarray) -> Path:
    path.write_bytes(b"#!AER-DAT2.0\r\n" + head + rows.astype(">u4").tobytes())
    return path


def aedat3(path: Path) -> Path:
    """AEDAT 3.1: a packet of something else, two of events, one of them invalid."""
    t, x, y, p = ROWS.T
    words = np.stack([x << 17 | y << 2 | p << 1 | 1, t], 1)
    words = np.concatenate([words, [[5 << 17, 950]]]).astype("<u4")

    def packet(kind: int, size: int, body: bytes) -> bytes:
        count = len(body) // size
        return struct.pack("<hhiiiiii", kind, 0, size, 4, 0, count, count, count) + body

    path.write_bytes(
        b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n"
        + packet(3, 36, bytes(72)) + packet(1, 8, words[:2].tobytes()) + packet(1, 8, words[2:].tobytes())
    )  # fmt: skip
    return path


def aedat4(path: Path, packing: int = 0) -> Path:
    """AEDAT 4: stream 0 of events of a camera of 8 x 10, stream 1 of something else."""
    text = (
        '<dv version="2.0"><node name="outInfo" path="/mainloop/Recorder/outInfo/">'
        '<node name="0" path="/mainloop/Recorder/outInfo/0/"><attr key="typeIdentifier" type="string">EVTS</attr>'
        '<attr key="sizeX" type="int">10</attr><attr key="sizeY" type="int">8</attr></node>'
        '<node name="1" path="/mainloop/Recorder/outInfo/1/"><attr key="typeIdentifier" type="string">IMUS</attr>'
        "</node></node></dv>"
    )
    head = _table(b"IOHE", [struct.pack("<i", packing), struct.pack("<q", -1), None], text.encode())
    records = b"".join(struct.pack("<qhhB3x", *row) for row in AS_TOLD)
    events = _packed(_table(b"EVTS", [None], records, len(AS_TOLD)), packing)
    other = _packed(_table(b"IMUS", [None], b""), packing)
    path.write_bytes(
        b"#!AER-DAT4.0\r\n"
        + head
        + struct.pack("<ii", 1, len(other))
        + other
        + struct.pack("<ii", 0, len(events))
        + events
    )
    return path


def _table(kind: bytes, fields: list[bytes | None], last: bytes, count: int | None = None) -> bytes:
    """A FlatBuffer with its length in front: plain fields, and as the one that is None a vector behind the table."""
    at, places, inline = 4, [], b""
    for field in fields:
        places.append(at)
        inline += field if field is not None else b"\0\0\0\0"
        at += len(field) if field is not None else 4
    vtable = struct.pack(f"<HH{len(places)}H", 4 + 2 * len(places), at, *places)
    vtable += bytes(-len(vtable) % 4)
    root = 8 + len(vtable)
    body = bytearray(struct.pack("<I", root) + kind + vtable + struct.pack("<i", len(vtable)) + inline)
    place = root + places[fields.index(None)]
    body[place : place + 4] = struct.pack("<I", len(body) - place)
    body += struct.pack("<I", len(last) if count is None else count) + last
    return struct.pack("<I", len(body)) + bytes(body)


def _packed(plain: bytes, packing: int) -> bytes:
    if packing == 1:
        from lz4 import frame

        return bytes(frame.compress(plain))
    if packing == 3:
        import zstandard

        return zstandard.ZstdCompressor().compress(plain)
    return plain


def dat(path: Path) -> Path:
    """Prophesee's DAT."""
    t, x, y, p = ROWS.T
    words = np.stack([t, x | y << 14 | p << 28], 1).astype("<u4")
    path.write_bytes(
        b"% Data file containing CD events\n% Version 2\n% Width 10\n% Height 8\n\x0c\x08" + words.tobytes()
    )
    return path


def nmnist(path: Path) -> Path:
    """N-MNIST's bytes; a record whose row is 240 tells that the clock is full."""
    rows = [bytes([x, y, p << 7 | t >> 16, t >> 8 & 255, t & 255]) for t, x, y, p in AS_TOLD]
    path.write_bytes(b"".join(rows) + bytes([0, 240, 0, 0, 0]) + bytes([4, 4, 128, 0, 5]))
    return path


def dsec(path: Path) -> Path:
    """DSEC's HDF5, packed by Blosc."""
    import h5py
    import hdf5plugin

    t, x, y, p = ROWS.T
    with h5py.File(path, "w") as file:
        for name, column, kind in (("t", t - 100, "u4"), ("x", x, "u2"), ("y", y, "u2"), ("p", p, "u1")):
            file.create_dataset(f"events/{name}", data=column.astype(kind), **hdf5plugin.Blosc())
        file["t_offset"] = np.int64(100)
        file["ms_to_idx"] = np.zeros(2, np.uint64)
    return path


def metavision(path: Path) -> Path:
    """Prophesee's HDF5, not packed."""
    import h5py

    records = np.zeros(len(ROWS), np.dtype([("x", "<u2"), ("y", "<u2"), ("p", "<i2"), ("t", "<i8")]))
    for number, name in enumerate("txyp"):
        records[name] = ROWS[:, number]
    with h5py.File(path, "w") as file:
        file["CD/events"] = records
        file["CD/indexes"] = np.zeros(1)
        file.attrs["width"], file.attrs["height"] = "10", "8"
    return path
