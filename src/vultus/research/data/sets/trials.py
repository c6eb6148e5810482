"""Sets of physiological trials: signals of several kinds over the same time, who wears the sensors, and the label.

A trial stays in its file until it is asked for. `windows` cuts trials into rows of one length for training; since a
trial gives many windows that resemble each other, people are split before anything is cut: `rows` takes the trials
of one part, and `sampling.apart` refuses parts that share a trial.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.errors import InputError, MissingExtraError
from vultus.research.data.sample import Samples

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Signals = Mapping[str, "Signal"]


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """What sensors of one kind measured.

    Attributes:
        values: float32, (C, T).
        channels: their names.
        rate_hz: samples per second.
    """

    values: NDArray[np.float32]
    channels: tuple[str, ...]
    rate_hz: float

    def chosen(self, channels: Sequence[str], where: str) -> Signal:
        """Some of the channels, in this order; capitals do not matter.

        Raises:
            InputError: one is not there.
        """
        known = {name.casefold(): number for number, name in enumerate(self.channels)}
        absent = [name for name in channels if name.casefold() not in known]
        if absent:
            raise InputError(f"{where} has no channel {', '.join(absent)}; it has: {', '.join(self.channels)}")
        return Signal(self.values[[known[name.casefold()] for name in channels]], tuple(channels), self.rate_hz)

    def at(self, rate_hz: float) -> Signal:
        """The same at another rate, filtered against aliases."""
        if rate_hz == self.rate_hz:
            return self
        from scipy.signal import resample_poly

        up, down = round(rate_hz * 1000), round(self.rate_hz * 1000)
        shared = gcd(up, down)
        values = resample_poly(self.values.astype(np.float64), up // shared, down // shared, axis=1, padtype="line")
        return Signal(values.astype(np.float32), self.channels, rate_hz)


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of a trial with a label of its own, e.g. a sleep stage; seconds from the trial's start."""

    start_s: float
    length_s: float
    label: int


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial as it was read.

    Attributes:
        signals: by kind.
        marks: where a trial has many labels; else its label is in the set's fields.
    """

    signals: Signals
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Trials:
    """Trials in their files: what stands in a `Part` in the place of pictures.

    Attributes:
        names: one for each, for people.
        load: reads one.
    """

    names: tuple[str, ...]
    load: Callable[[int], Trial]

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.names)

    def print(self, number: int) -> NDArray[np.float32]:
        """What tells a trial from others: all its numbers in a row.

        Raises:
            InputError: it cannot be read.
        """
        return np.concatenate([one.values.reshape(-1) for one in self.load(number).signals.values()])


def windows(
    trials: Trials, fields: Mapping[str, NDArray[Any]], subjects: NDArray[Any], channels: Mapping[str, Sequence[str]],
    *, seconds: float, rate_hz: float, label: str, rows: Sequence[int] | None = None, name: str = "windows",
) -> Samples:  # fmt: skip
    """Rows of one length from trials, without overlap; what is left at the end of a trial or mark falls away.

    Args:
        trials: to be cut.
        fields: what is known of each trial, (N, ...).
        subjects: who wears the sensors, (N,).
        channels: of each kind that is wanted, in order.
        seconds: of a row.
        rate_hz: samples per second of all kinds.
        label: field that stands for the whole trial where it has no marks.
        rows: numbers of the trials; None for all.
        name: for people.

    Returns:
        A column float32 (M, C, T) for each kind; `label`, and `trial` int64, the number of the trial it was cut from.

    Raises:
        InputError: a trial cannot be read, lacks a channel or kind; all are shorter than a row.
    """
    length = round(seconds * rate_hz)
    columns: dict[str, list[NDArray[np.float32]]] = {kind: [] for kind in channels}
    labels, numbers = [], []
    for number in range(trials.size) if rows is None else rows:
        one = trials.load(int(number))
        kinds = {kind: _of(one, kind, names, trials.names[number]).at(rate_hz) for kind, names in channels.items()}
        whole = min(signal.values.shape[1] for signal in kinds.values())
        for start, stop, value in _stretches(one, whole, rate_hz, fields, label, int(number)):
            for first in range(start, stop - length + 1, length):
                for kind, signal in kinds.items():
                    columns[kind].append(signal.values[:, first : first + length])
                labels.append(value)
                numbers.append(int(number))
    if not labels:
        raise InputError(f"{name}: no trial is as long as a window of {seconds:g} s")
    stacked = {kind: np.stack(found) for kind, found in columns.items()}
    trial = np.array(numbers, np.int64)
    return Samples({**stacked, "label": np.array(labels, np.int64), "trial": trial}, subjects[trial], name)


def _of(one: Trial, kind: str, names: Sequence[str], where: str) -> Signal:
    if kind not in one.signals:
        raise InputError(f"{where} has no {kind}; it has: {', '.join(one.signals)}")
    return one.signals[kind].chosen(names, where)


def _stretches(
    one: Trial, whole: int, rate_hz: float, fields: Mapping[str, NDArray[Any]], label: str, number: int
) -> list[tuple[int, int, int]]:
    if not one.marks:
        return [(0, whole, int(fields[label][number]))]
    ends = [(round(mark.start_s * rate_hz), round((mark.start_s + mark.length_s) * rate_hz)) for mark in one.marks]
    return [(start, min(stop, whole), mark.label) for (start, stop), mark in zip(ends, one.marks, strict=True)]


def matlab(path: Path) -> dict[str, Any]:
    """The variables of a MATLAB file up to version 7.2; cells and structures as object arrays.

    Raises:
        InputError: it cannot be read.
        MissingExtraError: scipy is not installed.
    """
    try:
        from scipy.io import loadmat
        from scipy.io.matlab import MatReadError
    except ImportError:
        raise MissingExtraError("scipy", "research") from None
    try:
        found: dict[str, Any] = loadmat(path, struct_as_record=False, squeeze_me=False)
    except NotImplementedError:
        raise InputError(f"{path} is of MATLAB 7.3, which is HDF5; save it with: save -v7") from None
    except (OSError, ValueError, TypeError, MatReadError) as error:
        raise InputError(f"{path} is no MATLAB file that can be read: {' '.join(str(error).split())}") from None
    return {key: value for key, value in found.items() if key[:2] != "__"}


def read_edf(path: Path) -> Any:
    """An EDF or BDF file as mne's `Raw`, all channels at the highest rate among them.

    Raises:
        InputError: it cannot be read.
        MissingExtraError: mne is not installed.
    """
    try:
        import mne
    except ImportError:
        raise MissingExtraError("mne", "research") from None
    reader = mne.io.read_raw_bdf if path.suffix.lower() == ".bdf" else mne.io.read_raw_edf
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers that are a little off, as published ones are
            return reader(path, preload=True, verbose="ERROR")
    except Exception as error:  # mne lets whatever a damaged header brings about through
        told = " ".join(str(error).split())
        raise InputError(f"{path} cannot be read as {path.suffix[1:].upper()}: {told}") from None


def quadrants(valence: NDArray[Any], arousal: NDArray[Any], middle: float) -> NDArray[np.int64]:
    """0 to 3: unpleasant calm, unpleasant excited, pleasant calm, pleasant excited; above the middle counts as high."""
    found: NDArray[np.int64] = 2 * (valence > middle).astype(np.int64) + (arousal > middle)
    return found


QUADRANTS = ("unpleasant calm", "unpleasant excited", "pleasant calm", "pleasant excited")
