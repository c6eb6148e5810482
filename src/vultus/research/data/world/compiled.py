"""The one door to numba: loops over triangles and pixels become machine code, kept on the disk after the first time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

import numba

# A number of the machine. Kernels mix those of numpy with Python's, which mypy cannot follow.
Real: TypeAlias = Any
Kernel = TypeVar("Kernel", bound=Callable[..., object])


@cache
def stamp() -> str:
    """Digest of all kernels: numba looks only at the file of the one it compiles, and not at those it calls."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        text = file.read_bytes()
        if b"import Real, compiled" in text or b"import Real, inlined" in text or b"import compiled" in text:
            digest.update(text)
    return digest.hexdigest()


def _kept(dispatcher: Any) -> Any:
    """The same kernel, whose machine code on the disk is of no use once any kernel is another one."""
    file = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    if file is not None:
        file._source_stamp = stamp()
    return dispatcher


def compiled(kernel: Kernel) -> Kernel:
    """Compile on the first call; the lock of the interpreter is given up while it runs, so that threads help."""
    return cast("Kernel", _kept(numba.njit(cache=True, nogil=True, fastmath=True)(kernel)))


def inlined(kernel: Kernel) -> Kernel:
    """The same for a small piece that other kernels use."""
    return cast("Kernel", _kept(numba.njit(cache=True, nogil=True, fastmath=True, forceinline=True)(kernel)))
