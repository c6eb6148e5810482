"""What the camera does between two frames: how far the picture moved, and whether the scene was cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Image = NDArray[np.uint8]
    Float = NDArray[np.float64]

GRID = 128  # points per side at which pictures are compared
FIELDS = 8  # per side, for cuts
CUT_CHANGE = 0.18  # mean change of the brightness of a field, 0 to 1; a fast pan stays under it
CLEAR_PEAK = 0.1  # of the phase correlation, 0 to 1; unrelated pictures reach 0.07


@dataclass(frozen=True, slots=True)
class Change:
    """From one frame to the next.

    Attributes:
        cut: another scene.
        shift_px: how far the picture moved to the right and down; (0, 0) where that cannot be told.
    """

    cut: bool
    shift_px: tuple[float, float]


class Scene:
    """Compares each frame with the one before."""

    def __init__(self) -> None:
        window = np.hanning(GRID)
        self._window = np.outer(window, window)
        self._fields: Float | None = None
        self._spectrum: NDArray[np.complex128] = np.zeros(0, np.complex128)

    def step(self, image: Image) -> Change:
        """Take in the next frame.

        Args:
            image: RGB, uint8, (H, W, 3).
        """
        grid = _sample(image)
        side = GRID // FIELDS
        fields = grid.reshape(FIELDS, side, FIELDS, side).mean(axis=(1, 3))
        spectrum = np.fft.rfft2((grid - grid.mean()) * self._window)
        last_fields, last_spectrum = self._fields, self._spectrum
        self._fields, self._spectrum = fields, spectrum
        if last_fields is None:
            return Change(False, (0.0, 0.0))
        cut = float(np.abs(fields - last_fields).mean()) > CUT_CHANGE
        right, down = (0.0, 0.0) if cut else _shift(last_spectrum, spectrum)
        return Change(cut, (right * image.shape[1] / GRID, down * image.shape[0] / GRID))


def _sample(image: Image) -> Float:
    """Brightness at GRID x GRID places, each the mean of four points, 0 to 1."""
    rows = np.linspace(0, image.shape[0] - 1, 2 * GRID).astype(np.intp)
    columns = np.linspace(0, image.shape[1] - 1, 2 * GRID).astype(np.intp)
    green = image[rows[:, None], columns[None, :], 1].astype(np.float64) / 255
    return np.asarray(green.reshape(GRID, 2, GRID, 2).mean(axis=(1, 3)))


def _shift(before: NDArray[np.complex128], after: NDArray[np.complex128]) -> tuple[float, float]:
    """Shift by phase correlation, to fractions of a grid point."""
    cross = after * np.conj(before)
    surface = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-9), s=(GRID, GRID))
    row, column = np.unravel_index(int(np.argmax(surface)), surface.shape)
    # Sub-point shifts spread the peak over its neighbours: their centre of mass is the shift.
    around = np.arange(-1, 2)
    patch = np.maximum(surface[np.ix_((row + around) % GRID, (column + around) % GRID)], 0.0)
    if patch.sum() < CLEAR_PEAK:
        return 0.0, 0.0
    down = float(row) + float((patch.sum(axis=1) * around).sum() / patch.sum())
    right = float(column) + float((patch.sum(axis=0) * around).sum() / patch.sum())
    half = GRID / 2
    return (right + half) % GRID - half, (down + half) % GRID - half
