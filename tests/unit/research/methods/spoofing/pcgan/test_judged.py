from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vultus.errors import ConfigError
from vultus.research.methods.spoofing import pcgan
from vultus.research.methods.spoofing.pcgan.judged import area, figures, inside, localised
from vultus.research.methods.spoofing.pcgan.material import DEVELOPMENT, TARGET, Making, made

SMALL = Making(side=32, train=4, development=4, target=6, each=2)


class Knowing:
    """Says what it was told, by row."""

    def __init__(self, test: Any, error: float) -> None:
        rng = np.random.default_rng(0)
        self._says = dict(zip([one.tobytes() for one in test["image"]],
                              test["label"] + error * rng.normal(size=len(test)), strict=True))  # fmt: skip
        self._where = {image.tobytes(): mask for image, mask in zip(test["image"], test["mask"], strict=True)}

    def predict(self, batch: Any) -> dict[str, Any]:
        keys = [one.tobytes() for one in batch["image"]]
        masks = np.stack([self._where[key] for key in keys]).astype(float)
        return {"score": np.array([self._says[key] for key in keys]),
                "patches": masks.reshape(-1, 8, 4, 8, 4).mean((2, 4))}  # fmt: skip


@pytest.fixture(scope="module")
def test_samples():
    return made(SMALL, 1)[1]


def test_who_knows_everything_makes_no_errors(test_samples) -> None:
    found = figures(Knowing(test_samples, 0.0), test_samples)
    assert set(found) == {metric.name for metric in pcgan.METRICS}
    assert found["auc"] == found["partial_auc"] == found["localisation"] == 1.0
    assert found["acer"] == found["acer_worst"] == found["hter"] == found["bpcer"] == found["apcer_grid"] == 0.0
    assert np.isnan(found["pattern_kind"])


def test_the_threshold_comes_from_the_training_cameras(test_samples) -> None:
    """Scores of the target that are shifted as a whole keep their order and lose their threshold."""
    shifted = test_samples.with_fields(
        image=np.where((test_samples["role"] == TARGET)[:, None, None, None], 255 - test_samples["image"],
                       test_samples["image"])
    )  # fmt: skip
    knowing = Knowing(shifted, 0.0)
    target = shifted["role"] == TARGET
    for image in shifted["image"][target]:
        knowing._says[image.tobytes()] += 5
    found = figures(knowing, shifted)
    assert found["auc"] == 1.0
    assert found["bpcer"] == 1.0
    assert found["apcer_moire"] == 0.0


def test_areas_and_places_by_hand() -> None:
    assert area(np.array([2.0, 1.0]), np.array([0.0, 1.0])) == 0.875
    assert np.isnan(area(np.array([]), np.array([1.0])))
    mask = np.zeros((1, 8, 8), np.uint8)
    mask[0, :4] = 1
    patches = np.array([[[0.9, 0.8], [0.1, 0.85]]])
    assert localised(patches, mask, np.array([True])) == 0.75
    assert np.isnan(localised(patches, mask, np.array([False])))


def test_a_converter_is_asked_about_its_codes(test_samples) -> None:
    from dataclasses import replace

    config = replace(pcgan.Config.tiny(), making=SMALL)
    found = inside(pcgan.build(config).eval(), test_samples)
    assert all(np.isfinite(value) for value in found.values())
    assert -1 <= found["grating_r"] <= 1
    bare = test_samples.subset(np.flatnonzero(test_samples["role"] <= TARGET))
    assert all(np.isnan(value) for value in inside(pcgan.build(config), bare).values())


def test_both_parts_must_be_there(test_samples) -> None:
    alone = test_samples.subset(np.flatnonzero(test_samples["role"] == DEVELOPMENT))
    with pytest.raises(ConfigError, match="a score needs pictures of development people and of the target"):
        figures(Knowing(alone, 0.0), alone)
