"""The judge is judged: by methods whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from unit.research.toy import Config, Model, method
from vultus.errors import ConfigError
from vultus.research.contract import Claim
from vultus.research.experiment import FIRST_SEED, ablate, arms

SEEDS = range(FIRST_SEED, FIRST_SEED + 5)


def verdicts(report):
    return [claim["verdict"] for claim in report["claims"]]


def test_a_component_that_does_nothing_does_not_hold():
    found = [verdicts(ablate(method(), Config(effect=0.0, noise=0.0), range(at, at + 5)))[0] for at in (1000, 2000)]
    assert found == ["does not hold"] * 2
    words = [verdicts(ablate(method(), Config(effect=0.0), range(at, at + 5)))[0] for at in range(1000, 2000, 10)]
    assert words.count("holds") <= 2, "a claim of 0.02 over nothing is hardly ever believed"


def test_a_true_effect_is_found_with_power():
    # The paired difference has a standard deviation of 0.028 per seed; 0.1 beyond the 0.02 claimed are 6 of its errors.
    words = [verdicts(ablate(method(), Config(effect=0.12), range(at, at + 5)))[0] for at in range(1000, 2000, 10)]
    assert words.count("holds") >= 95


def test_leaked_answers_are_caught_by_the_control():
    report = ablate(method(leak=True), Config(effect=0.12), SEEDS)
    assert verdicts(report) == ["does not hold"]
    assert "the answers leak into the data" in report["control"]
    assert report["claims"][0]["reason"] == report["control"]
    assert report["holds"] is False
    assert "no better than chance" in ablate(method(), Config(effect=0.12), SEEDS)["control"]


def test_nothing_is_held_at_an_end_of_the_range():
    at_ceiling = ablate(method(claims=(Claim("uar", over="without_part", by=-0.05),), full=1.0),
                        Config(noise=0.0), SEEDS)  # fmt: skip
    assert verdicts(at_ceiling) == ["undecided"]
    assert "both are at the ceiling" in at_ceiling["claims"][0]["reason"]
    at_floor = ablate(method(claims=(Claim("uar", over="without_part", by=-0.05),), full=0.2),
                      Config(noise=0.0), SEEDS)  # fmt: skip
    assert verdicts(at_floor) == ["undecided"]
    assert "both are at the floor" in at_floor["claims"][0]["reason"]


def test_seeds_that_disagree_decide_nothing():
    report = ablate(method(), Config(effect=0.05, noise=0.1), SEEDS)
    assert verdicts(report) == ["undecided"]
    assert report["claims"][0]["reason"] == "the seeds differ too much to tell"


def test_the_same_seeds_give_the_same_figures():
    assert ablate(method(), Config(effect=0.1), SEEDS) == ablate(method(), Config(effect=0.1), SEEDS)


def test_figures_that_are_no_numbers():
    broken = method()
    broken.score = lambda model, test: {"uar": float("nan")}
    report = ablate(broken, Config(), SEEDS)
    assert verdicts(report) == ["undecided"]
    assert report["claims"][0]["reason"] == "a figure is not a number"
    json.dumps(report, allow_nan=False)


def test_an_arm_with_another_budget_is_refused_unless_it_says_why():
    with pytest.raises(ConfigError, match=r"the arm 'without_part' has 150 parameters and the full method 100"):
        ablate(method(without=150), Config(), SEEDS)
    report = ablate(method(without=150, unequal={"without_part": "it has a second head"}), Config(), SEEDS)
    assert report["arms"]["without_part"]["note"] == "it has a second head"


@pytest.mark.parametrize(
    ("seeds", "claim", "message"),
    [
        ([1000], None, "needs at least 2 different seeds"),
        ([1000, 1000], None, "needs at least 2 different seeds"),
        ([1000, 999], None, "seeds below 1000 are for tuning, but one of these is 999"),
        (
            [1000, 1001],
            Claim("uar", over="without_it"),
            "about the arm 'without_it', but there are: baseline",
        ),
        ([1000, 1001], Claim("war"), "a claim is about war, but measured are: uar"),
    ],
)
def test_what_cannot_be_judged(seeds, claim, message):
    with pytest.raises(ConfigError, match=message):
        ablate(method(claims=(claim,) if claim else None), Config(), seeds)


def test_the_arms_and_what_is_said_on_the_way(checkout: Path):
    assert list(arms(method(), Config())) == ["chance", "baseline", "full", "without_part", "destroyed"]
    lines: list[str] = []
    report = ablate(method(), Config(effect=0.1), SEEDS, tell=lines.append)
    assert lines[:2] == ["seed 1000: chance", "seed 1000: baseline"]
    assert report["config"]["effect"] == 0.1
    assert report["arms"]["full"]["metrics"]["uar"]["mean"] == pytest.approx(
        np.mean(report["arms"]["full"]["metrics"]["uar"]["values"]), abs=1e-6
    )
    schema = json.loads((checkout / "docs/schemas/vultus.ablate.1.json").read_text("utf-8"))
    whole = {**report, "method": "toy", "data": "synthetic", "versions": {}, "revision": "", "command": ""}
    jsonschema.Draft202012Validator(schema).validate(whole)


def test_a_model_is_fitted_on_the_destroyed_signal_for_the_control():
    assert Model(0.6, 0.0).fit(0, 1).steps == 10


def test_what_no_figure_tells_is_kept_of_every_arm_and_seed(checkout: Path):
    talkative = method()
    talkative.details = lambda model, test: {"seed": model.seed}
    report = {**ablate(talkative, Config(), SEEDS), "method": "toy", "data": "made", "versions": {}, "revision": "",
              "command": ""}  # fmt: skip
    assert report["arms"]["baseline"]["details"] == [{"seed": seed} for seed in SEEDS]
    schema = json.loads((checkout / "docs/schemas/vultus.ablate.1.json").read_text("utf-8"))
    jsonschema.validate(report, schema)
    assert "details" not in ablate(method(), Config(), SEEDS)["arms"]["baseline"]
