"""Events of AEDAT files, versions 2, 3.1 and 4: what jAER, cAER and DV write.

Layouts: "AEDAT file formats", docs.inivation.com. Version 2 tells not of which camera its addresses are; the header's
words do, or else the addresses themselves. Version 4 is FlatBuffers in packets, read here field by field.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, MissingExtraError
from vultus.research.data.events import made

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Events = tuple[NDArray[np.void], tuple[int, int] | None]

_EVENT_4 = np.dtype([("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("on", "u1"), ("", "V3")])
_NONE, _LZ4, _LZ4_HIGH, _ZSTD, _ZSTD_HIGH = range(5)
_DAVIS = {"davis346": (260, 346), "davis240": (180, 240), "davis640": (480, 640), "dvs346": (260, 346)}
_MOST = 1 << 30  # bytes of one packet


def is_aedat(head: bytes) -> bool:
    """Whether a file begins as one of these do."""
    return head.startswith(b"#!AER-DAT")


def read_aedat(path: Path) -> Events:
    """Events of a file, and rows and columns of its camera where it tells them.

    Raises:
        InputError: it is damaged, or of another version.
        MissingExtraError: it is compressed, and what unpacks it is not installed.
    """
    data = path.read_bytes()
    version = re.match(rb"#!AER-DAT(\d)\.(\d)", data)
    kind = int(version[1]) if version else 0
    readers = {2: _version_2, 3: _version_3, 4: _version_4}
    if kind not in readers:
        raise InputError(f"{path} is AEDAT of a version that is not read: 2, 3.1 and 4 are")
    try:
        return readers[kind](data, str(path))
    except (struct.error, ValueError, IndexError) as error:
        raise InputError(f"{path} is damaged: {error}") from error


def _body(data: bytes) -> tuple[bytes, str]:
    """What follows the lines of the header, and the header."""
    at = 0
    while data[at : at + 1] == b"#":
        end = data.find(b"\n", at)
        line, at = data[at:end], end + 1 if end >= 0 else len(data)
        if line.startswith(b"#!END-HEADER"):
            break
    return data[at:], data[:at].decode("latin-1").lower()


def _version_2(data: bytes, name: str) -> Events:
    """Pairs of address and time, big-endian."""
    body, head = _body(data)
    if len(body) % 8:
        raise InputError(f"{name} is damaged: {len(body):,} bytes are no whole number of events of 8")
    rows = np.frombuffer(body, ">u4").reshape(-1, 2).astype(np.int64)
    address, t = rows[:, 0], _unwrapped(rows[:, 1], 1 << 32)
    size = next((size for word, size in _DAVIS.items() if word in head.replace("_", "")), None)
    if size is None and not (len(address) and int(address.max()) >> 15):
        return made(t, 127 - (address >> 1 & 0x7F), 127 - (address >> 8 & 0x7F), 1 - (address & 1)), (128, 128)
    size = size or (260, 346)
    kept = (address >> 31 & 1 | address >> 10 & 1) == 0  # the others are pictures and accelerations
    address, t = address[kept], t[kept]
    x, y = address >> 12 & 0x3FF, size[0] - 1 - (address >> 22 & 0x1FF)
    if len(x) and (int(x.max()) >= size[1] or int(y.min()) < 0):
        raise InputError(f"{name} has events outside the {size[0]} x {size[1]} pixels of its camera")
    return made(t, size[1] - 1 - x, y, address >> 11 & 1), size


def _version_3(data: bytes, name: str) -> Events:
    """Packets of events of one kind; those of kind 1 are changes."""
    body, _ = _body(data)
    parts, at = [np.empty((0, 2), np.int64)], 0
    while at < len(body):
        kind, _source, size, offset, overflow, _room, number, _valid = struct.unpack_from("<hhiiiiii", body, at)
        end = at + 28 + number * size
        if number < 0 or size <= 0 or end > len(body):
            raise InputError(f"{name} is damaged: it ends within a packet")
        if kind == 1:
            if size != 8 or offset != 4:
                raise InputError(f"{name} is damaged: events of changes have 8 bytes, not {size}")
            words = np.frombuffer(body, "<u4", 2 * number, at + 28).reshape(-1, 2).astype(np.int64)
            parts.append(np.stack([words[:, 0], words[:, 1] + (overflow << 31)], 1)[words[:, 0] & 1 == 1])
        at = end
    address, t = np.concatenate(parts).T
    return made(t, address >> 17 & 0x7FFF, address >> 2 & 0x7FFF, address >> 1 & 1), None


def _version_4(data: bytes, name: str) -> Events:
    """A header that lists streams, then packets; those of streams of kind EVTS hold changes."""
    at = data.index(b"\n") + 1
    (length,) = struct.unpack_from("<I", data, at)
    table = _Table(data, at + 4)
    packing, text = table.number(0, "<i"), table.text(2)
    stop = table.number(1, "<q", -1)  # a table of the packets stands there
    streams = {int(number) for number, body in re.findall(r'<node name="(\d+)" path="[^"]*outInfo/\d+/">(.*?)</node>',
               text, re.DOTALL) if '"typeIdentifier"' in body and ">EVTS<" in body}  # fmt: skip
    sizes = [re.search(rf'key="size{axis}" type="int">(\d+)<', text) for axis in "YX"]
    at += 4 + length
    end = stop if 0 < stop <= len(data) else len(data)
    parts = [np.empty(0, _EVENT_4)]
    while at + 8 <= end:
        stream, size = struct.unpack_from("<ii", data, at)
        if size < 0 or at + 8 + size > len(data):
            raise InputError(f"{name} is damaged: it ends within a packet")
        if stream in streams:
            parts.append(_Table(_unpacked(data[at + 8 : at + 8 + size], packing), 4).structs(0, _EVENT_4))
        at += 8 + size
    found = np.concatenate(parts)
    size_yx = (int(sizes[0][1]), int(sizes[1][1])) if sizes[0] and sizes[1] else None
    return made(
        found["t"], found["x"].astype(np.int64), found["y"].astype(np.int64), found["on"].astype(np.int64)
    ), size_yx


class _Table:
    """The root table of a FlatBuffer."""

    def __init__(self, data: bytes, start: int) -> None:
        self.data = data
        (root,) = struct.unpack_from("<I", data, start)
        self.at = start + root
        (back,) = struct.unpack_from("<i", data, self.at)
        self.fields = self.at - back
        (self.length,) = struct.unpack_from("<H", data, self.fields)

    def place(self, field: int) -> int:
        """Where a field is; 0 where it is not there."""
        if 4 + 2 * field >= self.length:
            return 0
        (offset,) = struct.unpack_from("<H", self.data, self.fields + 4 + 2 * field)
        return self.at + int(offset) if offset else 0

    def number(self, field: int, kind: str, default: int = 0) -> int:
        """A number."""
        place = self.place(field)
        return int(struct.unpack_from(kind, self.data, place)[0]) if place else default

    def _vector(self, field: int) -> tuple[int, int]:
        place = self.place(field)
        if not place:
            return 0, 0
        start = place + self.number(field, "<I")
        (length,) = struct.unpack_from("<I", self.data, start)
        return start + 4, int(length)

    def text(self, field: int) -> str:
        """Words."""
        start, length = self._vector(field)
        return self.data[start : start + length].decode("utf-8", "replace")

    def structs(self, field: int, kind: np.dtype[np.void]) -> NDArray[np.void]:
        """Records of fixed size."""
        start, length = self._vector(field)
        return np.frombuffer(self.data, kind, length, start)


def _unpacked(packet: bytes, packing: int) -> bytes:
    if packing == _NONE:
        return packet
    if packing in (_LZ4, _LZ4_HIGH):
        try:
            from lz4 import frame
        except ImportError:
            raise MissingExtraError("lz4", "events") from None
        try:
            plain: bytes = frame.decompress(packet)
        except RuntimeError as error:
            raise ValueError(str(error)) from error
        return plain
    if packing in (_ZSTD, _ZSTD_HIGH):
        try:
            import zstandard
        except ImportError:
            raise MissingExtraError("zstandard", "events") from None
        try:
            return bytes(zstandard.ZstdDecompressor().decompressobj().decompress(packet))
        except zstandard.ZstdError as error:
            raise ValueError(str(error)) from error
    raise ValueError(f"packets are packed in a way without a name, {packing}")


def _unwrapped(t: NDArray[np.int64], turn: int) -> NDArray[np.int64]:
    """Times that began at 0 again, going on."""
    back = np.diff(t, prepend=t[:1]) < -turn // 2
    return t + np.cumsum(back) * turn
