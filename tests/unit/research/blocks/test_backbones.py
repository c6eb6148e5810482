from __future__ import annotations

import pytest
import torch

from vultus.research.blocks.backbones import ConvNeXt, DenseNet, DropPath, MapNorm, ResNet, Slot


def count(model) -> int:
    return sum(part.numel() for part in model.parameters())


# Published: torchvision's tables of ResNet-18 and DenseNet-121, timm's of ConvNeXt-T.
@pytest.mark.parametrize(("build", "published"), [(ResNet, 11_689_512), (DenseNet, 7_978_856), (ConvNeXt, 28_589_128)])
def test_the_papers_networks_have_the_published_size(build, published) -> None:
    with torch.device("meta"):
        assert count(build()) == published


@pytest.mark.parametrize(
    ("build", "names"),
    [
        (ResNet, ["conv1.weight", "bn1.running_mean", "layer2.0.downsample.0.weight", "layer4.1.bn2.bias", "fc.bias"]),
        (DenseNet, ["features.conv0.weight", "features.denseblock3.denselayer24.conv2.weight",
                    "features.transition1.norm.weight", "features.norm5.bias", "classifier.weight"]),
        (ConvNeXt, ["stem.0.weight", "stem.1.bias", "stages.1.downsample.0.weight", "stages.1.downsample.1.bias",
                    "stages.2.blocks.8.conv_dw.weight", "stages.0.blocks.0.mlp.fc1.weight",
                    "stages.3.blocks.2.gamma", "head.norm.weight", "head.fc.bias"]),
    ],
)  # fmt: skip
def test_names_are_those_of_published_weights(build, names) -> None:
    with torch.device("meta"):
        assert set(names) <= set(build().state_dict())


@pytest.mark.parametrize("build", [ResNet, DenseNet, ConvNeXt])
def test_the_papers_networks_halve_a_picture_five_times(build) -> None:
    with torch.device("meta"):
        model = build(classes=7).eval()
        assert model(torch.zeros(2, 3, 224, 224)).shape == (2, 7)
        ends = {}
        for name, slot in model.named_modules():
            if isinstance(slot, Slot) and slot.site == "stage":
                slot.register_forward_hook(lambda _, __, maps, name=name: ends.update({name: maps.shape}))
        model(torch.zeros(1, 3, 224, 224))
    assert [shape[2] for shape in ends.values()] == [56, 28, 14, 7]


@pytest.mark.parametrize(
    "model",
    [
        ResNet(7, 1, (8, 16), (1, 1), stem=2),
        DenseNet(7, 1, 8, (2, 2), 12, stem=2),
        ConvNeXt(7, 1, (8, 16), (1, 1), patch=2),
    ],
    ids=lambda model: type(model).__name__,
)
def test_small_ones_learn(model) -> None:
    torch.manual_seed(0)
    pictures, labels = torch.randn(14, 1, 20, 20), torch.arange(14) % 7
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3)
    first = last = 0.0
    for step in range(30):
        loss = torch.nn.functional.cross_entropy(model(pictures), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        last = float(loss.detach())
        first = first or last
        assert step or 1.5 < first < 4
    assert last < 0.7 * first
    model.eval()
    assert model(pictures).shape == (14, 7)


def test_normalisation_over_channels_is_torchs_on_turned_maps() -> None:
    norm, maps = MapNorm(6), torch.randn(2, 6, 3, 4)
    wanted = torch.nn.functional.layer_norm(maps.permute(0, 2, 3, 1), (6,)).permute(0, 3, 1, 2)
    torch.testing.assert_close(norm(maps), wanted)


def test_dropped_branches_keep_the_mean_and_only_in_training() -> None:
    torch.manual_seed(0)
    drop, branch = DropPath(0.25), torch.ones(4000, 1, 1, 1)
    out = drop(branch)
    assert out.unique().tolist() == pytest.approx([0, 4 / 3])
    assert float(out.mean()) == pytest.approx(1, abs=0.03)
    assert drop.eval()(branch) is branch
    assert DropPath(0.0).train()(branch) is branch
