from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import ConfigError, UnknownNameError
from vultus.research.data.sample import Samples, batches, disjoint, predicted, tensors


class Squares:
    """A lazy column."""

    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def take(self, indices):
        return np.asarray(indices) ** 2


def made(n=10, name="made"):
    return Samples({"square": Squares(n), "label": np.arange(n) % 3}, np.arange(n), name)


def test_rows_of_all_columns():
    samples = made()
    assert len(samples) == 10
    rows = samples.take(np.array([3, 1]))
    assert rows["square"].tolist() == [9, 1]
    assert rows["label"].tolist() == [0, 1]
    assert samples["square"].tolist() == [n**2 for n in range(10)]
    assert len(samples.subset([])) == 0
    with pytest.raises(UnknownNameError, match="unknown field 'labl'; did you mean 'label'"):
        samples["labl"]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.data())
def test_a_subset_of_a_subset_is_a_subset(rows, data):
    samples = made()
    part = samples.subset(rows)
    assert part["square"].tolist() == [n**2 for n in rows]
    again = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1))
    assert part.subset(again).subjects.tolist() == [rows[n] for n in again]
    assert part.subset(again)["square"].tolist() == [rows[n] ** 2 for n in again]


def test_a_mask_and_other_columns():
    samples = made()
    part = samples.subset(samples["label"] == 1, "ones")
    assert (part.name, part["square"].tolist()) == ("ones", [1, 16, 49])
    assert set(part.with_fields(more=np.zeros(3)).fields) == {"square", "label", "more"}
    with pytest.raises(
        ConfigError, match=r"columns of ones must be equally long, but: square 3, label 3, more 4, subj"
    ):
        part.with_fields(more=np.zeros(4))
    with pytest.raises(ConfigError, match="equally long, but: there are none"):
        Samples({})


def test_a_shuffled_column_keeps_its_values_and_leaves_the_others():
    samples = made(100)
    shuffled = samples.shuffled("label", 3)
    assert sorted(shuffled["label"]) == sorted(samples["label"])
    assert (shuffled["label"] != samples["label"]).mean() > 0.5
    assert (shuffled["square"] == samples["square"]).all()


def test_nobody_is_on_both_sides():
    samples = made()
    disjoint(samples.subset(range(5)), samples.subset(range(5, 10)))
    with pytest.raises(ConfigError, match="train and test share 2 subjects, the first of them 4"):
        disjoint(samples.subset(range(6), "train"), samples.subset(range(4, 10), "test"))
    with pytest.raises(ConfigError, match="other does not say who is in it"):
        disjoint(samples, Samples({"x": np.zeros(3)}, name="other"))


@given(st.integers(1, 12), st.booleans())
def test_batches_give_every_row_once(size, random):
    rng = np.random.default_rng(0) if random else None
    found = [row for batch in batches(made(), size, rng) for row in batch["square"]]
    assert sorted(found) == [n**2 for n in range(10)]
    assert random or found == sorted(found)


def test_text_becomes_no_tensor():
    found = tensors({"x": np.zeros((2, 3), np.uint8), "name": np.array(["a", "b"])})
    assert list(found) == ["x"]
    assert str(found["x"].dtype) == "torch.uint8"


def test_predictions_are_made_in_evaluation_mode_and_leave_the_mode_as_it_was():
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.drop, self.weight = torch.nn.Dropout(0.5), torch.nn.Parameter(torch.ones(1))

        def predict(self, batch):
            return {"twice": self.drop(batch["square"] * 2.0) * self.weight, "label": batch["label"]}

    model = Model().train()
    model.frozen = torch.nn.BatchNorm1d(2).eval()
    found = predicted(model, made(), size=3)
    assert found["twice"].tolist() == [2.0 * n**2 for n in range(10)]
    assert found["label"].dtype == np.int64
    assert model.training
    assert model.drop.training
    assert not model.frozen.training, "a part that was frozen stays so"
    with pytest.raises(ConfigError, match="nothing to predict: made is empty"):
        predicted(model, made().subset([]))


def test_what_is_no_network_predicts_on_arrays():
    class Model:
        def predict(self, batch):
            return {"label": batch["label"] + 1}

    assert predicted(Model(), made())["label"].tolist() == [1 + n % 3 for n in range(10)]
