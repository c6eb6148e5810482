"""What a transaction comes to: comparisons, and the faces and people that never got as far (ISO/IEC 19795-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vultus.errors import InputError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def fta(acquired: ArrayLike) -> float:
    """Failure to acquire: share of attempts, bool (N,), that gave no usable picture of a face."""
    return float(np.mean(~_as_flags(acquired, "acquired")))


def fte(enrolled: ArrayLike) -> float:
    """Failure to enrol: share of people, bool (N,), of whom no template could be made."""
    return float(np.mean(~_as_flags(enrolled, "enrolled")))


def far(fmr: float, fta: float) -> float:
    """False accept rate of a transaction of one attempt: FMR (1 - FTA).

    Args:
        fmr: over the comparisons that could be made. Where the others are in it with minus infinity, it is the FAR.
        fta: failure to acquire.

    Raises:
        InputError: something is no rate.
    """
    _check_rates(fmr, fta)
    return fmr * (1 - fta)


def frr(fnmr: float, fta: float) -> float:
    """False reject rate of a transaction of one attempt: FTA + FNMR (1 - FTA); FNMR as the FMR of `far`."""
    _check_rates(fnmr, fta)
    return fta + fnmr * (1 - fta)


def gfar(fmr: float, fta: float, fte: float) -> float:
    """Generalised false accept rate, which knows of people who could not enrol: FMR (1 - FTA) (1 - FTE)."""
    _check_rates(fte)
    return far(fmr, fta) * (1 - fte)


def gfrr(fnmr: float, fta: float, fte: float) -> float:
    """Generalised false reject rate: FTE + (1 - FTE) (FTA + FNMR (1 - FTA))."""
    _check_rates(fte)
    return fte + (1 - fte) * frr(fnmr, fta)


def _as_flags(flags: ArrayLike, name: str) -> NDArray[np.bool_]:
    out = np.asarray(flags)
    if out.dtype != np.bool_ or out.ndim != 1 or out.size == 0:
        raise ShapeError(name, "a non-empty row of True and False", f"{out.dtype} of shape {out.shape}")
    return out


def _check_rates(*rates: float) -> None:
    for rate in rates:
        if not 0 <= rate <= 1:
            raise InputError(f"an error rate lies between 0 and 1, not at {rate}")
