"""What the method is held against."""

from __future__ import annotations

import pytest
import torch

from vultus.research.methods.micro_expression.boosting_vrme import Config, FilmRegression
from vultus.research.methods.micro_expression.boosting_vrme.network import parameters
from vultus.research.methods.micro_expression.boosting_vrme.rivals import WindowClassifier

TINY = Config.tiny()


def test_the_classifier_is_as_large_as_the_method() -> None:
    for config in (Config(), Config.check()):
        one, other = parameters(FilmRegression(config)), parameters(WindowClassifier(config))
        assert abs(one - other) < 0.01 * one
        ours, theirs = FilmRegression(config).stages()[0], WindowClassifier(config).stages()[0]
        assert (ours.steps, ours.batch_size) == (theirs.steps, theirs.batch_size)


def test_every_frame_is_classified_by_the_window_around_it() -> None:
    model = WindowClassifier(TINY).eval()
    assert model.size == 25
    flow = torch.randn(2, 70, 38)
    with torch.inference_mode():
        found = model.predict({"flow": flow})
        scores = model(flow[:, 20:45])
    assert found["curve"].shape == (2, 70)
    torch.testing.assert_close(found["emotion"][:, 32], scores, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found["curve"][:, 32], 1 - scores.softmax(-1)[:, 4], rtol=1e-4, atol=1e-5)


def test_the_loss_is_of_the_class_in_the_middle() -> None:
    model = WindowClassifier(TINY).eval()
    label = torch.full((2, 25), 4)
    label[0, 12], label[1, 11] = 2, 3
    weight = torch.ones(2, 25)
    weight[0, 12] = 3.0
    flow = torch.randn(2, 25, 38)
    chosen = model(flow).log_softmax(-1)[[0, 1], [2, 4]]
    loss = model.losses({"flow": flow, "label": label, "weight": weight}, "classifier")["class"]
    torch.testing.assert_close(loss, -(3 * chosen[0] + chosen[1]) / 4)


def test_a_part_of_each_window_is_drawn() -> None:
    flow = torch.arange(50.0).repeat(8, 1)[..., None].expand(8, 50, 38)
    batch = {"flow": flow, "label": torch.arange(50).repeat(8, 1), "weight": torch.arange(50.0).repeat(8, 1)}
    model = WindowClassifier(TINY)
    found = model.augment(batch, torch.Generator().manual_seed(0))
    starts = found["label"][:, 0]
    assert len(set(starts.tolist())) > 1
    torch.testing.assert_close(found["label"], starts[:, None] + torch.arange(25))
    torch.testing.assert_close(found["weight"], found["label"].float())
    scale = found["flow"][:, -1, 0] / found["label"][:, -1]
    assert ((scale > 0.89) & (scale < 1.11)).all()
    again = model.augment(batch, torch.Generator().manual_seed(0))
    torch.testing.assert_close(again["flow"], found["flow"])
    with pytest.raises(AssertionError):
        torch.testing.assert_close(model.augment(batch, torch.Generator().manual_seed(1))["label"], found["label"])
