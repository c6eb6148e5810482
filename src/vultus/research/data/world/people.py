"""Who is in the pictures. A person is made from a seed and a number alone, so that numbers never share a face."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import ConfigError
from vultus.research.data.world import hair, identity, wear

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Numbers = NDArray[np.int64]

# Linear light reflected by skin from the lightest to the darkest tone, and by hair and eyes.
_SKIN = np.array(
    [
        [0.80, 0.57, 0.46],
        [0.74, 0.49, 0.37],
        [0.65, 0.41, 0.285],
        [0.50, 0.29, 0.18],
        [0.33, 0.18, 0.105],
        [0.20, 0.105, 0.06],
        [0.115, 0.06, 0.038],
    ]
)
_HAIR = np.array(
    [
        [0.008, 0.006, 0.005],
        [0.022, 0.013, 0.008],
        [0.06, 0.03, 0.014],
        [0.13, 0.07, 0.03],
        [0.38, 0.25, 0.11],
        [0.24, 0.075, 0.025],
    ]
)
_GREY = np.array([0.27, 0.265, 0.26])
_IRIS = np.array(
    [
        [0.016, 0.007, 0.003],
        [0.045, 0.02, 0.007],
        [0.085, 0.05, 0.016],
        [0.075, 0.085, 0.04],
        [0.06, 0.12, 0.19],
        [0.13, 0.16, 0.18],
    ]
)


@dataclass(frozen=True)
class People:
    """One row per person.

    Attributes:
        ids: (N,), never the same for two people.
        identity: coefficients of `identity.NAMES`, about standard normal: (N, K).
        skin_tone: 0 light to 1 dark.
        age: years.
        build: 0 slight to 1 sturdy; goes with jaw, brows and neck.
        hair: number of the style in `hair.STYLES`.
        wear: number of the accessory in `wear.KINDS`.
        skin, lips, hair_colour, brow_colour, iris, cloth, stripe, wear_colour: linear RGB, (N, 3).
        marks: the single numbers of `look`, from blush to how bare the brows are.
    """

    ids: Numbers
    identity: Floats
    skin_tone: Floats
    age: Floats
    build: Floats
    hair: Numbers
    wear: Numbers
    skin: Floats
    lips: Floats
    hair_colour: Floats
    brow_colour: Floats
    iris: Floats
    cloth: Floats
    stripe: Floats
    wear_colour: Floats
    marks: Floats

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Sequence[int] | Numbers) -> People:
        """Some of them, also more than once."""
        return People(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def draw(n: int, seed: int = 0, first_id: int = 0, *, accessories: float = 0.25) -> People:
    """Make people with the numbers from `first_id` on.

    Args:
        n: how many.
        seed: of the whole population.
        first_id: number of the first; the person behind a number and a seed is always the same.
        accessories: share that wears glasses or a mask.

    Raises:
        ConfigError: a negative number.
    """
    if n < 0 or first_id < 0 or seed < 0:
        raise ConfigError(f"people need numbers from 0 on, not n {n}, seed {seed}, first_id {first_id}")
    made = [_person(np.random.default_rng([seed, number]), accessories) for number in range(first_id, first_id + n)]
    if not made:
        made = [_person(np.random.default_rng([seed, 0]), accessories)]
    columns = {key: np.stack([one[key] for one in made])[:n] for key in made[0]}
    ids = np.arange(first_id, first_id + n)
    whole: dict[str, Any] = {
        key: column.astype(np.int64 if key in ("hair", "wear") else np.float32) for key, column in columns.items()
    }
    return People(ids=ids, **whole)


def _between(table: NDArray[np.float64], at: float) -> NDArray[np.float64]:
    low = min(int(at), len(table) - 2)
    return np.asarray(table[low] + (table[low + 1] - table[low]) * (at - low))


def _person(rng: np.random.Generator, accessories: float) -> dict[str, NDArray[np.float64]]:
    tone, age, build = rng.uniform(), rng.triangular(16, 32, 82), float(np.clip(rng.normal(0.5, 0.3), 0, 1))
    coefficients = np.clip(rng.normal(size=len(identity.NAMES)), -2.5, 2.5) * 0.95
    sturdy = 2 * build - 1
    for name, shift in (
        ("jaw_width", 0.6),
        ("jaw_square", 0.6),
        ("brow_ridge", 0.8),
        ("chin_width", 0.5),
        ("neck_width", 0.9),
        ("lip_upper", -0.4),
        ("lip_lower", -0.4),
        ("brow_height", -0.5),
        ("eye_size", -0.4),
        ("nose_width", 0.2),
        ("chin_length", 0.3),
    ):
        coefficients[identity.NAMES.index(name)] += shift * sturdy
    coefficients[identity.NAMES.index("face_length")] -= 0.8
    skin = _between(_SKIN, tone * (len(_SKIN) - 1)) * rng.normal(1, 0.05) * rng.normal(1, 0.025, 3)
    bright = rng.beta(0.9, 1.1 + 3 * tone) * (1 - 0.9 * smooth_step(0.3, 0.65, tone))
    shade = _pick(rng, _shares(tone))
    colour = _between(_HAIR, min(shade + rng.uniform(0, 0.5), 4.99) if shade < 4 else shade) * rng.normal(1, 0.12)
    grey = float(np.clip((age - 38 + rng.normal(0, 9)) / 30, 0, 1))
    grown = colour * (1 - grey) + _GREY * grey
    eyes = _between(_IRIS, min(bright * 5.2 + rng.uniform(0, 0.3), 4.99)) * rng.normal(1, 0.1)
    lips = skin * np.array([0.86, 0.6, 0.62]) + np.array([0.03, 0, 0.004])
    made_up = build < 0.5 and rng.uniform() < 0.45
    if made_up:
        lips = 0.45 * lips + 0.55 * np.array(
            [rng.uniform(0.28, 0.6), rng.uniform(0.03, 0.16), rng.uniform(0.05, 0.18)]
        ) * (1 - 0.4 * tone)
    kind = _pick(rng, np.array([0, 0.38, 0.38, 0.12, 0.12])) if rng.uniform() < accessories else 0
    cloth, stripe, worn = (_hue(rng) for _ in range(3))
    if wear.KINDS[kind] in ("round", "square"):
        worn = worn * 0.25 * rng.uniform(0.1, 1)
    elif wear.KINDS[kind] == "sunglasses":
        worn = worn * 0.05
    elif wear.KINDS[kind] == "face_mask":
        worn = np.array([[0.45, 0.66, 0.78], [0.8, 0.8, 0.8], [0.03, 0.03, 0.035]])[rng.integers(3)]
    return {
        "identity": coefficients,
        "skin_tone": np.array(tone),
        "age": np.array(age),
        "build": np.array(build),
        "hair": np.array(_style(rng, build, age)),
        "wear": np.array(kind),
        "skin": skin,
        "lips": np.clip(lips, 0.02, 1),
        "hair_colour": grown,
        "brow_colour": colour * (1 - 0.6 * grey) + _GREY * 0.5 * grey,
        "iris": eyes,
        "cloth": cloth,
        "stripe": stripe,
        "wear_colour": worn,
        "marks": _marks(rng, tone, age, build, made_up),
    }


def _pick(rng: np.random.Generator, weights: NDArray[np.float64]) -> int:
    """A number by weights; many times faster than `choice`."""
    total = np.cumsum(weights)
    return int(np.searchsorted(total, rng.uniform() * total[-1], side="right"))


def smooth_step(low: float, high: float, value: float) -> float:
    """0 below, 1 above, with a soft step between."""
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


def _shares(tone: float) -> NDArray[np.float64]:
    """How often each colour of hair grows with a skin tone."""
    light, dark = np.array([0.1, 0.22, 0.25, 0.18, 0.17, 0.08]), np.array([0.78, 0.2, 0.02, 0, 0, 0])
    share = smooth_step(0.2, 0.6, tone)
    mixed = light * (1 - share) + dark * share
    return np.asarray(mixed / mixed.sum())


def _hue(rng: np.random.Generator) -> NDArray[np.float64]:
    value, spread = rng.uniform(0.02, 0.6), rng.uniform(0, 0.9)
    return np.asarray(value * (1 - spread + spread * rng.dirichlet([1, 1, 1]) * 2.2).clip(0.01, 1.2))


def _style(rng: np.random.Generator, build: float, age: float) -> int:
    """A hairstyle: long ones more often on slight people, thin ones more often with age."""
    old = smooth_step(40, 70, age)
    sturdy = {
        "bald": 1 + 2 * old,
        "buzz": 2,
        "short": 4,
        "side_part": 3.5,
        "receding": 0.4 + 3 * old,
        "fringe": 1,
        "bob": 0.1,
        "long": 0.4,
        "curly": 1.2,
        "afro": 0.6,
        "bun": 0.1,
        "headscarf": 0.0,
        "cap": 0.8,
    }
    slight = {
        "bald": 0.1,
        "buzz": 0.2,
        "short": 1.2,
        "side_part": 0.8,
        "receding": 0.0,
        "fringe": 1,
        "bob": 3,
        "long": 4,
        "curly": 1.4,
        "afro": 0.8,
        "bun": 2.2,
        "headscarf": 1.2,
        "cap": 0.4,
    }
    share = smooth_step(0.35, 0.65, build)
    weights = np.array([sturdy[name] * share + slight[name] * (1 - share) for name in hair.STYLES])
    return _pick(rng, weights)


def _marks(rng: np.random.Generator, tone: float, age: float, build: float, made_up: bool) -> NDArray[np.float64]:
    """In the order of `look`: blush, freckles and so on."""
    kinds = ("none", "stubble", "moustache", "goatee", "full")
    bearded = kinds[_pick(rng, np.array([0.4, 0.25, 0.1, 0.1, 0.15])) if build > 0.55 else 0]
    beard = {
        "none": (0, 0, 0, 0.6),
        "stubble": (0.45, 0.45, 0.4, 0.35),
        "moustache": (1, 0, 0, 0.9),
        "goatee": (1, 1, 0, 0.95),
        "full": (1, 1, 1, 1.0),
    }[bearded]
    freckles = rng.uniform(0, 0.8) if tone < 0.35 and rng.uniform() < 0.3 else 0.03
    return np.array(
        [
            rng.uniform(0.2, 0.9) * (1 - 0.6 * tone) + (0.4 if made_up else 0),
            freckles,
            rng.uniform(0.04, 0.12),
            *beard,
            np.clip(rng.normal(0.5 + 0.15 * (build - 0.5), 0.14), 0.2, 0.85),
            rng.uniform(0.2, 0.8) if made_up else 0.0,
            np.clip(rng.normal(0.25 + (age - 35) / 110, 0.15), 0, 0.9),
            rng.uniform(0.35, 1.3),
            rng.uniform(0.17, 0.25),
            0.55 + 0.45 * made_up,
            rng.uniform(0.4, 1.2),
            np.clip(tone * 1.2, 0, 1),
            rng.choice([0, 0, 0, 0, 1, 2]),
            np.clip(rng.normal(0.3 + (age - 35) / 120, 0.2), 0, 1),
            0.0,
        ]
    )
