from __future__ import annotations

import pytest
import torch

from vultus.errors import ConfigError, UnknownNameError
from vultus.research.training.machine import Machine


def test_a_processor_and_what_is_not_there(monkeypatch):
    fabric = Machine().fabric()
    assert (fabric.device.type, fabric.world_size) == ("cpu", 1)
    with pytest.raises(UnknownNameError, match="unknown device 'cdua'; did you mean 'cuda'"):
        Machine("cdua").fabric()
    with pytest.raises(UnknownNameError, match=r"unknown precision '8'\. Known: 32, bf16"):
        Machine(precision="8").fabric()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="this machine has no device 'cuda'; --device auto takes what there is"):
        Machine("cuda").fabric()
