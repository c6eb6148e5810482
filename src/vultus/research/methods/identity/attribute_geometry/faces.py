"""Drawn faces, and small networks that are trained on them with one attribute augmented (B)."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.evaluation.geometry.lattice import unit
from vultus.evaluation.geometry.study import separation
from vultus.research.methods.identity.attribute_geometry.made import person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vultus.evaluation.geometry.lattice import Person
    from vultus.research.methods.identity.attribute_geometry import Config

    Rows = NDArray[np.float32]

DRAWN = ("brightness", "contrast", "smile", "yaw", "mouth")
TARGETS = ("brightness", "contrast")
NATURAL, AUGMENTED = 0.2, 1.2  # how far light and contrast of pictures reach to either side, in the units of `draw`
MILD = (0.2, 0.325, 0.45, 0.575, 0.7)
WIDE = (0.2, 0.45, 0.7, 0.95, 1.2)
_STEPS = np.array([0.5, 0.5, 1.0, 1.0, 1.0])  # to either side, in the units of `draw`
_TRAITS, _CAMERA = 12, 0.03


def draw(traits: Rows, look: NDArray[np.floating], side: int, random: np.random.Generator) -> Rows:
    """Drawn faces with camera noise: float32, (N, side, side), about 0 to 1.

    Args:
        traits: of the person, 0 to 1, (N, 12).
        look: of the picture, as in `DRAWN`; 0 is neutral, (N, 5).
        side: pixels.
        random: for the noise.
    """
    x, y = (axis[None] for axis in np.meshgrid(*[np.linspace(-1, 1, side)] * 2))
    ends = [(0.6, 0.85), (0.75, 0.95), (0.45, 0.75), (-0.75, -0.4), (0.05, 0.4), (-0.3, -0.1), (0.22, 0.4),
            (0.08, 0.16), (0.15, 0.25), (0.1, 0.25), (0.2, 0.4), (0.4, 0.55)]  # fmt: skip
    wide, high, skin, hairline, hair, eye_y, eye_x, eye, brow, nose, mouth, mouth_y = (
        (low + (top - low) * one)[:, None, None] for (low, top), one in zip(ends, traits.T, strict=True)
    )
    light, contrast, smile, yaw, opened = (one[:, None, None] for one in look.T)

    def spot(left: Any, top: Any, width: Any, height: Any) -> NDArray[np.float64]:
        return np.asarray(np.exp(-(((x - left) / width) ** 2) - ((y - top) / height) ** 2), np.float64)

    face = 1 / (1 + np.exp(-12 * (1 - (x / wide) ** 2 - (y / high) ** 2)))
    image = 0.25 * (1 - face) + skin * face
    cover = 0.9 / (1 + np.exp(12 * (y - hairline)))
    image = image * (1 - cover) + hair * cover
    turn = 0.15 * yaw
    for half in (-1, 1):
        middle = half * eye_x + turn
        image = image - 0.4 * spot(middle, eye_y, eye, 0.07) - 0.25 * spot(middle, eye_y - brow, 0.16, 0.05)
    image = image + 0.12 * spot(1.5 * turn, 0.1, 0.07, nose)
    lips = mouth_y - 0.125 * smile * ((x - turn) / mouth) ** 2
    image = image - 0.35 * np.exp(-(((y - lips) / (0.09 + 0.03 * opened)) ** 2) - ((x - turn) / mouth) ** 4)
    grey = image.mean(axis=(1, 2), keepdims=True)
    image = (image - grey) * 1.35**contrast + grey + 0.1 * light
    return np.asarray(image + _CAMERA * random.normal(size=image.shape), np.float32)


def _looks(
    count: int, random: np.random.Generator, augmented: str = "", reach: float = AUGMENTED
) -> NDArray[np.float64]:  # fmt: skip
    look: NDArray[np.float64] = random.uniform(-1, 1, (count, len(DRAWN))) * np.array([NATURAL, NATURAL, 1, 1, 1])
    if augmented:
        look[:, DRAWN.index(augmented)] = random.uniform(-reach, reach, count)
    return look


@contextmanager
def _one_thread() -> Iterator[None]:
    """The networks are so small that a second thread costs more than it brings."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@_one_thread()
def networks(
    config: Config, random: np.random.Generator, seed: int
) -> tuple[dict[tuple[str, float], tuple[Person, ...]], float]:
    """One network, trained on with nothing and with each target augmented, from mildly to widely.

    Returns:
        Lattices of people that the networks have not seen, by what was augmented and how far; ("", 0.2) is nothing.
        And the smallest AUC of the networks with nothing augmented and with the most.
    """
    import torch

    torch.manual_seed(seed)
    known, unseen, many = (
        random.uniform(size=(count, _TRAITS)).astype(np.float32) for count in (config.people, config.held_out, 60)
    )
    layers = torch.nn
    blocks: list[Any] = []
    for before, after in ((1, 24), (24, 48), (48, 64)):
        blocks += [layers.Conv2d(before, after, 3, 2, 1), layers.BatchNorm2d(after), layers.ReLU()]
    network = layers.Sequential(*blocks, layers.Flatten(), layers.Linear(64 * (-(-config.side // 8)) ** 2, 64))
    head = torch.randn(config.people, 64)
    first = _trained(config, (network, head), known, ("", NATURAL), (config.steps, 4e-3), random.spawn(1)[0])
    found, aucs = {}, []
    same = int(random.integers(1 << 30))
    reaches = sorted({*MILD, *WIDE} - {NATURAL})
    for name, reach in (("", NATURAL), *((target, reach) for target in TARGETS for reach in reaches)):
        network, _ = _trained(
            config, copy.deepcopy(first), known, (name, reach), (config.more, 1e-3), np.random.default_rng(same)
        )
        fresh = np.random.default_rng(same + 1)
        found[name, reach] = tuple(_lattice(config, network, one, fresh) for one in unseen)
        if name and reach < AUGMENTED:
            continue
        who = np.repeat(np.arange(len(many)), 6)
        aucs.append(separation(_embedded(network, draw(many[who], _looks(len(who), fresh), config.side, fresh)), who))
    return found, min(aucs)


def _trained(
    config: Config,
    start: tuple[Any, Any],
    known: Rows,
    augmented: tuple[str, float],
    plan: tuple[int, float],
    random: np.random.Generator,
) -> tuple[Any, Any]:
    """Train for so many steps at such a pace, with a cosine margin of 0.2 at scale 16, on pictures drawn anew."""
    import torch
    from torch.nn import functional

    network, head = start[0].train(), start[1].detach().clone().requires_grad_()
    steps, pace = plan
    optimiser = torch.optim.AdamW([*network.parameters(), head], lr=pace, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, pace, total_steps=max(steps, 2))
    for _ in range(steps):
        who = random.integers(0, len(known), config.batch)
        pictures = draw(known[who], _looks(config.batch, random, *augmented), config.side, random)
        rows = functional.normalize(network(_tensor(pictures)))
        right = torch.from_numpy(who)
        cosine = rows @ functional.normalize(head).T - 0.2 * functional.one_hot(right, len(known))
        optimiser.zero_grad()
        functional.cross_entropy(16 * cosine, right).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return network.eval(), head


def _tensor(pictures: Rows) -> Any:
    import torch

    return torch.from_numpy((pictures[:, None] - np.float32(0.45)) / np.float32(0.25))


def _embedded(network: Any, pictures: Rows) -> Rows:
    import torch

    with torch.no_grad():
        return unit(np.concatenate([network(_tensor(part)).numpy() for part in np.array_split(pictures, 4)]))


def _lattice(config: Config, network: Any, traits: Rows, random: np.random.Generator) -> Person:
    """Pictures of one person, and the same one step to either side of each attribute."""
    looks = _looks(config.pictures, random)
    blocks = [looks]
    for number, step in enumerate(_STEPS):
        way = step * (np.arange(len(DRAWN)) == number)
        blocks += [looks - way, looks + way]
    every = np.concatenate(blocks)
    pictures = draw(np.tile(traits, (len(every), 1)), every, config.side, random)
    return person(_embedded(network, pictures), DRAWN, config.pictures)
