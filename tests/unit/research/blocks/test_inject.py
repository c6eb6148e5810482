from __future__ import annotations

import pytest
import torch
from torch import nn

from vultus.errors import ConfigError
from vultus.research.blocks.attention import Gates, Triplet
from vultus.research.blocks.backbones import ConvNeXt, DenseNet, ResNet, Slot
from vultus.research.blocks.inject import inject

SMALL = {
    "resnet": lambda: ResNet(7, 1, (8, 16), (2, 1), stem=2),
    "densenet": lambda: DenseNet(7, 1, 8, (2, 3), 12, stem=2),
    "convnext": lambda: ConvNeXt(7, 1, (8, 16), (1, 2), patch=2),
}
PLACES = [("resnet", "block", 3), ("resnet", "stage", 2), ("densenet", "stage", 2), ("densenet", "layer", 5),
          ("convnext", "block", 3), ("convnext", "stage", 2), ("convnext", "downsample", 1)]  # fmt: skip


@pytest.mark.parametrize(("name", "site", "count"), PLACES)
def test_every_slot_of_a_site_is_filled(name, site, count) -> None:
    torch.manual_seed(0)
    model = inject(SMALL[name](), Gates("v4").build, site, (1, 20, 24))
    assert sum(isinstance(part, Triplet) for part in model.modules()) == count
    assert not any(isinstance(part, Slot) and part.site == site for part in model.modules())
    assert model.training
    assert model(torch.randn(3, 1, 20, 24)).shape == (3, 7)
    with pytest.raises(Exception, match="along axis"):
        model(torch.randn(3, 1, 40, 48))


@pytest.mark.parametrize(("name", "site", "count"), PLACES)
def test_weights_without_gates_load_and_identity_keeps_the_answers(name, site, count) -> None:
    torch.manual_seed(0)
    plain = SMALL[name]().eval()
    model = inject(SMALL[name](), Gates("v3", init="identity").build, site, (1, 20, 20)).eval()
    outcome = model.load_state_dict(plain.state_dict(), strict=False)
    assert outcome.unexpected_keys == []
    new = {key for key in model.state_dict() if ".planes." in key or ".channels." in key}
    # torch does not count `num_batches_tracked` as missing.
    assert set(outcome.missing_keys) == {key for key in new if not key.endswith("num_batches_tracked")}
    pictures = torch.randn(2, 1, 20, 20)
    torch.testing.assert_close(model(pictures), plain(pictures))


def test_the_papers_resnet_gets_eight_blocks_of_the_cards_sizes() -> None:
    seen = []

    def make(*size: int) -> nn.Module:
        seen.append(size)
        return Gates("ta").build(*size)

    with torch.device("meta"):
        inject(ResNet(7), make, "block", (3, 224, 224))
    assert seen == [(64, 56, 56)] * 2 + [(128, 28, 28)] * 2 + [(256, 14, 14)] * 2 + [(512, 7, 7)] * 2


def test_a_site_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigError, match="ResNet has no site 'layer' for a gate; it has: block, stage"):
        inject(SMALL["resnet"](), Gates("se").build, "layer", (1, 20, 20))
    with pytest.raises(ConfigError, match="Linear has no site 'block' for a gate; it has: none at all"):
        inject(nn.Linear(2, 2), Gates("se").build, "block", (1, 20, 20))
