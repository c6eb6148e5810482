"""The pictures of `vultus demo`: public-domain portraits that other packages carry, or a folder of the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from vultus.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

KNOWN = "Eileen Collins"
# where they lie in the packages of the extra `demo`; the packages are not imported
_ASTRONAUT = ("scikit-image", "skimage", "data/astronaut.png")
_CAT = ("scikit-image", "skimage", "data/chelsea.png")
_HOPPER = ("matplotlib", "matplotlib", "mpl-data/sample_data/grace_hopper.jpg")
_HEAD = (slice(0, 300), slice(90, 390))


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture to identify people in.

    Attributes:
        title: what it shows, in a few words.
        image: path, or RGB uint8 (H, W, 3).
        expected: names that should be found, "unknown" for a stranger; sorted.
    """

    title: str
    image: Path | Picture
    expected: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a demo works with.

    Attributes:
        people: name to the pictures that are enrolled.
        scenes: the pictures to identify people in.
        credit: whose pictures they are.
    """

    people: dict[str, list[Path | Picture]]
    scenes: tuple[Scene, ...]
    credit: str


def _bundled(place: tuple[str, str, str]) -> Path:
    """A picture inside an installed package.

    Raises:
        MissingExtraError: the package is not installed.
    """
    package, module, inside = place
    spec = find_spec(module)
    path = Path(spec.origin or "").parent / inside if spec is not None else None
    if path is None or not path.is_file():
        raise MissingExtraError(package, "demo")
    return path


def bundled() -> Material:
    """One known person under several conditions, a stranger, a cat, and a picture of several faces.

    Raises:
        MissingExtraError: the packages that carry the pictures are not installed.
    """
    from vultus.inference.image import read

    portrait, cat = read(_bundled(_ASTRONAUT)), read(_bundled(_CAT))
    stranger = read(_bundled(_HOPPER))
    head = portrait[_HEAD]
    scenes = (
        Scene("the whole photograph", portrait, (KNOWN,)),
        Scene("mirrored", head[:, ::-1].copy(), (KNOWN,)),
        Scene("dark", _scaled(head, 0.25), (KNOWN,)),
        Scene("turned by 20 degrees", _turned(head, 20.0), (KNOWN,)),
        Scene("a third of the size", _resized(head, 1 / 3), (KNOWN,)),
        Scene("grey and noisy", _noisy(head), (KNOWN,)),
        Scene("blurred", _blurred(head, 2.0), (KNOWN,)),
        Scene("a stranger", stranger, ("unknown",)),
        Scene("no face at all", cat, ()),
        Scene("several faces", _collage(head, stranger, cat), tuple(sorted((KNOWN, "unknown")))),
    )
    credit = "Eileen Collins: NASA; Grace Hopper: US Navy (both public domain); Chelsea the cat: CC0"
    return Material({KNOWN: [head]}, scenes, credit)


def own(pairs: Sequence[tuple[str, Path]], folder: Path) -> Material:
    """The user's people: the last picture of each is kept back to be identified, the others are enrolled.

    Somebody with one picture only is not enrolled and plays the stranger.

    Args:
        pairs: name and picture, sorted.
        folder: where they come from, for messages.

    Raises:
        InputError: nobody has two pictures.
    """
    homes: dict[str, list[Path | Picture]] = {}
    for name, path in pairs:
        homes.setdefault(name, []).append(path)
    people = {name: pictures[:-1] for name, pictures in homes.items() if len(pictures) > 1}
    if not people:
        raise InputError(f"nobody in {folder} has two pictures; the demo enrols some and identifies the last of each")
    scenes = tuple(
        Scene(
            f"{name}{'' if name in people else ' (not enrolled)'}: {Path(str(pictures[-1])).name}",
            pictures[-1],
            (name if name in people else "unknown",),
        )
        for name, pictures in homes.items()
    )
    return Material(people, scenes, f"your pictures in {folder}")


def _scaled(image: Picture, factor: float) -> Picture:
    import numpy as np

    return np.asarray(np.clip(image * factor, 0, 255), dtype=np.uint8)


def _resized(image: Picture, factor: float) -> Picture:
    import cv2
    import numpy as np

    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _blurred(image: Picture, sigma: float) -> Picture:
    import cv2
    import numpy as np

    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), dtype=np.uint8)


def _turned(image: Picture, angle_deg: float) -> Picture:
    import cv2
    import numpy as np

    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
    turned = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(turned, dtype=np.uint8)


def _noisy(image: Picture) -> Picture:
    """Grey, with the same noise at every run."""
    import numpy as np

    grey = image.mean(axis=2, keepdims=True) + np.random.default_rng(7).normal(0, 14, (*image.shape[:2], 1))
    return np.asarray(np.repeat(np.clip(grey, 0, 255), 3, axis=2), dtype=np.uint8)


def _collage(known: Picture, stranger: Picture, cat: Picture) -> Picture:
    """Three pictures of one height side by side, the known person mirrored."""
    import numpy as np

    height = 420
    parts = [_resized(part, height / part.shape[0]) for part in (stranger, cat[:, 90:370], known[:, ::-1])]
    return np.concatenate([part[:height] for part in parts], axis=1)
