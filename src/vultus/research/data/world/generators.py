"""What the world can make besides pictures: the place and the interface of each generator.

Those that are built stand in `BUILT`; the others are built together with the first method that needs them, in the
module named here, and follow the protocol named here. All take a seed and give `Samples` with their ground truth; none
needs files, and none draws a person whose number another one may have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from vultus.research.data.sample import Samples
    from vultus.research.data.world.people import People
    from vultus.research.data.world.signals import Recording, Task


class Events(Protocol):
    """Event cameras: `events` int32 (N, E, 4) of time, column, row and sign, from clips; sign 0 fills up."""

    def __call__(self, clips: Samples, seed: int, *, threshold: float = 0.2, noise_hz: float = 0.1) -> Samples: ...


class Radar(Protocol):
    """Radar with a swept frequency: `cube` complex (N, antennas, chirps, samples), from the depth of scenes."""

    def __call__(self, people: People, seed: int, *, session: int = 0, clutter: float = 0.1) -> Samples: ...


class Signals(Protocol):
    """Physiology: a column (N, channels, T) for each modality of a task, with the state behind them as `label`."""

    def __call__(self, task: Task, how: Recording, seed: int, *, first_person: int = 0) -> Samples: ...


class Speech(Protocol):
    """Voices: `sound` (N, T) at 16 kHz, phones and changing emotions with their times."""

    def __call__(self, people: People, seed: int, *, seconds: float = 4.0) -> Samples: ...


class Eyes(Protocol):
    """Gaze over time: fixations, saccades, pupils and blinks on a map of a stimulus, `track` (N, T, 4)."""

    def __call__(self, people: People, seed: int, *, seconds: float = 10.0) -> Samples: ...


class Bodies(Protocol):
    """Stick figures of 17 joints and two hands with labelled gestures, `joints` (N, T, 59, 3)."""

    def __call__(self, people: People, seed: int, *, frames: int = 120) -> Samples: ...


class Sessions(Protocol):
    """Camera sessions in a browser: rows of metadata of devices, virtual cameras and careful attackers."""

    def __call__(self, n: int, seed: int, *, attackers: float = 0.3) -> Samples: ...


class Text(Protocol):
    """Sentences from templates with emotion words, topics and keyword spans."""

    def __call__(self, n: int, seed: int, *, ambiguous: float = 0.2) -> Samples: ...


@dataclass(frozen=True)
class Place:
    """Where a generator is, or will be.

    Attributes:
        module: under `vultus.research.data.world`.
        function: in it.
        protocol: what it follows; None for those with a signature of their own.
        systems: numbers of the methods that need it.
    """

    module: str
    function: str
    protocol: type | None
    systems: tuple[int, ...]


BUILT = (
    Place("portraits", "faces", None, (1, 2, 3, 5, 6, 8, 14, 18, 20, 23, 26, 31, 33, 37, 39, 41, 42, 43)),
    Place("clips", "draw", None, (11, 12, 13, 15, 16, 21, 35, 38)),
    Place("events", "draw", Events, (5, 35)),
    Place("sequences", "draw", None, (17, 21, 38, 40)),
    Place("spoofs", "attack", None, (2, 18, 34, 37, 41)),
    Place("artefacts", "spoof", None, (2, 18, 41)),
    Place("degrade", "apply", None, (5, 9, 18, 42, 43)),
    Place("domains", "shift", None, (2, 18, 41)),
    Place("signals", "draw", Signals, (4, 17, 25)),
)
PLANNED = (
    Place("radar", "draw", Radar, (28,)),
    Place("speech", "draw", Speech, (15, 19, 22, 27, 30)),
    Place("eyes", "draw", Eyes, (29,)),
    Place("bodies", "draw", Bodies, (19, 32, 44, 45)),
    Place("sessions", "draw", Sessions, (34,)),
    Place("text", "draw", Text, (19, 22, 27, 33)),
)
