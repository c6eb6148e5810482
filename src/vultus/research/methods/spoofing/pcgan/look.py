"""What `vultus predict pcgan PHOTO` does: scores, maps of where an attack lies, and converted pictures as a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from vultus.errors import InputError
from vultus.inference.engine import FaceEngine
from vultus.inference.image import read, write
from vultus.inference.liveness import crop
from vultus.research.data.sample import Samples, predicted
from vultus.research.data.sets.folders import pictures_in
from vultus.research.data.world import artefacts
from vultus.research.data.world.portraits import faces
from vultus.research.methods.spoofing.pcgan.convert import picture
from vultus.research.methods.spoofing.pcgan.material import KNOWN

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

CROP_SCALE = 1.15  # side of a made picture over the longer side of the box our detector finds in it
_SHOWN = 6  # faces in the grid
_SIDE = 96  # pixels of a tile
_GAP = 2
_STRONG = 0.9


def looked_at(model: Any, path: Path, out: Path | None) -> dict[str, Any]:
    """Judge every face of a picture, or of the pictures of a folder.

    Args:
        model: a trained `PCGAN`.
        path: picture or folder.
        out: folder for `attacks.png` (faces, and how much of an attack each place is) and `converted.png` (contents
            down, patterns across: of a made face, of one with each known kind of attack, of the faces themselves).

    Raises:
        InputError: there is no picture, or no face.
        ImageError: a picture cannot be read.
    """
    files = pictures_in(path) if path.is_dir() else [path]
    if not files:
        raise InputError(f"{path} holds no pictures")
    engine, side = FaceEngine(liveness=False), model.config.making.side
    told: list[dict[str, Any]] = []
    crops = []
    for file in files:
        image = read(file)
        for face in engine.find(image, embed=False):
            crops.append(crop(image, face.box.xyxy, CROP_SCALE, side, "square"))
            told.append({"file": file.name, "box": [round(float(one), 1) for one in face.box.xyxy]})
    if not crops:
        raise InputError(f"no face was found in {path}")
    stacked = np.stack(crops)
    found = predicted(model, Samples({"image": stacked}, name=path.name))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write(out / "attacks.png", mapped(stacked[:_SHOWN], found["patches"][:_SHOWN]))
        if hasattr(model, "converter"):
            write(out / "converted.png", grid(model, stacked[:_SHOWN]))
    for row, score, patches in zip(told, found["score"], found["patches"], strict=True):
        row |= {"attack_score": round(float(score), 4), "map": np.round(patches.astype(float), 3).tolist()}
    return {"faces": told, "trained_on": "rendered attacks, not real ones"}


def mapped(crops: Bytes, patches: NDArray[np.float32]) -> Bytes:
    """Faces above, below them their maps: from as they are to red where an attack is."""
    tops = [_tile(one) for one in crops]
    maps = [np.clip(_tile(one, smooth=True), 0, 1)[..., None] for one in patches]
    red = np.array([230, 30, 20], np.float32)
    marked = [
        (top * (1 - 0.7 * heat) + red * 0.7 * heat).astype(np.uint8) for top, heat in zip(tops, maps, strict=True)
    ]
    return _table([tops, marked])


def donors(side: int) -> Bytes:
    """A made face, and other ones with each known kind of attack: uint8 (1 + K, side, side, 3)."""
    drawn = faces(1 + len(KNOWN), 4, side, extent=(19.0, 23.0))["image"]
    rng = np.random.default_rng(4)
    false = [artefacts.spoof(drawn[n : n + 1], kind, rng, _STRONG).images for n, kind in enumerate(KNOWN, 1)]
    return np.concatenate([drawn[:1], *false])


def grid(model: Any, crops: Bytes) -> Bytes:
    """Donors across, contents down, and between them the content with the donor's pattern."""
    given = np.concatenate([donors(crops.shape[1]), crops])
    shown, patterns = (picture(torch.from_numpy(one)) for one in (crops, given))
    rows = [[np.zeros((_SIDE, _SIDE, 3), np.uint8), *map(_tile, given)]]
    with torch.inference_mode():
        torch.manual_seed(0)
        converter = model.converter.eval()
        for number, content in enumerate(crops):
            repeated = shown[number : number + 1].expand(len(given), -1, -1, -1)
            made = converter(repeated, None, patterns, None).clamp(-1, 1)
            pixels = ((made + 1) * 127.5).round().byte().movedim(1, 3).numpy()
            rows.append([_tile(content), *map(_tile, pixels)])
    return _table(rows)


def _tile(image: NDArray[Any], *, smooth: bool = False) -> NDArray[Any]:
    import cv2

    way = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(image, (_SIDE, _SIDE), interpolation=way))


def _table(rows: list[list[Bytes]]) -> Bytes:
    step = _SIDE + _GAP
    out = np.full((len(rows) * step - _GAP, len(rows[0]) * step - _GAP, 3), 255, np.uint8)
    for y, row in enumerate(rows):
        for x, tile in enumerate(row):
            out[y * step : y * step + _SIDE, x * step : x * step + _SIDE] = tile
    return out
