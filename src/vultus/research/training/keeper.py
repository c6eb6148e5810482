"""The folder of a run: what it is, its checkpoints and its journal.

run.json            method, configuration, seed, versions, revision: everything that a repetition needs
last.safetensors    the latest checkpoint; a killed run goes on from it
best.safetensors    the weights that did best on the validation samples, where there are some
journal.csv         losses, rates, gradients, validation figures
curves.png          the same as curves
"""

from __future__ import annotations

import json
from time import monotonic
from typing import TYPE_CHECKING, Any

from vultus.errors import ConfigError
from vultus.research.training.checkpoint import BEST, LAST, Checkpoint, read, write
from vultus.research.training.journal import Journal, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import torch

    from vultus.research.contract import Metric

RUN, JOURNAL, CURVES = "run.json", "journal.csv", "curves.png"
# What must be the same for a run to go on.
_SAME = ("method", "config", "seed", "data", "stages", "precision")


class Keeper:
    """Keeps a run.

    Args:
        folder: made when missing.
        header: JSON values that say what is run: the keys of `_SAME`, versions, revision.
        metric: by which the best weights are chosen.
        resume: go on with the run that is in the folder.
        save_every_s: time between checkpoints.

    Raises:
        ConfigError: the folder holds a run that this one would overwrite, or that is another one.
        InputError: its checkpoint cannot be read.
    """

    def __init__(
        self, folder: Path, header: Mapping[str, Any], metric: Metric, *, resume: bool = False, save_every_s: float = 60
    ) -> None:
        self._folder, self._metric, self._every_s = folder, metric, save_every_s
        self._header: dict[str, Any] = json.loads(json.dumps({**header, "best": None}, allow_nan=False))
        self.kept: Checkpoint | None = None
        if (folder / LAST).exists():
            if not resume:
                raise ConfigError(f"{folder} holds a run already: --resume goes on with it, another --out leaves it")
            self.kept = read(folder / LAST, str(header["method"]))
            self._header["best"] = self.kept.header["best"]
            self._check(self.kept.header)
        self._saved_at = monotonic()
        self._journal: Journal | None = None

    @property
    def journal(self) -> Journal:
        """Opened when something is to be written, so that only one of several processes does."""
        if self._journal is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps({key: value for key, value in self._header.items() if key != "best"}, indent=1)
            (self._folder / RUN).write_text(text + "\n", encoding="utf-8")
            self._journal = Journal(self._folder / JOURNAL, self._before(self.kept) if self.kept else None)
        return self._journal

    @property
    def best(self) -> dict[str, Any] | None:
        """Which validation figure was the best, and when; None where nothing was looked at."""
        found: dict[str, Any] | None = self._header["best"]
        return found

    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return monotonic() - self._saved_at >= self._every_s

    def save(self, stage: int, step: int, tensors: Mapping[str, torch.Tensor]) -> None:
        """Write the checkpoint of a run whose next step is this one."""
        self.journal.flush()
        write(self._folder / LAST, {**self._header, "stage": stage, "step": step}, tensors)
        self._saved_at = monotonic()

    def look(
        self, stage: str, step: int, figures: Mapping[str, float], weights: Callable[[], Mapping[str, torch.Tensor]]
    ) -> None:
        """Note validation figures, and keep the weights if they are the best so far."""
        self.journal.note(stage, step, {f"validation/{key}": value for key, value in figures.items()})
        value, best = figures[self._metric.name], self._header["best"]
        if value == value and (best is None or self._metric.sign * (value - best["value"]) > 0):
            self._header["best"] = {"metric": self._metric.name, "value": value, "stage": stage, "step": step}
            self.journal.flush()
            write(self._folder / BEST, self._header, weights())

    def close(self) -> None:
        """Nothing more will be kept."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def _before(self, kept: Checkpoint) -> Callable[[Row], bool]:
        """Whether a row was noted before the checkpoint was written; later ones will be noted again."""
        names = [stage["name"] for stage in self._header["stages"]]
        end = (kept.header["stage"], kept.header["step"])
        return lambda row: (names.index(row.stage), row.step) < end

    def _check(self, other: Mapping[str, Any]) -> None:
        for key in _SAME:
            if self._header[key] != other[key]:
                was, now = other[key], self._header[key]
                raise ConfigError(f"the run in {self._folder} cannot go on: its {key} was {was}, and is {now} now")
