"""Settings from the command line and from files: `key=value`, `part.key=value`, or YAML, on a frozen configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from vultus.errors import InputError, MissingExtraError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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


def merge(config: T, settings: Mapping[str, Any], place: str = "") -> T:
    """The configuration with the settings of a mapping, as YAML and JSON have them.

    Args:
        config: a dataclass.
        settings: values by name; a mapping where the setting is a nested dataclass.
        place: names that lead here, for messages.

    Raises:
        InputError: a value does not fit its setting.
        UnknownNameError: there is no such setting.
    """
    for name, value in settings.items():
        now, key = _now(config, str(name)), f"{place}{name}"
        if is_dataclass(now) and not isinstance(now, type) and isinstance(value, Mapping):
            new: object = merge(now, value, f"{key}.")
        else:
            new = _fitting(now, value, key, json.dumps(value, default=str))
        config = replace(config, **{name: new})  # type: ignore[type-var]
    return config


def read_settings(path: Path) -> dict[str, Any]:
    """The settings of a YAML file; JSON is YAML.

    Raises:
        InputError: it is not there, or holds no settings.
        MissingExtraError: PyYAML is not installed.
    """
    try:
        import yaml
    except ImportError:
        raise MissingExtraError("yaml", "research") from None
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    except OSError as error:
        raise InputError(f"cannot read the settings of {path}: {error.strerror}") from None
    if not isinstance(found, dict):
        raise InputError(f"{path} must hold settings, one `name: value` a line")
    return found


def _set(config: Any, path: list[str], value: str, key: str) -> Any:
    now = _now(config, path[0])
    if len(path) > 1:
        if not is_dataclass(now):
            raise UnknownNameError("setting", key, [field.name for field in fields(config)], f"{path[0]} has no parts")
        return replace(config, **{path[0]: _set(now, path[1:], value, key)})
    return replace(config, **{path[0]: _fitting(now, value if isinstance(now, str) else _json(value), key, value)})


def _now(config: Any, name: str) -> Any:
    """The value a setting has."""
    names = [field.name for field in fields(config)]
    if name not in names:
        raise UnknownNameError("setting", name, names, f"Known: {', '.join(names)}")
    return getattr(config, name)


def _json(text: str) -> object:
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value


def _fitting(now: object, value: object, key: str, told: str) -> object:
    """A value, if it is of the kind of the one it replaces; lists become tuples."""
    value = _tuples(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    fits = {bool: isinstance(value, bool), int: whole, float: whole or isinstance(value, float), type(None): True}
    if not fits.get(type(now), isinstance(value, type(now))):
        raise InputError(f"{key} must be of the kind of {now!r}, but is '{told}'")
    return float(value) if isinstance(now, float) else value  # type: ignore[arg-type]


def _tuples(value: object) -> object:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value
