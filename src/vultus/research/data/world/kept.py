"""Made samples on the disk, found again by what they were made from."""

from __future__ import annotations

import hashlib
import json
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.research.data.sample import Samples

if TYPE_CHECKING:
    from collections.abc import Callable


@cache
def _source() -> str:
    """Digest of this package: other code makes other pictures."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def key(make: Callable[..., Samples], arguments: dict[str, Any]) -> str:
    """The content hash of samples that are not made yet.

    Args:
        make: who makes them.
        arguments: what from; numbers, words and lists of them.
    """
    told = json.dumps([make.__module__, make.__qualname__, arguments, _source()], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:24]


def kept(folder: Path, make: Callable[..., Samples], **arguments: Any) -> Samples:
    """Samples from the folder, or made and put there.

    What lies there is mapped, not read, so that large sets cost no memory until they are used. A folder that was not
    finished, or is damaged, is made anew.

    Args:
        folder: the cache.
        make: a function of this package such as `faces`.
        arguments: its arguments, which name the samples in the cache.
    """
    place = folder / f"{make.__name__}-{key(make, arguments)}"
    found = _read(place)
    if found is not None:
        return found
    samples = make(**arguments)
    part = place.with_name(place.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    columns = {name: np.asarray(samples[name]) for name in samples.fields}
    if samples.subjects is not None:
        columns["subjects!"] = samples.subjects
    for name, column in columns.items():
        np.save(part / f"{name}.npy", column, allow_pickle=False)
    about = {"name": samples.name, "arguments": arguments, "bytes": {f.name: f.stat().st_size for f in part.iterdir()}}
    (part / "about.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(place, ignore_errors=True)
    part.rename(place)
    return _read(place) or samples


def _read(place: Path) -> Samples | None:
    try:
        about = json.loads((place / "about.json").read_text(encoding="utf-8"))
        if any((place / name).stat().st_size != size for name, size in about["bytes"].items()):
            return None
        columns = {Path(name).stem: np.load(place / name, mmap_mode="r") for name in about["bytes"]}
    except (OSError, ValueError, KeyError):
        return None
    return Samples({k: v for k, v in columns.items() if k != "subjects!"}, columns.get("subjects!"), about["name"])
