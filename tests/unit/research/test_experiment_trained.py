"""The judge with networks: what it says of a component that helps, of one that does nothing, and of a leak."""

from __future__ import annotations

import pytest

from unit.research.taught import Config, Network, method
from vultus.errors import ConfigError
from vultus.research.contract import Data
from vultus.research.experiment import FIRST_SEED, ablate, arms, fit

SEEDS = range(FIRST_SEED, FIRST_SEED + 3)


def test_a_component_that_makes_the_difference_holds():
    report = ablate(method(), Config(), SEEDS)
    assert [claim["verdict"] for claim in report["claims"]] == ["holds"]
    assert report["claims"][0]["difference"] > 0.1
    assert report["arms"]["full"]["budget"] == report["arms"]["without_product"]["budget"]
    assert report["arms"]["full"]["budget"]["steps"] == 80
    assert "no better than chance" in report["control"]
    assert report == ablate(method(), Config(), SEEDS), "the same seeds give the same figures"


def test_a_component_that_does_nothing_does_not_hold():
    report = ablate(method(), Config(product=False), SEEDS)
    assert [claim["verdict"] for claim in report["claims"]] == ["does not hold"]
    assert report["arms"]["full"]["metrics"]["accuracy"]["mean"] > 0.9, "it has learned, and the component had no part"


def test_a_network_that_reads_the_answers_is_caught():
    report = ablate(method(), Config(leak=True), SEEDS)
    assert [claim["verdict"] for claim in report["claims"]] == ["does not hold"]
    assert "the answers leak into the data" in report["control"]


def test_people_on_both_sides_are_caught_before_anything_is_trained():
    honest = method()

    def shared(config, seed, folder):
        data = honest.data(config, seed, folder)
        return Data(data.train, data.train.subset(range(9), "test"), data.destroyed)

    with pytest.raises(ConfigError, match="train and test share 9 subjects, the first of them 0"):
        ablate(method(data=shared), Config(), SEEDS)


def test_more_steps_for_one_arm_are_refused():
    longer = method(ablations=lambda config: {"without_product": Network(Config(steps=100), multiplies=False)})
    with pytest.raises(ConfigError, match="the arm 'without_product' has 100 steps and the full method 80"):
        ablate(longer, Config(), SEEDS[:2])


def test_every_arm_starts_from_the_seed():
    one, same, other = (arms(method(), Config(), seed)["full"].layers[0].weight for seed in (7, 7, 8))
    assert bool((one == same).all())
    assert not bool((one == other).any())
    data = method().data(Config(), 7, None)
    assert fit(arms(method(), Config(), 7)["full"], data.train, 7).samples == 80 * 32
