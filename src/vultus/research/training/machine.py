"""What a run runs on."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import torch

from vultus.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEVICES = ("cpu", "cuda", "mps", "auto")
PRECISIONS: Final[Mapping[str, Literal["32-true", "bf16-mixed"]]] = {"32": "32-true", "bf16": "bf16-mixed"}


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and how precisely it is calculated.

    Attributes:
        device: one of `DEVICES`; "auto" takes what is there.
        precision: one of `PRECISIONS`; bfloat16 keeps the weights in float32.
        processes: that share a step's rows; each has a device of its own, and all share the processor.
    """

    device: str = "cpu"
    precision: str = "32"
    processes: int = 1

    def fabric(self) -> Any:
        """The `lightning_fabric.Fabric` of it, not launched yet.

        Raises:
            UnknownNameError: there is no such kind of device or precision.
            ConfigError: this machine has no such device.
        """
        if self.device not in DEVICES:
            raise UnknownNameError("device", self.device, DEVICES, f"Known: {', '.join(DEVICES)}")
        if self.precision not in PRECISIONS:
            raise UnknownNameError("precision", self.precision, PRECISIONS, f"Known: {', '.join(PRECISIONS)}")
        there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        if not there.get(self.device, True):
            raise ConfigError(f"this machine has no device '{self.device}'; --device auto takes what there is")
        from lightning_fabric import Fabric
        from lightning_fabric.strategies.ddp import DDPStrategy

        for name in ("lightning_fabric", "lightning.fabric"):
            logging.getLogger(name).setLevel(logging.ERROR)
        # players take turns, so that some parameters have no gradient in each of them
        strategy = DDPStrategy(find_unused_parameters=True) if self.processes > 1 else "auto"
        return Fabric(
            accelerator=self.device,
            devices=self.processes,
            strategy=strategy,
            precision=PRECISIONS[self.precision],
        )
