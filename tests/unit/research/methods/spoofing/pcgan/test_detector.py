from __future__ import annotations

import pytest
import torch

from vultus.errors import ConfigError
from vultus.research.methods.spoofing.pcgan.detector import IGNORED, PatchNetwork, highest


def batch(rows: int = 4) -> dict[str, torch.Tensor]:
    label = torch.tensor([0.0, 1.0] * (rows // 2))
    return {"label": label, "kind": label.long() * 2, "mask": label[:, None, None].expand(-1, 32, 32)}


def test_a_small_attack_is_not_averaged_away() -> None:
    local = torch.zeros(1, 8, 8)
    local[0, 2, 3:9] = 0.9
    assert float(highest(local)) == pytest.approx(0.9 * 5 / 6)
    assert float(highest(torch.full((1, 2, 2), 0.3))) == pytest.approx(0.3)


def test_a_score_is_half_the_whole_and_half_the_patches() -> None:
    torch.manual_seed(0)
    net = PatchNetwork("conv", 8, 4).eval()
    image = torch.rand(3, 3, 32, 32)
    with torch.inference_mode():
        score, local = net(image)
        whole = net.live(net.backbone(image)[0]).softmax(1)[:, 1]
        torch.testing.assert_close(score, 0.5 * whole + 0.5 * highest(local))
        alone, flat = PatchNetwork("conv", 8, 4, local=False).eval()(image)
    assert local.shape == flat.shape == (3, 8, 8)
    assert torch.equal(flat[:, 0, 0], alone)


def test_losses_by_hand() -> None:
    torch.manual_seed(0)
    net = PatchNetwork("conv", 8, 4).eval()
    image, given = torch.rand(4, 3, 32, 32), batch()
    found = net.losses(image, given, None)
    feature, tokens = net.backbone(image)
    assert net.centre is not None
    assert net.patch is not None
    real = given["label"] == 0
    torch.testing.assert_close(found["centre"], 0.01 * 0.5 * (feature[real] - net.centre).pow(2).sum(1).mean())
    logits = net.patch(tokens)[:, 0]
    wanted = torch.where(given["label"][:, None, None] > 0, -logits.sigmoid().log(), -(-logits).sigmoid().log()).mean()
    torch.testing.assert_close(found["patch"], wanted)
    unnamed = net.losses(image, {**given, "kind": torch.tensor([0, IGNORED, 0, IGNORED])}, None)
    assert not torch.equal(unnamed["kind"], found["kind"])
    assert "crops" in net.losses(image, given, (image[:, :, :16, :16], given["mask"][:, :16, :16]))


def test_bad_ones() -> None:
    with pytest.raises(ConfigError, match="the backbone is 'conv' or 'clip', not 'vit'"):
        PatchNetwork("vit", 8, 4)
    net = PatchNetwork("conv", 8, 4, local=False)
    with pytest.raises(ConfigError, match="this network has no patch head"):
        net._local(torch.rand(1, 32, 8, 8), torch.rand(1, 32, 32))
