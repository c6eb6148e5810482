"""Moving a gallery to another model: kept crops are embedded anew, templates without a crop are mapped.

Crops come first: a face embedded anew loses nothing. Templates without one are mapped by an affine map
(`alignment.py`), fitted on faces that both models have embedded: those of the gallery with crops, and pictures given
for the purpose. What this costs is measured and told before anything is exchanged. What was embedded is kept from run
to run, so an interrupted migration goes on where it stopped, or is rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from vultus.errors import InputError, StoreError, VultusError
from vultus.gallery.alignment import fit, held_out
from vultus.gallery.cost import Cost, measure
from vultus.gallery.crop import meant
from vultus.gallery.staging import Both, Staging
from vultus.inference.header import probe
from vultus.types import prominent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from vultus.gallery.alignment import Alignment
    from vultus.gallery.enrol import Engine
    from vultus.gallery.store import Store
    from vultus.inference.image import Source
    from vultus.types import Face

MIN_PAIRS = 250
METHOD = "ridge"
_BATCH = 32
_MOST_PAIRS = 20_000
_SAME_FACE_IOU = 0.5
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """What a migration does, and what it costs.

    Attributes:
        old, new: contracts.
        n_faces: in the gallery, those of unknown people too.
        n_embedded: of them embedded anew.
        n_mapped: of them mapped.
        n_pairs: faces that the map was fitted on; 0 without a map.
        cost: None where there are too few faces to measure it.
        calibrated: the new model has thresholds; without, it decides nothing.
        state: "planned", "applied", or "current" where the gallery had the contract already.
    """

    old: str
    new: str
    n_faces: int
    n_embedded: int
    n_mapped: int
    n_pairs: int
    cost: Cost | None
    calibrated: bool
    state: Literal["planned", "applied", "current"] = "planned"


@dataclass(frozen=True, slots=True)
class Material:
    """Pictures for a map.

    Attributes:
        old: the engine that the gallery was made with.
        pictures: person and picture, several of each person.
    """

    old: Engine
    pictures: Iterable[tuple[str, Source]]


def migrate(
    store: Store,
    engine: Engine,
    *,
    material: Material | None = None,
    confirm: Callable[[Plan], bool] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Plan:
    """Move a gallery to the model of an engine; see `Gallery.migrate`."""
    old, staging = store.contract(), Staging(store)
    n_faces = staging.progress().n_faces
    if not n_faces:
        raise InputError(f"the gallery {store.path} is empty: there is nothing to move; make one with the other pack")
    if old == engine.contract:
        # Killed right after the exchange, the old templates may still lie in the log.
        store.forget()
        return Plan(old, old, n_faces, 0, 0, 0, None, _calibrated(engine), "current")
    staging.check(engine.contract)
    tell = progress or (lambda _what, _done, _total: None)
    agreed, given = confirm is None, None
    while True:
        _embed(staging, engine, tell)
        stand = staging.progress()
        n_mapped = stand.n_faces - stand.n_ready
        if n_mapped and material is not None and given is None:
            given = _embedded_by_both(material, engine, tell)
        both = _joined(staging.both(_MOST_PAIRS), given if n_mapped else None)
        alignment = _fitted(staging, both, n_mapped)
        mapped = None if alignment is None else held_out(both.old, both.new, METHOD, people=both.people.tolist())
        plan = Plan(
            old, engine.contract, stand.n_faces, stand.n_ready, n_mapped, 0 if alignment is None else len(both.old),
            measure(both, mapped), _calibrated(engine),
        )  # fmt: skip
        agreed = agreed or (confirm is not None and confirm(plan))
        if not agreed:
            return plan
        if alignment is not None:
            staging.begin(engine.contract, both.new.shape[1])
        # Whoever was enrolled meanwhile is embedded first.
        if staging.finish(engine.contract, alignment, n_mapped):
            return replace(plan, state="applied")


def roll_back(store: Store) -> int:
    """End a migration that was not finished; how many gathered templates were forgotten.

    Raises:
        StoreError: none was begun.
    """
    staging = Staging(store)
    if staging.underway() is None:
        raise StoreError(f"no migration of {store.path} is under way; there is nothing to roll back")
    return staging.roll_back()


def _embed(staging: Staging, engine: Engine, tell: Callable[[str, int, int], None]) -> None:
    """Embed the crops of all faces that are not ready; what is done is kept batch by batch."""
    total, done, begun = staging.progress().n_to_embed, 0, False
    for batch in staging.crops(_BATCH):
        ready: list[tuple[int, NDArray[np.float32]]] = []
        answers = engine.find_each([jpeg for _, jpeg in batch], embed=True, batch=_BATCH)
        for (face_id, jpeg), (_, faces) in zip(batch, answers, strict=True):
            face = None if isinstance(faces, VultusError) else meant(faces, probe(jpeg, f"crop {face_id}").width)
            if face is not None and face.embedding is not None:
                ready.append((face_id, face.embedding.vector))
        if ready:
            if not begun:
                staging.begin(engine.contract, len(ready[0][1]))
                begun = True
            staging.put(engine.contract, ready)
        done += len(batch)
        tell("embedding", done, total)


def _embedded_by_both(material: Material, engine: Engine, tell: Callable[[str, int, int], None]) -> Both:
    """Pictures embedded by both engines, where both mean the same face."""
    rows: list[tuple[NDArray[np.float32], NDArray[np.float32], str]] = []
    pictures = list(material.pictures)
    for start in range(0, len(pictures), _BATCH):
        part = pictures[start : start + _BATCH]
        sources = [source for _, source in part]
        answers = [model.find_each(sources, embed=True, batch=_BATCH) for model in (material.old, engine)]
        for (name, _), (_, one), (_, two) in zip(part, *answers, strict=True):
            pair = _same_face(one, two)
            if pair is not None:
                rows.append((*pair, name))
        tell("fitting", start + len(part), len(pictures))
    if not rows:
        raise InputError("no face was found by both models in the pictures given for the map; give portraits of people")
    people = np.unique([row[2] for row in rows], return_inverse=True)[1].astype(np.int64)
    return Both(np.stack([row[0] for row in rows]), np.stack([row[1] for row in rows]), people)


def _same_face(
    one: list[Face] | VultusError, two: list[Face] | VultusError
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    if isinstance(one, VultusError) or isinstance(two, VultusError):
        return None
    first, second = prominent(one), prominent(two)
    if first is None or second is None or first.embedding is None or second.embedding is None:
        return None
    same = first.box.iou(second.box) >= _SAME_FACE_IOU
    return (first.embedding.vector, second.embedding.vector) if same else None


def _joined(own: Both, given: Both | None) -> Both:
    """Faces of the gallery and of the pictures given; these are taken for other people."""
    if given is None or len(own.old) == 0:
        return given or own
    people = np.concatenate([own.people, given.people + max(int(own.people.max()), -1) + 1])
    return Both(np.concatenate([own.old, given.old]), np.concatenate([own.new, given.new]), people)


def _fitted(staging: Staging, both: Both, n_mapped: int) -> Alignment | None:
    """The map for faces that could not be embedded; None where all were."""
    if not n_mapped:
        return None
    if len(both.old) < MIN_PAIRS:
        some = ", ".join(staging.unready(_NAMED))
        raise InputError(
            f"{n_mapped:,} faces have no kept crop in which the new model finds them (e.g. of {some}), and a map for "
            f"them needs {MIN_PAIRS} faces that both models have embedded, but there are {len(both.old)}; give a "
            "folder with a folder of pictures per person, of anybody: vultus gallery migrate --pictures FOLDER"
        )
    return fit(both.old, both.new, METHOD, people=both.people.tolist())


def _calibrated(engine: Engine) -> bool:
    try:
        return bool(engine.calibration)
    except VultusError:
        return False
