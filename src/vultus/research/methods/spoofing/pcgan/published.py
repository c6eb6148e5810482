"""Published sets in the place of made pictures: one is left out, the others are learnt from.

The folder holds a folder for each set, called as `vultus sets` calls it. A set that has no development people gives
every fourth of its training people. Attacks count as covering the whole face, since none of these sets says where they
lie; so nothing partial is measured, and nothing that needs made probes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import ConfigError
from vultus.research.data.sample import Samples
from vultus.research.data.sets import SETS as READERS
from vultus.research.data.sets import open_set
from vultus.research.methods.spoofing.pcgan.material import DEVELOPMENT, KINDS, TARGET, joined

if TYPE_CHECKING:
    from pathlib import Path

    from vultus.research.data.sets.reader import Reader
    from vultus.research.methods.spoofing.pcgan.material import Making

SETS = ("oulu_npu", "casia_fasd", "replay_attack", "msu_mfsd", "siw")
_DEVELOPMENT = ("dev", "devel")
# the trace that each medium leaves first of all
_MEDIA = {"cut": "paper", "warped": "paper", "print": "halftone", "printed": "halftone", "mobile": "moire",
          "highdef": "moire", "replay": "moire", "ipad": "moire", "iphone": "moire"}  # fmt: skip


def published(making: Making, seed: int, folder: Path) -> tuple[Samples, Samples]:
    """Training and test pictures with the columns of `material.made`.

    Args:
        making: `side`, and `held_out`, the set that is left out; "" takes them in turn by the seed.
        seed: see there.
        folder: of the sets.

    Raises:
        ConfigError: fewer than two sets are there, or the one to be left out is not.
        InputError: a set is not whole enough to be read.
    """
    there = [name for name in SETS if (folder / name).is_dir()]
    if len(there) < 2:
        raise ConfigError(f"{folder} must hold two of the folders {', '.join(SETS)} at least, but has: {there}")
    target = making.held_out or there[seed % len(there)]
    if target not in there:
        raise ConfigError(f"held_out is one of {', '.join(there)} or empty, not '{target}'")
    train: list[Samples] = []
    test: list[Samples] = []
    for name in (one for one in there if one != target):
        reader = open_set(name, folder / name)
        learnt, later = _two(reader, making.side)
        domain = len(train)
        train.append(_columns(learnt, name, making, domain, DEVELOPMENT))
        test.append(_columns(later, name, making, domain, DEVELOPMENT))
    known = open_set(target, folder / target)
    split = "test" if "test" in known.splits else known.splits[-1]
    test.append(_columns(known.read(split, making.side), target, making, 0, TARGET))
    return joined(train, "published"), joined(test, f"films of {target}")


def _two(reader: Reader, side: int) -> tuple[Samples, Samples]:
    """Films to learn from, and those of development people."""
    train = reader.read("train", side)
    split = next((name for name in _DEVELOPMENT if name in reader.splits), None)
    if split is not None:
        return train, reader.read(split, side)
    people = np.unique(np.asarray(train.subjects))
    later = np.isin(np.asarray(train.subjects), people[::4])
    return train.subset(np.flatnonzero(~later)), train.subset(np.flatnonzero(later))


def _columns(samples: Samples, name: str, making: Making, domain: int, role: int) -> Samples:
    """The same columns that made pictures have; people of two sets are never the same."""
    species = next(one.classes for one in READERS if one.name == name)
    kind = np.array([KINDS.index(_kind(species[one])) for one in samples["species"]], np.int64)
    count, image, label = len(samples), samples["image"], samples["label"]
    people = np.array([f"{name}/{one}" for one in np.asarray(samples.subjects)], dtype=str)
    number = np.unique(people, return_inverse=True)[1] % making.train
    mask = np.broadcast_to(label.astype(np.uint8)[:, None, None], image.shape[:3])
    fields: dict[str, Any] = {
        "image": image, "mask": mask, "wave": np.zeros((count, 2), np.float32), "label": label, "kind": kind,
        "camera": np.full(count, SETS.index(name)), "person": number, "partial": np.zeros(count, np.int64),
        "role": np.full(count, role), "domain": np.full(count, domain),
    }  # fmt: skip
    return Samples(fields, people, name)


def _kind(species: str) -> str:
    return _MEDIA.get(species.split("_")[0], KINDS[0])
