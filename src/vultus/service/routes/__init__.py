"""The addresses of the service, a module for each noun; `MODULES` is the list of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

MODULES = (
    "health",
    "system",
    "keys",
    "looking",
    "collections",
    "persons",
    "faces",
    "search",
    "unknown",
    "audit",
    "metrics",
    "calibrations",
    "jobs",
    "monitors",
)


def modules() -> list[ModuleType]:
    """The modules, in order."""
    return [import_module(f"{__name__}.{name}") for name in MODULES]
