"""From the `detector.options` of a manifest to the options of a detector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from vultus.errors import ConfigError, UnknownNameError

T = TypeVar("T")


def read_options(kind: type[T], options: Mapping[str, float | int | str], detector: str) -> T:
    """Build the options of a detector, all of which are numbers: above 0, unless their default is 0.

    Args:
        kind: a dataclass whose fields have int or float defaults.
        options: from the manifest; what is missing keeps its default.
        detector: kind of the detector, for messages.

    Raises:
        UnknownNameError: there is no such option.
        ConfigError: the value is no such number, or not whole where it must be.
    """
    defaults = {part.name: part.default for part in fields(kind)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for name, value in options.items():
        if name not in defaults:
            raise UnknownNameError(f"option of detector {detector}:", name, defaults, f"Known: {', '.join(defaults)}")
        values[name] = _checked(value, defaults[name], f"option {name} of detector {detector}")
    return kind(**values)


def _checked(value: float | int | str, default: Any, where: str) -> float | int:
    whole, above = isinstance(default, int), default > 0
    sound = (
        not isinstance(value, str) and (not whole or (value == int(value) and value >= 0)) and (value > 0 or not above)
    )
    if isinstance(value, str) or not sound:
        what = f"a {'whole ' if whole else ''}number{' above 0' if above else ' from 0' if whole else ''}"
        raise ConfigError(f"{where} must be {what}, but is {value!r}")
    return int(value) if whole else float(value)
