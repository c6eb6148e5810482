"""The method itself; the contract's sweep trains it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from unit.research.data.sets import physiology
from vultus.errors import ConfigError, InputError
from vultus.research.data.sample import predicted
from vultus.research.methods.emotion import eeg_moce
from vultus.research.methods.emotion.eeg_moce import Config, EegMoce, Guess

TINY = Config.tiny()


def rows(model: EegMoce, count: int = 4) -> dict[str, torch.Tensor]:
    how = model.config.recording
    return {one.name: torch.randn(count, *one.shape(how.seconds, how.rate_hz)) for one in model.task.modalities}


def test_the_papers_size() -> None:
    model = EegMoce(Config()).eval()
    with torch.inference_mode():
        logits, attention, fused = model(rows(model, 2))
    assert (logits.shape, attention.shape, fused.shape) == ((2, 5), (2, 3, 3), (2, 65))
    assert list(model.curvatures.values()) == pytest.approx([2.0] * 3)
    sizes = {name: sum(one.numel() for one in part.parameters()) for name, part in model.encoders.items()}
    # temporal 8 x 300, spatial 64 x 30, separable 64 x 16 + 64 x 64, three normalisations, 64 x 15 to 64
    assert sizes["eeg"] == 8 * 300 + 64 * 30 + 64 * 16 + 64 * 64 + 2 * (8 + 64 + 64) + 960 * 64 + 64
    expert = 1 + 65 * 64 + 64 + 64 + 1
    fusion = 9 * (65 * 64 + 64) + 1
    assert sum(one.numel() for one in model.moce.parameters()) == 3 * expert + fusion + 5 * 64 + 5
    assert 100_000 < sum(one.numel() for one in model.parameters()) < 300_000


def test_the_twin_has_the_same_size_and_so_have_the_arms() -> None:
    check = Config.check()
    full = sum(one.numel() for one in eeg_moce.build(check).parameters() if one.requires_grad)
    for model in (eeg_moce.baseline(check), *eeg_moce.ablations(check).values()):
        count = sum(one.numel() for one in model.parameters() if one.requires_grad)
        assert len(model.names) == 1 or abs(count - full) < 0.1 * full
    twin = eeg_moce.baseline(check).eval()
    assert twin(rows(twin))[2].shape == (4, 8), "no coordinate of time"


@pytest.mark.parametrize("task", ["emotion", "sleep", "load", "deap", "dreamer", "seed"])
def test_three_tasks_and_the_sets(task: str) -> None:
    model = EegMoce(replace(TINY, task=task)).eval()
    logits, attention, _ = model(rows(model))
    modalities = len(model.task.modalities)
    assert logits.shape == (4, len(model.task.labels))
    assert attention.shape == (4, modalities, modalities)
    assert torch.allclose(attention.sum(2), torch.ones(1, dtype=torch.float64))


def test_geometry_is_in_double_precision() -> None:
    model = EegMoce(TINY)
    assert {one.dtype for one in model.moce.parameters()} == {torch.float64}
    assert {one.dtype for one in model.encoders.parameters()} == {torch.float32}


def test_alignment_is_what_it_is_called() -> None:
    data = eeg_moce.data(TINY, 3, None)
    shifted = data.test.with_fields(eeg=3 * data.test["eeg"])
    answers = {}
    for align in ("none", "train-only", "transductive"):
        torch.manual_seed(0)
        model = EegMoce(TINY, align=align)
        model.refit(data.test)
        first = predicted(model, data.test)["logits"]
        model.refit(shifted)
        answers[align] = first, predicted(model, data.test)["logits"]
        known = {len(one.moments.own) for one in model.moce.experts.values()}
        assert known == ({2} if align == "transductive" else {0})
    for align in ("none", "train-only"):
        assert np.array_equal(*answers[align]), "nothing of the tested people is looked at"
    assert not np.allclose(*answers["transductive"])


def test_scores_of_somebody_who_knows_nothing() -> None:
    data = eeg_moce.data(TINY, 3, None)
    guess = eeg_moce.chance(TINY)
    assert isinstance(guess, Guess)
    assert guess.fit(data.train, 1).parameters == 0
    scored = eeg_moce.score(guess, data.test)
    assert set(scored) == {metric.name for metric in eeg_moce.METRICS}
    assert scored["balanced_accuracy"] < 0.15
    assert scored["curvature_gap"] == 0


def test_published_sets_give_people_who_are_apart(tmp_path: Path) -> None:
    config = replace(TINY, task="deap", recording=replace(TINY.recording, seconds=2.0))
    data = eeg_moce.data(config, 0, physiology.deap(tmp_path, people=5, seconds=4))
    parts = (data.train, data.validation, data.test)
    assert sorted(np.concatenate([np.unique(part.subjects) for part in parts])) == [1, 2, 3, 4, 5]
    assert data.train["eeg"].shape[1:] == (8, 128)
    assert np.abs(np.median(data.train["eeg"], axis=(0, 2))).max() < 1e-3, "scaled by the people trained on"
    assert len(np.unique(np.concatenate([part["domain"] for part in parts]))) == 5
    with pytest.raises(ConfigError, match="task 'emotion' has no published set; with --data the task is one of: deap"):
        eeg_moce.data(TINY, 0, tmp_path)
    with pytest.raises(InputError, match="holds no DREAMER"):
        eeg_moce.data(replace(TINY, task="dreamer"), 0, tmp_path)


def test_sessions_are_domains(tmp_path: Path) -> None:
    sessions = tuple(f"{person}_2013010{day}" for person in range(1, 5) for day in (1, 2))
    config = replace(TINY, task="seed", recording=replace(TINY.recording, seconds=1.0))
    data = eeg_moce.data(config, 0, physiology.seed(tmp_path, sessions))
    assert len(np.unique(data.train["domain"])) == 2 * len(np.unique(data.train.subjects))


def test_the_loss_is_that_of_the_label() -> None:
    data = eeg_moce.data(TINY, 3, None)
    model = EegMoce(TINY).eval()
    batch = {key: torch.from_numpy(data.train[key][:6]) for key in ("eeg", "face", "body", "label", "domain")}
    logits, _, _ = model(batch, batch["domain"])
    expected = -logits.log_softmax(1)[torch.arange(6), batch["label"]].mean()
    torch.testing.assert_close(model.losses(batch, "all")["label"], expected)


def test_what_leaves() -> None:
    export = EegMoce(TINY).exported()
    assert list(export.inputs) == ["eeg", "face", "body"]
    assert export.manifest["channels"]["body"] == ["GSR", "Resp", "Plet"]
    assert export.manifest["align"] == "none"
