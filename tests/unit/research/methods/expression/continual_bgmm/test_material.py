"""Samples by task: made ones, CFEE and FER2013 from folders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unit.research.data.sets.made import picture, table
from unit.research.data.sets.test_openface import written
from vultus.errors import InputError
from vultus.research.methods.expression import continual_bgmm as method
from vultus.research.methods.expression.continual_bgmm import Config
from vultus.research.methods.expression.continual_bgmm.material import of_seed

TINY = Config.tiny().data


def test_made_samples() -> None:
    data = of_seed(TINY, 3, None)
    train, test = data.train, data.test
    assert sorted(set(train["task"])) == [-1, 0, 1, 2]
    assert set(test["task"]) == {0, 1, 2}
    assert not set(train.subjects) & set(test.subjects)
    drills = train["task"] < 0
    assert (train["expression"][drills] == -1).all()
    assert train["actions"][~drills].max() == 0, "true action units of the displays are nobody's to learn from"
    for part in (train, test):
        for label in range(5):
            assert len(set(part["task"][part["expression"] == label])) == 1


def test_destroyed_samples_keep_class_and_task_together() -> None:
    data = of_seed(TINY, 3, None)
    tasks = dict(zip(data.train["expression"].tolist(), data.train["task"].tolist(), strict=True))
    assert all(tasks[label] == task for label, task in
               zip(data.destroyed["expression"].tolist(), data.destroyed["task"].tolist(), strict=True))  # fmt: skip
    assert (data.destroyed["expression"] != data.train["expression"]).any()
    assert np.bincount(data.destroyed["expression"] + 1).tolist() == np.bincount(data.train["expression"] + 1).tolist()
    assert (data.destroyed["image"] == data.train["image"]).all()


def test_the_order_of_compounds_changes_with_the_seed() -> None:
    wide = replace(TINY, basic=2, compound=6, together=2)
    one, other = (of_seed(wide, seed, None).test for seed in (3, 4))
    orders = [[set(part["expression"][part["task"] == task]) for task in range(4)] for part in (one, other)]
    assert orders[0][0] == orders[1][0] == {0, 1}
    assert [len(task) for task in orders[0]] == [2, 2, 2, 2]
    assert orders[0] != orders[1]


def fer2013(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    for name, count in (("train", 28), ("publictest", 15)):
        pictures = rng.integers(0, 256, (count, 48, 48), dtype=np.uint8)
        if name == "publictest":
            pictures[0] = np.load(folder / "fer2013_train.npz")["x"][3]
        np.savez(folder / f"fer2013_{name}.npz", x=pictures, y=np.arange(count, dtype=np.uint8) % 7,
                 ferplus=np.ones((count, 10), np.uint8), row=np.arange(count))  # fmt: skip
    return folder


def test_fer2013_arrives_class_after_class(tmp_path: Path) -> None:
    data = of_seed(replace(TINY, size=24), 0, fer2013(tmp_path))
    assert data.train["image"].shape == (28 + TINY.drills, 24, 24, 3)
    assert len(data.test) == 14, "the picture that is in Training too is left out"
    arrives = {int(label): int(task) for label, task in zip(data.test["expression"], data.test["task"], strict=True)}
    assert sorted(arrives.values()) == [0, 0, 0, 1, 2, 3, 4]
    grey = data.train["image"]
    assert (grey[..., 0] == grey[..., 2]).all()


def test_cfee_is_split_by_person(tmp_path: Path) -> None:
    rows = []
    for person in range(5):
        for label in (1, 2, 8, 22):
            picture(tmp_path / f"{person}_{label}.png", 10 * person + label, (24, 24))
            rows.append((f"{person}_{label}.png", f"s{person}", label))
    table(tmp_path / "cfee.csv", ("path", "subject", "label"), rows)
    tested = []
    for seed in range(5):
        data = of_seed(replace(TINY, size=24), seed, tmp_path)
        assert not set(data.train.subjects) & set(data.test.subjects)
        assert set(data.test["task"][data.test["expression"] < 7]) == {0}
        tested += list(data.test.subjects)
    assert sorted(set(tested)) == [f"s{person}" for person in range(5)]


def test_another_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds neither CFEE nor FER2013; looked for: cfee.csv"):
        of_seed(TINY, 0, tmp_path)


def cfee(root: Path) -> Path:
    """Ten people with a picture of each of the 22 classes."""
    rows = []
    for person in range(10):
        for label in range(1, 23):
            name = f"{label}_x/p{person}.png"
            picture(root / "set" / name, 100 * person + label, (24, 24))
            rows.append((name, f"p{person}", label))
            written(root / f"tables/{label}_x/p{person}.csv", [(0.9, 5 * (label - 1) / 21)])
    table(root / "set/cfee.csv", ("path", "subject", "label"), rows)
    return root / "set"


def test_action_units_from_openface(tmp_path: Path) -> None:
    settings = replace(TINY, together=3, openface=str(tmp_path / "tables"))
    data = of_seed(settings, 0, cfee(tmp_path))
    assert data.train["units"].shape == (8 * 22, 17)
    assert (data.train["task"] >= 0).all(), "nobody needs to learn action units"
    for part in (data.train, data.test):
        np.testing.assert_allclose(part["units"][:, 0], 5 * part["expression"] / 21, rtol=1e-5)
    np.testing.assert_array_equal(data.destroyed["units"], data.train["units"])
    config = replace(Config.tiny(), data=settings)
    model = method.build(replace(config, mode="au"))
    budget = model.fit(data.train, 0)
    assert budget.steps == 0
    figures = method.score(model, data.test)
    assert figures["final_accuracy"] > 0.8, "the strength of one unit tells the class here"
    matrix = method.details(model, data.test)["accuracy"]
    assert [[one is None for one in row] for row in matrix] == [[u > t for u in range(6)] for t in range(6)]
    classes = [7, 3, 3, 3, 3, 3]
    assert np.average(matrix[-1], weights=classes) == pytest.approx(figures["final_accuracy"], abs=1e-5)


def test_openface_is_of_cfee(tmp_path: Path) -> None:
    settings = replace(TINY, openface=str(tmp_path))
    (tmp_path / "fer").mkdir()
    for folder in (None, fer2013(tmp_path / "fer")):
        with pytest.raises(InputError, match="takes tables of the pictures of CFEE: give its folder with --data"):
            of_seed(settings, 0, folder)
