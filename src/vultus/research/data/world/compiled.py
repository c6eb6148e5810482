"""The one door to numba: loops over triangles and pixels become machine code, kept on the disk after the first time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import numba

# A number of the machine. Kernels mix those of numpy with Python's, which mypy cannot follow.
Real: TypeAlias = Any
Kernel = TypeVar("Kernel", bound=Callable[..., object])


def compiled(kernel: Kernel) -> Kernel:
    """Compile on the first call; the lock of the interpreter is given up while it runs, so that threads help."""
    return cast("Kernel", numba.njit(cache=True, nogil=True, fastmath=True)(kernel))


def inlined(kernel: Kernel) -> Kernel:
    """The same for a small piece that other kernels use."""
    return cast("Kernel", numba.njit(cache=True, nogil=True, fastmath=True, forceinline=True)(kernel))
