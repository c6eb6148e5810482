"""Events of a file, whatever it is: AEDAT, Prophesee's DAT and HDF5, DSEC's HDF5, N-MNIST's bytes, NPY and NPZ.

recording = read_events(Path("face.aedat4"))
print(len(recording.events), recording.size)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError, MissingExtraError
from vultus.research.data.events import extent, made
from vultus.research.data.sets.aedat import is_aedat, read_aedat

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIXES = (".aedat", ".aedat4", ".dat", ".h5", ".hdf5", ".npy", ".npz", ".bin")
_NAMES = {
    "t": ("t", "ts", "timestamp", "timestamps", "time"),
    "x": ("x", "xs", "x_pos"),
    "y": ("y", "ys", "y_pos"),
    "p": ("p", "ps", "polarity", "pol", "on"),
}
_HDF5 = b"\x89HDF\r\n\x1a\n"
_ECF = 0x8ECF  # Prophesee's own way to pack HDF5


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What an event camera said.

    Attributes:
        events: `EVENT`, in the order of time.
        size: rows and columns of the camera; where the file does not tell, what holds all events.
    """

    events: NDArray[np.void]
    size: tuple[int, int]

    @property
    def seconds(self) -> float:
        """From the first event to the last one."""
        return float(self.events["t"][-1] - self.events["t"][0]) / 1e6


def read_events(path: Path) -> Recording:
    """Read a file.

    Raises:
        InputError: it cannot be read, is of no kind that is known, is damaged, or holds no events.
        MissingExtraError: what reads it is not installed.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(64)
    except OSError as error:
        raise InputError(f"cannot read the events of {path}: {error.strerror}") from None
    if is_aedat(head):
        events, size = read_aedat(path)
    elif head.startswith(_HDF5):
        events, size = _hdf5(path)
    elif head.startswith((b"\x93NUMPY", b"PK\x03\x04")):
        events, size = _numpy(path)
    elif head.startswith(b"%"):
        events, size = _dat(path)
    elif path.suffix == ".bin":
        events, size = _bytes(path)
    else:
        raise InputError(f"{path} is no file of events that is known: {', '.join(SUFFIXES)}")
    if not len(events):
        raise InputError(f"{path} holds no events")
    return Recording(events, size or extent(events))


def _dat(path: Path) -> tuple[NDArray[np.void], tuple[int, int] | None]:
    """Prophesee: lines that begin with %, kind and size of events, then time and packed address, little-endian."""
    data, at, told = path.read_bytes(), 0, {}
    while data[at : at + 1] == b"%":
        end = data.find(b"\n", at)
        words = data[at:end].decode("latin-1").split()
        if len(words) == 3:
            told[words[1].lower()] = words[2]
        at = end + 1
    kind, length = (int(one) for one in data[at : at + 2]) if len(data) >= at + 2 else (0, 0)
    if length != 8 or kind not in (0, 12) or (len(data) - at - 2) % 8:
        raise InputError(f"{path} is damaged: DAT holds changes of 8 bytes, not kind {kind} of {length}")
    words_ = np.frombuffer(data, "<u4", offset=at + 2).reshape(-1, 2).astype(np.int64)
    t, address = words_[:, 0], words_[:, 1]
    size = (int(told["height"]), int(told["width"])) if {"height", "width"} <= set(told) else None
    return made(t, address & 0x3FFF, address >> 14 & 0x3FFF, address >> 28 & 0xF), size


def _bytes(path: Path) -> tuple[NDArray[np.void], None]:
    """N-MNIST and N-Caltech101: column, row, and 24 bits of sign and time, for each event five bytes."""
    data = np.fromfile(path, np.uint8)
    if len(data) % 5:
        raise InputError(f"{path} is damaged: {len(data):,} bytes are no whole number of events of 5")
    x, y, high, middle, low = data.reshape(-1, 5).astype(np.int64).T
    t = (high & 0x7F) << 16 | middle << 8 | low
    full = y == 240  # no event: the clock is full
    t = t + np.cumsum(full) * (1 << 13)
    kept = ~full
    return made(t[kept], x[kept], y[kept], (high >> 7)[kept]), None


def _numpy(path: Path) -> tuple[NDArray[np.void], None]:
    """Columns by name, records, or a table of time, column, row and sign in any order that its values tell."""
    try:
        found = np.load(path, allow_pickle=False)
        columns: Any = {name: found[name] for name in found.files} if hasattr(found, "files") else found
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f"cannot read the events of {path}: {error}") from error
    if isinstance(columns, dict) and len(columns) == 1:
        columns = next(iter(columns.values()))
    if isinstance(columns, np.ndarray) and columns.dtype.names:
        columns = {name: columns[name] for name in columns.dtype.names}
    if isinstance(columns, np.ndarray):
        columns = _table(columns, path)
    return _named(columns, path), None


def _table(rows: NDArray[Any], path: Path) -> dict[str, NDArray[Any]]:
    """Columns of a table: (t, x, y, p) or (x, y, t, p); the times are those that only rise."""
    if rows.ndim != 2 or rows.shape[1] != 4:
        raise InputError(f"{path} holds an array of {rows.shape}, but events are a table of four columns")
    order = next((order for order in ("txyp", "xytp") if (np.diff(rows[:, order.index("t")]) >= 0).all()), None)
    if order is None:
        raise InputError(f"{path} has no column of times that rise, neither the first nor the third")
    return {name: rows[:, number] for number, name in enumerate(order)}


def _named(columns: Mapping[str, Any], path: Path) -> NDArray[np.void]:
    """Events of columns by name; times with a fraction are seconds."""
    lower = {name.lower(): name for name in columns}
    chosen = {}
    for what, names in _NAMES.items():
        name = next((lower[one] for one in names if one in lower), None)
        if name is None:
            raise InputError(f"{path} has no column '{what}' of events, but: {', '.join(columns)}")
        chosen[what] = np.asarray(columns[name])
    t = chosen["t"]
    if t.dtype.kind == "f" and len(t) and (t % 1 != 0).any():
        t = t * 1e6
    if len({len(one) for one in chosen.values()}) != 1:
        raise InputError(f"{path} has columns of different lengths")
    x, y = (chosen[name].astype(np.int64) for name in "xy")
    if len(x) and min(int(x.min()), int(y.min())) < 0:
        raise InputError(f"{path} has events at negative places")
    return made(t.astype(np.int64), x, y, chosen["p"].astype(np.int64))


def _hdf5(path: Path) -> tuple[NDArray[np.void], tuple[int, int] | None]:
    """DSEC: `events/x, y, t, p` and `t_offset`; Prophesee: `CD/events` of x, y, p, t; or columns at the root."""
    try:
        import h5py
    except ImportError:
        raise MissingExtraError("h5py", "events") from None
    try:
        import hdf5plugin  # noqa: F401  teaches h5py Blosc and Zstandard
    except ImportError:
        raise MissingExtraError("hdf5plugin", "events") from None
    try:
        with h5py.File(path, "r") as file:
            group: Any = file["CD/events"] if "CD/events" in file else file.get("events", file)
            columns = _columns(group)
            if "t_offset" in file and "t" in columns:
                columns["t"] = columns["t"].astype(np.int64) + int(np.asarray(file["t_offset"]))
            told = {name: file.attrs.get(name) for name in ("height", "width")}
    except (OSError, KeyError) as error:
        if "ECF" in str(error) or str(_ECF) in str(error):
            raise InputError(
                f"{path} is packed with Prophesee's ECF; unpack it with Metavision's tools first"
            ) from error
        raise InputError(f"cannot read the events of {path}: {error}") from error
    size = None if None in told.values() else (int(told["height"]), int(told["width"]))
    return _named(columns, path), size


def _columns(group: Any) -> dict[str, NDArray[Any]]:
    """Columns of a data set of records, or of a group of data sets."""
    if getattr(group, "dtype", None) is not None:
        rows = group[()]
        return {name: rows[name] for name in rows.dtype.names or ()}
    return {name: one[()] for name, one in group.items() if getattr(one, "ndim", 0) == 1}
