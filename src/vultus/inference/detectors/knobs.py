"""From the `detector.options` of a manifest to the options of a detector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from vultus.errors import ConfigError, UnknownNameError

T = TypeVar("T")


def read_options(kind: type[T], options: Mapping[str, float | int | str], detector: str) -> T:
    """Build the options of a detector, all of which are numbers above 0.

    Args:
        kind: a dataclass whose fields have int or float defaults.
        options: from the manifest; what is missing keeps its default.
        detector: kind of the detector, for messages.

    Raises:
        UnknownNameError: there is no such option.
        ConfigError: the value is no number above 0, or not whole where it must be.
    """
    defaults = {part.name: part.default for part in fields(kind)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for name, value in options.items():
        if name not in defaults:
            raise UnknownNameError(f"option of detector {detector}:", name, defaults, f"Known: {', '.join(defaults)}")
        whole = isinstance(defaults[name], int)
        if isinstance(value, str) or value <= 0 or (whole and value != int(value)):
            what = "a whole number above 0" if whole else "a number above 0"
            raise ConfigError(f"option {name} of detector {detector} must be {what}, but is {value!r}")
        values[name] = int(value) if whole else float(value)
    return kind(**values)
