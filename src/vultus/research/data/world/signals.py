"""Made physiology: brain waves and what is measured beside them, with a state behind them that is a leaf of a tree.

Every modality is a sum of oscillating sources. How strong each is follows from the leaf: the code of a node is the sum
of vectors of its ancestors, each level shorter than the one above, and a modality sees the tree down to a depth of its
own. So two leaves of one branch sound alike, and a shallow modality cannot tell them apart at all. People differ in the
scale and shift of every channel and a little in where the sources sit. Noise is pink.

Emotions, sleep stages and mental load are the three trees; `eav`, `deap`, `dreamer` and `seed` have labels and shapes
of the sets of these names, for EAV with mel spectrograms and video. None of this is meant to look like anybody's brain:
it is material whose truth is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vultus.errors import UnknownNameError
from vultus.research.data.sample import Samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Kind = Literal["signal", "mel", "video"]
NOWHERE = -1  # in the path of a leaf that hangs higher up
_SIDE = 56  # pixels of a face in a video


@dataclass(frozen=True, slots=True)
class Modality:
    """What one kind of sensor measures.

    Attributes:
        name: of the column.
        channels: names of the sensors; for mel and video the number of bands and of values in a picture counts.
        depth: of the tree that it sees.
        sources: oscillations behind it.
        band_hz: their lowest and highest frequency.
        kind: layout of a row: "signal" (C, T), "mel" (1, 64, T), "video" (T, 3, 56, 56).
        rate: samples per second; 0 is the task's.
    """

    name: str
    channels: tuple[str, ...]
    depth: int
    sources: int
    band_hz: tuple[float, float]
    kind: Kind = "signal"
    rate: float = 0.0

    @property
    def width(self) -> int:
        """Values at one time."""
        return {"signal": len(self.channels), "mel": 64, "video": 3 * _SIDE**2}[self.kind]

    def shape(self, seconds: float, rate_hz: float) -> tuple[int, ...]:
        """Of a row."""
        length = round(seconds * (self.rate or rate_hz))
        return {"signal": (self.width, length), "mel": (1, 64, length), "video": (length, 3, _SIDE, _SIDE)}[self.kind]


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked.

    Attributes:
        name: on the command line.
        labels: words of the leaves.
        paths: of each leaf, the branch taken at every level; `NOWHERE` below its end.
        modalities: what is measured, the deepest first.
    """

    name: str
    labels: tuple[str, ...]
    paths: tuple[tuple[int, ...], ...]
    modalities: tuple[Modality, ...]

    @property
    def distances(self) -> NDArray[np.int64]:
        """Levels between the leaves and their nearest common ancestor, (K, K); 0 on the diagonal."""
        steps = np.array(self.paths)
        same = np.cumprod(steps[:, None] == steps[None], axis=2).sum(axis=2)
        found: NDArray[np.int64] = steps.shape[1] - same
        return found

    def groups(self, depth: int) -> NDArray[np.int64]:
        """Number of the node that each leaf hangs below at a depth, (K,)."""
        _, number = np.unique(np.array(self.paths)[:, :depth], axis=0, return_inverse=True)
        return number.reshape(-1)


_VALENCE, _AROUSAL = ("unpleasant", "neutral", "pleasant"), ("calm", "awake", "excited")
_DOMINANCE = ("led", "even", "leading")
_QUADRANTS = ("unpleasant calm", "unpleasant excited", "pleasant calm", "pleasant excited")
_HEAD = ("F3", "F4", "F7", "F8", "T7", "T8", "O1", "O2")
_EAV = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "FC5", "FC1", "FC2", "FC6", "T7", "C3", "Cz", "C4", "T8", "CP5", "CP1",
    "CP2", "CP6", "P7", "P3", "Pz", "P4", "P8", "PO9", "O1", "Oz", "O2", "PO10",
)  # fmt: skip
TASKS = (
    Task(
        "emotion",
        tuple(f"{one} {two} {three}" for one in _VALENCE for two in _AROUSAL for three in _DOMINANCE),
        tuple((one, two, three) for one in range(3) for two in range(3) for three in range(3)),
        (
            Modality("eeg", _HEAD, 3, 8, (4.0, 28.0)),
            Modality("face", ("hEOG", "vEOG", "zEMG", "tEMG"), 2, 6, (2.0, 24.0)),
            Modality("body", ("GSR", "Resp", "Plet"), 1, 4, (1.0, 8.0)),
        ),
    ),
    Task(
        "sleep",
        ("W", "N1", "N2", "N3", "R"),
        ((0, NOWHERE, NOWHERE), (1, 0, 0), (1, 0, 1), (1, 0, 2), (1, 1, NOWHERE)),
        (
            Modality("eeg", ("Fpz-Cz", "Pz-Oz"), 3, 8, (2.0, 26.0)),
            Modality("eog", ("EOG",), 2, 6, (1.0, 12.0)),
            Modality("emg", ("EMG",), 1, 4, (8.0, 28.0)),
        ),
    ),
    Task(
        "load",
        ("0-back", "2-back", "3-back"),
        ((0, NOWHERE), (1, 0), (1, 1)),
        (
            Modality("eeg", _HEAD, 2, 8, (4.0, 28.0)),
            Modality("nirs", ("HbO-L", "HbO-R", "HbR-L", "HbR-R"), 2, 4, (1.0, 4.0)),
            Modality("eog", ("hEOG", "vEOG"), 1, 4, (1.0, 8.0)),
        ),
    ),
    Task(
        "deap",
        _QUADRANTS,
        ((0, 0), (0, 1), (1, 0), (1, 1)),
        (
            Modality("eeg", _HEAD, 2, 8, (4.0, 28.0)),
            Modality("face", ("hEOG", "vEOG", "zEMG", "tEMG"), 2, 6, (2.0, 24.0)),
            Modality("body", ("GSR", "Resp", "Plet"), 1, 4, (1.0, 8.0)),
        ),
    ),
    Task(
        "dreamer",
        _QUADRANTS,
        ((0, 0), (0, 1), (1, 0), (1, 1)),
        (Modality("eeg", _HEAD, 2, 8, (4.0, 28.0)), Modality("ecg", ("ECG1", "ECG2"), 1, 4, (1.0, 8.0))),
    ),
    Task(
        "seed",
        ("negative", "neutral", "positive"),
        ((0, NOWHERE), (1, 0), (1, 1)),
        (Modality("eeg", _HEAD, 2, 8, (4.0, 28.0)),),
    ),
    Task(
        "eav",
        ("neutral", "sadness", "anger", "happiness", "calmness"),
        ((0, NOWHERE), (1, 0), (1, 1), (2, 0), (2, 1)),
        (
            Modality("eeg", _EAV, 2, 8, (4.0, 40.0)),
            Modality("video", (), 2, 6, (0.4, 2.0), "video", rate=5.0),
            Modality("audio", (), 2, 6, (0.5, 8.0), "mel", rate=31.4),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Recording:
    """How it is measured.

    Attributes:
        people: subjects.
        takes: rows of each leaf and person.
        seconds: of a row.
        rate_hz: samples per second, of modalities without one of their own.
        gain: how much stronger the sources become with the code: exp(gain code).
        shrink: length of a level's vectors beside those of the level above.
        jitter: spread of a row's code around its leaf's.
        noise: spread of the pink noise; a source has 1 / sqrt 2.
        scale, shift: how unlike people's channels are: spread of the logarithm of the scale, and of the shift.
        moved: spread of where the sources sit in a person.
        tree: codes follow the tree; else each node has a vector of its own, as long, that shares nothing with others.
    """

    people: int = 12
    takes: int = 3
    seconds: float = 2.0
    rate_hz: float = 64.0
    gain: float = 0.8
    shrink: float = 0.8
    jitter: float = 0.15
    noise: float = 0.5
    scale: float = 0.3
    shift: float = 0.3
    moved: float = 0.1
    tree: bool = True


def task_of(name: str) -> Task:
    """A task by its name.

    Raises:
        UnknownNameError: there is none of that name.
    """
    for one in TASKS:
        if one.name == name:
            return one
    known = [one.name for one in TASKS]
    raise UnknownNameError("task", name, known, f"Known: {', '.join(known)}")


def draw(task: Task, how: Recording, seed: int, *, first_person: int = 0) -> Samples:
    """Rows of everybody and every leaf.

    The sources and the codes follow from the seed alone: recordings of one seed with other people are of one world.

    Returns:
        A column float32 (N, ...) for each modality; `label` int64 (N,); `domain` int64 (N,), the person's number, which
        is the recording session.
    """
    numbers = first_person + np.arange(how.people)
    person = np.repeat(numbers, len(task.labels) * how.takes)
    label = np.tile(np.repeat(np.arange(len(task.labels)), how.takes), how.people)
    columns = {
        one.name: _measured(task, one, how, person, label, (seed, place)) for place, one in enumerate(task.modalities)
    }
    return Samples({**columns, "label": label, "domain": person}, person, f"made {task.name}")


def codes(task: Task, modality: Modality, how: Recording, rng: np.random.Generator) -> Floats:
    """How strong each source is in each leaf, as a logarithm: (K, sources); the sum of the ancestors' vectors."""
    lengths = how.shrink ** np.arange(modality.depth)
    if not how.tree:
        group = task.groups(modality.depth)
        own = _unit(rng.normal(size=(group.max() + 1, modality.sources)))
        found: Floats = own[group] * np.sqrt((lengths**2).sum())
        return found
    total = np.zeros((len(task.labels), modality.sources))
    for level, length in enumerate(lengths, 1):
        group = task.groups(level)
        total += length * _unit(rng.normal(size=(group.max() + 1, modality.sources)))[group]
    return total


def _measured(
    task: Task, one: Modality, how: Recording, person: NDArray[np.int64], label: NDArray[np.int64],
    seed: tuple[int, int],
) -> NDArray[np.float32]:  # fmt: skip
    world = np.random.default_rng(seed)
    code = codes(task, one, how, world)
    place = _unit(world.normal(size=(one.sources, one.width))) * np.sqrt(one.width / one.sources)
    shape = one.shape(how.seconds, how.rate_hz)
    length = shape[0] if one.kind == "video" else shape[-1]
    frequency = np.geomspace(*one.band_hz, one.sources)
    rows = np.empty((len(person), *shape), np.float32)
    time = np.arange(length) / (one.rate or how.rate_hz)
    for number in np.unique(person):
        rng = np.random.default_rng((*seed, int(number)))
        mine = np.flatnonzero(person == number)
        sits = place + how.moved * rng.normal(size=place.shape) * np.sqrt(1 / one.sources)
        loud = np.exp(how.gain * (code[label[mine]] + how.jitter * rng.normal(size=(len(mine), one.sources))))
        angle = 2 * np.pi * (frequency[:, None] * time + rng.random((len(mine), one.sources, 1)))
        found = np.einsum("nf,fc,nft->nct", loud, sits, np.sin(angle), optimize=True)
        found += how.noise * pink(rng, (len(mine), one.width, length))
        scale, shift = np.exp(how.scale * rng.normal(size=(one.width, 1))), how.shift * rng.normal(size=(one.width, 1))
        rows[mine] = _arranged(found * scale + shift, one, shape)
    return rows


def _arranged(found: Floats, one: Modality, shape: tuple[int, ...]) -> Floats:
    if one.kind == "video":
        found = np.moveaxis(found, 2, 1)
    return found.reshape(len(found), *shape)


def pink(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Noise whose power falls with the frequency, along the last axis; spread 1."""
    length = shape[-1]
    spectrum = np.fft.rfft(rng.normal(size=shape), axis=-1)
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.shape[-1]), 1))
    spectrum[..., 0] = 0
    found = np.fft.irfft(spectrum, length, axis=-1)
    whole: Floats = found / found.std()
    return whole


def _unit(vectors: Floats) -> Floats:
    found: Floats = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return found
