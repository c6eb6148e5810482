from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vultus.errors import ConfigError, InputError
from vultus.research.blocks.attention import KINDS, Triplet
from vultus.research.data.sample import disjoint, predicted
from vultus.research.methods.expression import tripse
from vultus.research.methods.expression.tripse import ARCHS, Config, TripSE, standard

TINY = Config.tiny()
SIDE = TINY.side


def size(config: Config) -> int:
    with torch.device("meta"):
        return sum(part.numel() for part in TripSE(config).parameters())


@pytest.mark.parametrize("arch", ARCHS[3:])
@pytest.mark.parametrize("gate", KINDS)
def test_every_gate_stands_in_every_small_network(arch, gate) -> None:
    torch.manual_seed(0)
    model = TripSE(replace(TINY, arch=arch, gate=gate)).eval()
    answer = model.predict({"image": torch.randint(0, 256, (2, SIDE, SIDE), dtype=torch.uint8)})
    assert answer["scores"].shape == (2, 7)
    assert "level" not in answer
    torch.testing.assert_close(answer["scores"].sum(1), torch.ones(2))


@pytest.mark.parametrize(
    ("arch", "site", "gates"),
    [("resnet18", "block", 8), ("densenet121", "stage", 4), ("convnext_tiny", "block", 18),
     ("convnext_tiny", "downsample", 3), ("convnext_tiny", "stage", 4)],
)  # fmt: skip
def test_the_papers_sizes_are_built(arch, site, gates) -> None:
    with torch.device("meta"):
        model = TripSE(Config(arch=arch, site=site))
    assert sum(isinstance(part, Triplet) for part in model.faces.modules()) == gates
    assert model.channels == 3
    (stage,) = model.stages()
    assert {player.name: player.parts for player in stage.players} == {"faces": ("faces",), "marks": ("marks",)}
    assert (stage.steps, stage.batch_size) == (17943, 32)


def test_an_unknown_network_is_told() -> None:
    with pytest.raises(ConfigError, match=r"arch must be one of resnet18, .*, but is 'vgg'"):
        TripSE(replace(TINY, arch="vgg"))  # type: ignore[arg-type]


def test_the_wider_plain_network_is_as_large_as_the_gated_one() -> None:
    config = Config.check()
    gated, wide = size(config), sum(part.numel() for part in tripse.ablations(config)["wider"].parameters())
    assert abs(wide - gated) < 0.02 * gated
    assert size(replace(config, gate="none")) < 0.96 * gated
    every = {kind: size(replace(config, gate=kind)) for kind in KINDS}
    assert all(abs(other - gated) < 0.1 * gated for other in every.values()), "the judge's budget"


def test_light_and_contrast_do_not_matter_and_size_neither() -> None:
    torch.manual_seed(0)
    model = TripSE(TINY).eval()
    picture = torch.rand(2, SIDE, SIDE) * 100
    first = model.predict({"image": picture})["scores"]
    torch.testing.assert_close(model.predict({"image": picture * 1.5 + 30})["scores"], first, atol=1e-3, rtol=0)
    assert model.seen(torch.rand(2, 97, 61)).shape == (2, 1, SIDE, SIDE)
    flat = standard(torch.full((1, 1, 8, 8), 7.0))
    assert torch.equal(flat, torch.zeros(1, 1, 8, 8))


def test_training_pictures_are_mirrored_turned_and_drawn_from_the_generator_alone() -> None:
    model = TripSE(replace(TINY, turn_deg=20.0))
    batch = {"image": torch.randint(0, 256, (64, SIDE, SIDE), dtype=torch.uint8), "marks": torch.zeros(64, 2, 28, 28)}
    one, again, other = (model.augment(batch, torch.Generator().manual_seed(seed))["image"] for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    still = TripSE(replace(TINY, turn_deg=0.0)).augment(batch, torch.Generator().manual_seed(1))["image"]
    mirrored = [float((a - b.flip(1)).abs().mean()) < float((a - b).abs().mean())
                for a, b in zip(still, batch["image"].float(), strict=True)]  # fmt: skip
    assert 15 < sum(mirrored) < 49


def test_ten_crops_are_ten_views() -> None:
    torch.manual_seed(0)
    model = TripSE(replace(TINY, crops=10)).eval()
    seen, sizes = torch.randn(3, 1, SIDE, SIDE), []
    model.faces.register_forward_hook(lambda _, given, __: sizes.append(given[0].shape))
    scores = model.scores(seen)
    assert sizes == [(3, 1, SIDE, SIDE)] * 10
    torch.testing.assert_close(scores.sum(1), torch.ones(3))
    torch.testing.assert_close(model.scores(seen.flip(3)), scores, atol=1e-5, rtol=0)


def test_material_of_a_seed_keeps_people_apart_and_destroys_both_signals() -> None:
    config = replace(TINY, faces=21, tests=14, marked=50)
    data = tripse.data(config, 7, None)
    assert (len(data.train), len(data.test)) == (50, 8 * 14)
    assert data.train["image"].shape == (50, SIDE, SIDE)
    assert np.array_equal(data.train["image"][:21], data.train["image"][21:42]), "faces come again"
    assert not np.array_equal(data.train["marks"][:21], data.train["marks"][21:42])
    disjoint(data.train, data.test)
    for field in ("level", "expression"):
        assert sorted(data.destroyed[field]) == sorted(data.train[field])
        assert not np.array_equal(data.destroyed[field], data.train[field])


def test_chance_and_gradients_answer_both_questions() -> None:
    data = tripse.data(replace(TINY, faces=70, tests=28, marked=0), 7, None)
    guess = tripse.chance(TINY)
    guess.fit(data.train, 0)
    assert tripse.score(guess, data.test) == {"levels": pytest.approx(1 / 4), "expressions": pytest.approx(1 / 7)}
    machine = tripse.ablations(TINY)["gradients"]
    machine.fit(data.train, 0)
    assert tripse.score(machine, data.train)["expressions"] > 0.5, "few pictures are learnt by heart"
    assert set(predicted(machine, data.test)) == {"expression", "level"}


def test_colours_become_brightness() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3), dtype=np.uint8)
    assert tripse.grey(pictures)[1, 2, 3] == round(float(pictures[1, 2, 3] @ np.array([0.299, 0.587, 0.114])))
    assert np.array_equal(tripse.grey(pictures[..., 0]), pictures[..., 0])
    assert np.array_equal(tripse.grey(pictures[..., :1]), pictures[..., 0])


def test_a_folder_without_fer2013_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"does not hold FER2013; looked for: fer2013\.csv"):
        tripse.data(TINY, 7, tmp_path)


@pytest.mark.shared
def test_fer2013_is_read(shared: Path) -> None:
    data = tripse.data(replace(TINY, faces=30, tests=20, marked=0), 7, shared / "data/fer2013")
    assert data.train["image"].shape == (30, 48, 48)
    assert len(data.test) == 8 * 20
    assert data.train.name.startswith("fer2013 train")
