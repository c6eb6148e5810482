"""Faces of the made world as four cameras see them, alive and with traces of attacks; one camera is kept for the test.

Each training camera knows one kind of attack, as each published set does; the camera that is left out shows all of
them, and two that nobody has seen. Half of the attacks cover only a part of the face. Every picture is there alive and
attacked, so neither a person nor a camera tells the label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import ConfigError
from vultus.research.data.sample import Samples
from vultus.research.data.world import artefacts, domains
from vultus.research.data.world.portraits import faces
from vultus.research.data.world.splits import people

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CAMERAS = tuple(domains.DOMAINS)
KINDS = ("live", *artefacts.KINDS)
KNOWN = ("halftone", "moire", "paper")
DEVELOPMENT, TARGET, PROBE = range(3)  # what a test picture is for


@dataclass(frozen=True, slots=True)
class Making:
    """How much is made, and how hard it is.

    Attributes:
        side: pixels.
        train, development, target: people.
        each: pictures of each.
        strength: of the traces, from and to.
        partial: share of attacks on a part.
        extent_cm: from the top to the bottom of a picture, from and to.
        held_out: camera of the test, or published set; "" takes them in turn, by the seed.
    """

    side: int = 64
    train: int = 300
    development: int = 60
    target: int = 100
    each: int = 4
    strength: tuple[float, float] = (0.2, 0.6)
    partial: float = 0.5
    extent_cm: tuple[float, float] = (19.0, 23.0)
    held_out: str = ""

    def __post_init__(self) -> None:
        if min(self.train, self.development, self.target, self.each) < 1:
            raise ConfigError("train, development, target and each are 1 at least")


@dataclass(frozen=True, slots=True)
class Cameras:
    """Who is left out, and what the others know.

    Attributes:
        target: the camera of the test.
        known: kind of attack of each other camera.
    """

    target: str
    known: dict[str, str]


def cameras(making: Making, seed: int) -> Cameras:
    """Four seeds leave each camera out once; the kinds change places after four.

    Raises:
        ConfigError: there is no camera of the name to be left out.
    """
    if making.held_out and making.held_out not in CAMERAS:
        raise ConfigError(f"held_out is one of {', '.join(CAMERAS)} or empty, not '{making.held_out}'")
    target = making.held_out or CAMERAS[seed % len(CAMERAS)]
    others = [name for name in CAMERAS if name != target]
    turn = (seed // len(CAMERAS)) % len(KNOWN)
    return Cameras(target, dict(zip(others, KNOWN[turn:] + KNOWN[:turn], strict=True)))


def made(making: Making, seed: int) -> tuple[Samples, Samples]:
    """Training and test pictures; the test has those of the training cameras for the threshold.

    Columns: `image` uint8 (N, S, S, 3), `label` (1 attack), `kind` (into `KINDS`), `camera` (into `CAMERAS`), `domain`
    (the same among the training cameras), `person` (numbers of training people; 0 in the test), `mask` uint8 (N, S, S)
    what is false, `wave` (N, 2) cycles per pixel, `partial`, `role` (development, target, probe).
    """
    plan = cameras(making, seed)
    groups = people({"train": making.train, "development": making.development, "target": making.target}, seed)
    rng = np.random.default_rng([seed, 2])
    parts = {}
    for number, (name, group) in enumerate(groups.items()):
        count = making.each * len(group)
        drawn = faces(count, seed * 3 + number, making.side, ("rgb", "landmarks5"), group, extent=making.extent_cm)
        who = np.arange(count) % len(group)
        shown = [plan.target] if name == "target" else list(plan.known)
        camera = np.array([CAMERAS.index(shown[one % len(shown)]) for one in who])
        kinds = artefacts.KINDS if name == "target" else ()
        kind = np.array(
            [kinds[row % len(kinds)] if kinds else plan.known[CAMERAS[at]] for row, at in enumerate(camera)]
        )
        if kinds:
            kind = rng.permutation(kind)
        parts[name] = _shown(making, drawn, who, camera, kind, rng, role=TARGET if kinds else DEVELOPMENT)
        if name == "target":
            parts["probe"] = _probes(making, drawn, who, camera, rng)
    seen = [CAMERAS.index(name) for name in plan.known]
    train = parts["train"]
    train = train.with_fields(domain=np.array([seen.index(one) for one in train["camera"]]))
    test = joined([parts["development"], parts["target"], parts["probe"]], f"pictures of {plan.target}")
    blank = np.zeros(len(test), np.int64)
    return train, test.with_fields(person=blank, domain=blank)


def _shown(
    making: Making, drawn: Samples, who: NDArray[np.int64], camera: NDArray[np.int64], kind: NDArray[np.str_],
    rng: np.random.Generator, role: int,
) -> Samples:  # fmt: skip
    """Every picture alive, and once more attacked."""
    count = len(drawn)
    part = np.where(rng.random(count) < making.partial, rng.choice(artefacts.PARTS[1:], count), artefacts.PARTS[0])
    alive = _columns(drawn["image"], np.zeros(drawn["image"].shape[:3], bool), np.zeros((count, 2), np.float32))
    false = _attacked(making, drawn, kind, part, rng)
    columns = [_seen(one, camera, rng) for one in (alive, false)]
    whole = {key: np.concatenate([one[key] for one in columns]) for key in columns[0]}
    label = np.repeat([0, 1], count)
    names = np.concatenate([np.zeros(count, np.int64), [KINDS.index(one) for one in kind]]).astype(np.int64)
    partial = np.concatenate([np.zeros(count, bool), part != artefacts.PARTS[0]])
    fields = {**whole, "label": label, "kind": names, "camera": np.tile(camera, 2), "person": np.tile(who, 2),
              "partial": partial.astype(np.int64), "role": np.full(2 * count, role)}  # fmt: skip
    return Samples(fields, np.tile(_subjects(drawn), 2), "pictures")


def _probes(
    making: Making, drawn: Samples, who: NDArray[np.int64], camera: NDArray[np.int64], rng: np.random.Generator
) -> Samples:
    """The same pictures with every known kind on all of them, for what patterns and contents are asked."""
    parts = []
    for name in KNOWN:
        kind, part = np.full(len(drawn), name), np.full(len(drawn), artefacts.PARTS[0])
        columns = _seen(_attacked(making, drawn, kind, part, rng), camera, rng)
        count = len(drawn)
        fields = {**columns, "label": np.ones(count, np.int64), "kind": np.full(count, KINDS.index(name)),
                  "camera": camera, "person": who, "partial": np.zeros(count, np.int64),
                  "role": np.full(count, PROBE)}  # fmt: skip
        parts.append(Samples(fields, _subjects(drawn), "probes"))
    return joined(parts, "probes")


def _attacked(
    making: Making, drawn: Samples, kind: NDArray[np.str_], part: NDArray[np.str_], rng: np.random.Generator
) -> dict[str, Any]:
    """Traces one by one: each picture has its kind, part and strength."""
    image, points = drawn["image"], drawn["landmarks5"]
    out, mask, wave = image.copy(), np.zeros(image.shape[:3], bool), np.zeros((len(image), 2), np.float32)
    for row in range(len(image)):
        at = slice(row, row + 1)
        where = artefacts.region(str(part[row]), points[at], making.side, rng)
        found = artefacts.spoof(image[at], str(kind[row]), rng, float(rng.uniform(*making.strength)), where)
        out[at], mask[at], wave[at] = found.images, found.mask, found.waves
    return _columns(out, mask, wave)


def _columns(image: NDArray[np.uint8], mask: NDArray[np.bool_], wave: NDArray[np.float32]) -> dict[str, Any]:
    return {"image": image, "mask": mask.astype(np.uint8), "wave": wave}


def _seen(columns: dict[str, Any], camera: NDArray[np.int64], rng: np.random.Generator) -> dict[str, Any]:
    """The same as their cameras take them."""
    image = columns["image"].copy()
    for number in np.unique(camera):
        rows = camera == number
        image[rows] = domains.shift(image[rows], CAMERAS[number], rng)
    return {**columns, "image": image}


def _subjects(drawn: Samples) -> NDArray[Any]:
    return np.asarray(drawn.subjects)


def joined(parts: Sequence[Samples], name: str) -> Samples:
    """One after the other."""
    fields = {key: np.concatenate([one[key] for one in parts]) for key in parts[0].fields}
    return Samples(fields, np.concatenate([np.asarray(one.subjects) for one in parts]), name)
