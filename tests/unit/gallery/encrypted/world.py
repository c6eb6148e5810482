"""A small encrypted gallery, its owner and its people, for tests of the programs."""

from __future__ import annotations

import numpy as np

from unit.gallery.encrypted.keys import key, unit
from vultus.gallery.encrypted.owner import Update, bring_up_to_date
from vultus.gallery.encrypted.scheme import PrivateKey
from vultus.gallery.templates import Templates

CONTRACT = "dlib:0123456789abcdef"


def people(ids: list[int], dimension: int = 16, revision: int = 1) -> Templates:
    """A template per person, always the same for the same number."""
    rows = [unit(1, dimension, seed=person)[0] for person in ids]
    vectors = np.array(rows, dtype=np.float32).reshape(len(ids), dimension)
    order = np.arange(len(ids))
    return Templates(
        revision, [f"p{person}" for person in ids], order, order + 1, vectors, np.array(ids, dtype=np.int64)
    )


def state(ids: list[int], private: PrivateKey | None = None, **more: object) -> Update:
    """Both files of an encrypted gallery."""
    return bring_up_to_date(private or key(), people(ids), CONTRACT, 0.0, **more)  # type: ignore[arg-type]
