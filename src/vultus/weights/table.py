"""The packs that come with Vultus, and how to load one by name or by the path of a manifest."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

from vultus.errors import ConfigError, UnknownNameError, WeightsError
from vultus.weights.manifest import Pack
from vultus.weights.schema import parse_pack

PACKS: tuple[str, ...] = ("dlib", "dlib-mmod", "opencv", "buffalo_l")


def load_pack(pack: str | Path) -> Pack:
    """Read a manifest.

    Args:
        pack: a name of `PACKS`, or the path of a user's manifest (a .json file, or a folder with manifest.json in it).

    Returns:
        The pack; its files are neither looked for nor checked (see `store.resolve`).

    Raises:
        UnknownNameError: no such pack.
        ConfigError: the manifest is not as docs/packs.md describes it.
        WeightsError: the manifest cannot be read.
    """
    if isinstance(pack, str) and pack in PACKS:
        text = resources.files("vultus.weights").joinpath("packs", f"{pack}.json").read_text(encoding="utf-8")
        return parse_pack(_json(text, f"pack {pack}"), where=f"pack {pack}")
    path = Path(pack)
    if path.is_dir():
        path = path / "manifest.json"
    if path.suffix != ".json" and not path.exists():
        hint = f"List: vultus packs list ({', '.join(PACKS)}); or give the path of a manifest.json"
        raise UnknownNameError("pack", str(pack), PACKS, hint)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WeightsError(f"cannot read the pack manifest {path}: {error}") from error
    return parse_pack(_json(text, str(path)), where=str(path), directory=path.resolve().parent)


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where} is not valid JSON: {error}") from error
