"""Events of cameras that report changes: their type, and grids of them that networks take.

events = np.zeros(3, EVENT)                  # t us, x column, y row, p: 1 brighter, 0 darker
counted(events, bins=8, size=(24, 24))       # (2, 8, 24, 24): how many, by sign, time and place
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import ConfigError, InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

EVENT = np.dtype([("t", "<i8"), ("x", "<u2"), ("y", "<u2"), ("p", "u1")])
DARKER, BRIGHTER = 0, 1


def made(t: NDArray[np.int64], x: NDArray[np.int64], y: NDArray[np.int64], p: NDArray[np.int64]) -> NDArray[np.void]:
    """Events from columns, in the order of time.

    Args:
        t: microseconds.
        x, y: column and row.
        p: sign: above 0 is brighter, 0 and -1 are darker.
    """
    events = np.empty(len(t), EVENT)
    events["t"], events["x"], events["y"], events["p"] = t, x, y, np.asarray(p) > 0
    if (events["t"][1:] < events["t"][:-1]).any():
        events = events[np.argsort(events["t"], kind="stable")]
    return events


def extent(events: NDArray[np.void]) -> tuple[int, int]:
    """Rows and columns that hold all events.

    Raises:
        InputError: there are none.
    """
    if not len(events):
        raise InputError("there are no events, so that nobody knows how large their camera is")
    return int(events["y"].max()) + 1, int(events["x"].max()) + 1


def first(events: NDArray[np.void], share: float) -> NDArray[np.void]:
    """The first events, as a network sees them that must answer early.

    Raises:
        ConfigError: the share is not between 0 and 1.
    """
    if not 0 <= share <= 1:
        raise ConfigError(f"a share of the events lies between 0 and 1, not at {share:g}")
    return events[: round(share * len(events))]


def middle(events: NDArray[np.void], size: tuple[int, int]) -> tuple[NDArray[np.void], tuple[int, int]]:
    """Events of the middle square of a camera, and rows and columns of that.

    Args:
        events: in any order.
        size: rows and columns of the camera.
    """
    side = min(size)
    top, left = (size[0] - side) // 2, (size[1] - side) // 2
    x, y = events["x"].astype(np.int64) - left, events["y"].astype(np.int64) - top
    kept = (x >= 0) & (x < side) & (y >= 0) & (y < side)
    return made(events["t"][kept], x[kept], y[kept], events["p"][kept]), (side, side)


def counted(
    events: NDArray[np.void],
    bins: int,
    size: tuple[int, int],
    span: tuple[float, float] | None = None,
    sensor: tuple[int, int] | None = None,
) -> NDArray[np.uint8]:
    """How many events of each sign fall into each bin of time and each cell of a grid: uint8, (2, bins, H, W).

    Counts end at 255. Index 0 of the first axis is darker.

    Args:
        events: in any order.
        bins: equal parts of the time.
        size: rows H and columns W.
        span: from and to, microseconds; what lies outside is left out. None: from the first event to the last one.
        sensor: rows and columns of the camera, which the grid is laid over; None for the grid's own.

    Raises:
        ConfigError: a size is below 1.
        InputError: an event lies outside the camera, or the span is empty.
    """
    place, kept = _cells(events, bins, size, span, sensor)
    height, width = size
    flat = np.bincount(
        events["p"][kept].astype(np.int64) * bins * height * width + place, minlength=2 * bins * height * width
    )
    return np.minimum(flat, 255).astype(np.uint8).reshape(2, bins, height, width)


def binary(
    events: NDArray[np.void],
    frames: int,
    bits: int,
    size: tuple[int, int],
    span: tuple[float, float] | None = None,
    sensor: tuple[int, int] | None = None,
) -> NDArray[np.uint16]:
    """Temporal binary representation: each pixel of a frame is a number whose bits tell in which slices it changed.

    Innocenti et al., "Temporal Binary Representation for Event-Based Action Recognition", ICPR 2020: a frame's time is
    cut into slices, a slice has 1 where an event of either sign fell, and the slices are the bits, the earliest one the
    highest.

    Args:
        events: in any order.
        frames: how many.
        bits: slices in each, 1 to 16.
        size, span, sensor: of `counted`.

    Returns:
        uint16, (frames, H, W), below 2 ** bits.

    Raises:
        ConfigError: too many bits, or a size is below 1.
        InputError: an event lies outside the camera, or the span is empty.
    """
    if not 1 <= bits <= 16:
        raise ConfigError(f"a pixel of a frame has 1 to 16 bits, not {bits}")
    changed = counted(events, frames * bits, size, span, sensor).any(axis=0).reshape(frames, bits, *size)
    worth = (1 << np.arange(bits)[::-1]).astype(np.uint16)
    packed: NDArray[np.uint16] = np.einsum("fbhw,b->fhw", changed.astype(np.uint16), worth)
    return packed


def _cells(
    events: NDArray[np.void],
    bins: int,
    size: tuple[int, int],
    span: tuple[float, float] | None,
    sensor: tuple[int, int] | None,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Number of the cell, of those events that lie in the span; and which these are."""
    height, width = size
    rows, columns = sensor or size
    if min(bins, *size, rows, columns) < 1:
        raise ConfigError(f"a grid has 1 bin and 1 cell at least, not {bins} bins of {height} x {width}")
    if not len(events):
        return np.empty(0, np.int64), np.empty(0, bool)
    if int(events["x"].max()) >= columns or int(events["y"].max()) >= rows:
        reach = extent(events)
        raise InputError(f"the camera has {rows} x {columns} pixels, but its events reach {reach[0]} x {reach[1]}")
    low, high = span or (float(events["t"].min()), float(events["t"].max()) + 1)
    if not high > low:
        raise InputError(f"events are counted over a time that ends after it begins, not from {low:g} to {high:g} us")
    kept = (events["t"] >= low) & (events["t"] < high)
    chosen = events[kept]
    at = np.minimum(((chosen["t"] - low) * (bins / (high - low))).astype(np.int64), bins - 1)
    row = chosen["y"].astype(np.int64) * height // rows
    column = chosen["x"].astype(np.int64) * width // columns
    return (at * height + row) * width + column, kept
