"""Where a face will be: a small Kalman filter per track, and the best pairing of tracks with faces.

Distances are counted in face sizes (square root of the box area) and times in seconds, so that one set of numbers
serves every resolution and frame rate.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float = NDArray[np.float64]

SPEED = 3.0  # face sizes per second: usual speed of a face in the picture
MEMORY_S = 0.7  # a speed changes within about so long
MEASURED = 0.06  # face sizes: scatter of a detector's box
GROWTH = 0.25  # share of a new box size that enters the smoothed one
SIZE_SPREAD = 0.3  # natural logarithm: scatter of the size from sight to sight


class Motion:
    """Smoothed centre, velocity and size of one face.

    Args:
        box: left, top, right, bottom in pixels, (4,).
        time_s: when it was seen.
    """

    __slots__ = ("_cov", "_side", "_size", "_time_s", "_x", "_y")

    def __init__(self, box: Float, time_s: float) -> None:
        x, y, width, height = _centre(box)
        self._side = math.sqrt(width * height)
        self._x, self._y = (x, 0.0), (y, 0.0)
        self._size = (math.log(width), math.log(height))
        # Variances of place and speed and their covariance, one set for both axes, in squared face sizes.
        self._cov = (MEASURED**2, 0.0, SPEED**2)
        self._time_s = time_s

    def _step(self, time_s: float) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float, float]]:
        # The speed is an Ornstein-Uhlenbeck process: it fades towards 0 and wanders by SPEED.
        step = max(time_s - self._time_s, 0.0)
        keep = math.exp(-step / MEMORY_S)
        reach = MEMORY_S * (1.0 - keep)  # how far a fading unit speed carries
        place, both, speed = self._cov
        cov = (
            place
            + 2 * reach * both
            + reach**2 * speed
            + SPEED**2 * MEMORY_S * (2 * (step - reach) - reach**2 / MEMORY_S),
            keep * (both + reach * speed) + SPEED**2 * reach**2 / MEMORY_S,
            keep**2 * speed + SPEED**2 * (1 - keep**2),
        )
        x = (self._x[0] + reach * self._x[1], keep * self._x[1])
        y = (self._y[0] + reach * self._y[1], keep * self._y[1])
        return x, y, cov

    def predict(self, time_s: float) -> tuple[Float, float]:
        """Box expected at a time, (4,) pixels, and the spread of its centre in face sizes."""
        (x, _), (y, _), cov = self._step(time_s)
        width, height = math.exp(self._size[0]), math.exp(self._size[1])
        box = np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
        return box, math.sqrt(cov[0] + MEASURED**2)

    def shift(self, right_px: float, down_px: float) -> None:
        """Move along with the picture."""
        self._x = (self._x[0] + right_px, self._x[1])
        self._y = (self._y[0] + down_px, self._y[1])

    def update(self, box: Float, time_s: float) -> None:
        """Take in a sight."""
        (x, x_speed), (y, y_speed), (place, both, speed) = self._step(time_s)
        seen_x, seen_y, width, height = _centre(box)
        gain, gain_speed = place / (place + MEASURED**2), both / (place + MEASURED**2)
        self._x = (x + gain * (seen_x - x), x_speed + gain_speed * (seen_x - x))
        self._y = (y + gain * (seen_y - y), y_speed + gain_speed * (seen_y - y))
        self._cov = ((1 - gain) * place, (1 - gain) * both, speed - gain_speed * both)
        self._size = (
            self._size[0] + GROWTH * (math.log(width) - self._size[0]),
            self._size[1] + GROWTH * (math.log(height) - self._size[1]),
        )
        self._time_s = time_s


def _centre(box: Float) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(value) for value in box)
    return (left + right) / 2, (top + bottom) / 2, max(right - left, 1.0), max(bottom - top, 1.0)


def nearness(expected: Float, spread: Float, boxes: Float) -> Float:
    """How well boxes fit expectations in place and size.

    Args:
        expected: boxes expected, (N, 4) pixels.
        spread: of their centres, (N,) face sizes.
        boxes: boxes seen, (M, 4) pixels.

    Returns:
        (N, M), 0 to 1; a vague expectation (a spread above half a face) never reaches 1.
    """
    place = (expected[:, None, :2] + expected[:, None, 2:] - boxes[None, :, :2] - boxes[None, :, 2:]) / 2
    side = np.log(np.maximum(expected[:, 2:] - expected[:, :2], 1.0)).mean(axis=1)
    side_seen = np.log(np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0)).mean(axis=1)
    growth = side[:, None] - side_seen[None, :]
    unit = np.exp((side[:, None] + side_seen[None, :]) / 2)
    width = np.maximum(spread, 0.2)[:, None]
    offset = np.sqrt((place**2).sum(axis=2)) / unit / width
    fit = np.exp(-0.5 * offset**2 - 0.5 * (growth / SIZE_SPREAD) ** 2)
    return np.asarray(fit * np.minimum(np.sqrt(0.5 / width), 1.0), dtype=np.float64)


def pair(score: Float, least: float) -> list[tuple[int, int]]:
    """Pair rows with columns, each at most once, so that the sum of `score - least` over the pairs is largest.

    Args:
        score: (N, M); not finite where a pair is forbidden.
        least: pairs at or under it are not made.

    Returns:
        (row, column) pairs in order of rows.
    """
    gain = np.where(np.isfinite(score), score - least, 0.0).clip(min=0.0)
    if gain.shape[0] > gain.shape[1]:
        chosen = [(row, column) for column, row in enumerate(_assign(-gain.T))]
    else:
        chosen = list(enumerate(_assign(-gain)))
    return sorted((row, column) for row, column in chosen if gain[row, column] > 0)


def _assign(cost: Float) -> list[int]:
    """Column of each row in the cheapest assignment, rows <= columns (shortest augmenting paths, O(N^2 M)).

    Slot 0 of the column arrays is a virtual column from which each row starts its search.
    """
    n, m = cost.shape
    price_row, price = np.zeros(n + 1), np.zeros(m + 1)
    owner = np.zeros(m + 1, dtype=np.intp)  # row (from 1) that holds a column, 0 for none
    for row in range(1, n + 1):
        owner[0], column = row, 0
        slack, done = np.full(m + 1, np.inf), np.zeros(m + 1, dtype=bool)
        before = np.zeros(m + 1, dtype=np.intp)
        while owner[column]:
            done[column] = True
            here = owner[column]
            reduced = cost[here - 1] - price_row[here] - price[1:]
            better = ~done[1:] & (reduced < slack[1:])
            slack[1:][better] = reduced[better]
            before[1:][better] = column
            following = int(np.argmin(np.where(done, np.inf, slack)))
            step = slack[following]
            price_row[owner[done]] += step
            price[done] -= step
            slack[~done] -= step
            column = following
        while column:
            owner[column] = owner[before[column]]
            column = int(before[column])
    columns = [0] * n
    for column in range(1, m + 1):
        if owner[column]:
            columns[int(owner[column]) - 1] = column - 1
    return columns
