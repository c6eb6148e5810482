"""The method itself; the contract's sweep trains it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vultus.research.methods.micro_expression import boosting_vrme
from vultus.research.methods.micro_expression.boosting_vrme import (
    Config,
    FilmRegression,
    Guess,
    Movement,
)
from vultus.research.methods.micro_expression.boosting_vrme.network import parameters

TINY = Config.tiny()


def test_films_are_stitched_from_windows() -> None:
    model = FilmRegression(TINY).eval()
    flow = torch.randn(2, 130, 38)
    with torch.inference_mode():
        found = model.predict({"flow": flow})
        score, _ = model(flow[:, 25:75])
    assert found["curve"].shape == (2, 130)
    assert found["emotion"].shape == (2, 130, 5)
    torch.testing.assert_close(found["curve"][:, 50:75], score[:, 25:])


def test_the_head_is_subtracted_where_it_should_be() -> None:
    flow, push = torch.randn(1, 50, 38), torch.randn(1, 50, 2)
    pushed = flow + push.repeat(1, 1, 19)
    with torch.inference_mode():
        for nose in (True, False):
            model = FilmRegression(TINY, nose=nose).eval()
            assert torch.allclose(model(flow)[0], model(pushed)[0], atol=1e-5) == nose


def test_two_networks_are_as_large_as_one() -> None:
    for config in (Config(), Config.check()):
        one, two = parameters(FilmRegression(config)), parameters(FilmRegression(config, together=False))
        assert abs(one - two) < 0.1 * one


def test_losses_by_hand() -> None:
    model = FilmRegression(TINY).eval()
    batch = {"flow": torch.randn(2, 50, 38), "label": torch.full((2, 50), 4), "weight": torch.ones(2, 50)}
    batch["label"][:, 10:20] = 1
    found = model.losses(batch, "both")
    score, emotion = model(batch["flow"])
    truth = (batch["label"] != 4).float()
    torch.testing.assert_close(found["spotting"], 0.9 * ((score - truth) ** 2).mean())
    chosen = emotion.log_softmax(-1).gather(-1, batch["label"][..., None])[..., 0]
    torch.testing.assert_close(found["recognition"], -0.1 * chosen.mean())


def test_half_a_duration_comes_from_training_people() -> None:
    data = boosting_vrme.data(TINY, 3, None)
    assert len(set(data.test["kp"])) == 1
    assert set(data.train.subjects).isdisjoint(data.test.subjects)
    assert np.array_equal(np.sort(data.destroyed["label"], axis=0), np.sort(data.train["label"], axis=0))


@pytest.mark.parametrize("make", [Movement, Guess])
def test_those_without_a_network_answer_alike(make) -> None:
    data = boosting_vrme.data(TINY, 3, None)
    model = make()
    assert model.fit(data.train, 3).parameters <= 2
    scored = boosting_vrme.score(model, data.test)
    assert set(scored) == {metric.name for metric in boosting_vrme.METRICS}
    assert scored["strs"] < 0.5


def test_what_leaves_is_the_network_over_a_window() -> None:
    export = FilmRegression(TINY).exported()
    assert export.manifest["labels"][-1] == "neutral"
    assert export.inputs["flow"].shape[1:] == (TINY.window, 38)
