"""Settings from the command line: `key=value` and `part.key=value` on a frozen configuration."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from vultus.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


def apply(config: T, overrides: Sequence[str]) -> T:
    """The configuration with some settings changed, in order.

    Args:
        config: a dataclass.
        overrides: "key=value"; a dot leads into a nested dataclass. Values are JSON where the setting is no text.

    Raises:
        InputError: it is no "key=value", or the value does not fit the setting.
        UnknownNameError: there is no such setting.
    """
    for override in overrides:
        key, found, value = override.partition("=")
        if not found:
            raise InputError(f"a setting must be KEY=VALUE, but is '{override}'")
        config = _set(config, key.split("."), value, key)
    return config


def _set(config: Any, path: list[str], value: str, key: str) -> Any:
    names = [field.name for field in fields(config)]
    if path[0] not in names:
        raise UnknownNameError("setting", path[0], names, f"Known: {', '.join(names)}")
    now = getattr(config, path[0])
    if len(path) > 1:
        if not is_dataclass(now):
            raise UnknownNameError("setting", key, names, f"{path[0]} has no parts")
        return replace(config, **{path[0]: _set(now, path[1:], value, key)})
    return replace(config, **{path[0]: _like(now, value, key)})


def _like(now: object, text: str, key: str) -> object:
    """The value of a text, of the same kind as the one it replaces."""
    if isinstance(now, str):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if isinstance(now, tuple) and isinstance(value, list):
        return tuple(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    fits = {bool: isinstance(value, bool), int: whole, float: whole or isinstance(value, float)}
    if not fits.get(type(now), isinstance(value, type(now))):
        raise InputError(f"{key} must be of the kind of {now!r}, but is '{text}'")
    return float(value) if isinstance(now, float) else value
