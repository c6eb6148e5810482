"""Readers of published sets of faces and of physiology: one file for each, and the table of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vultus.errors import UnknownNameError
from vultus.research.data.sets import (
    affectnet,
    casia_fasd,
    casme_cubed,
    casme_squared,
    celeba_spoof,
    cfee,
    ck_plus,
    deap,
    dreamer,
    eav,
    fairface,
    fer2013,
    isruc,
    lfw,
    msu_mfsd,
    nback,
    nefer,
    oulu_npu,
    raf_db,
    replay_attack,
    samm_lv,
    seed,
    siw,
    siw_m,
    sleep_edf,
)
from vultus.research.data.sets.reader import Reader

if TYPE_CHECKING:
    from pathlib import Path

    from vultus.research.data.sets.material import DataSet

SETS: tuple[DataSet, ...] = (
    fer2013.SET, affectnet.SET, raf_db.SET, cfee.SET, ck_plus.SET, lfw.SET, fairface.SET,
    oulu_npu.SET, casia_fasd.SET, replay_attack.SET, msu_mfsd.SET, siw.SET, siw_m.SET, celeba_spoof.SET,
    casme_squared.SET, casme_cubed.SET, samm_lv.SET, nefer.SET, deap.SET, dreamer.SET, seed.SET, sleep_edf.SET,
    eav.SET, isruc.SET, nback.SET,
)  # fmt: skip


def open_set(name: str, folder: Path) -> Reader:
    """A set in a folder.

    Raises:
        UnknownNameError: no reader has that name.
        InputError: the folder does not hold the set.
    """
    for one in SETS:
        if one.name == name:
            return Reader(one, folder)
    raise UnknownNameError("set", name, [one.name for one in SETS], "(list: vultus sets)")
