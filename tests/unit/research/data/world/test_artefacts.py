from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vultus.errors import ConfigError, UnknownNameError
from vultus.research.data.world import artefacts

GREY = np.full((3, 48, 48, 3), 128, np.uint8)
POINTS = np.tile(np.array([[16, 20], [32, 20], [24, 28], [18, 36], [30, 36]], np.float32), (3, 1, 1))


@pytest.mark.parametrize("kind", artefacts.KINDS)
def test_it_changes_what_the_mask_says_and_more_where_it_is_stronger(kind: str) -> None:
    image = np.random.default_rng(5).integers(40, 216, (2, 48, 48, 3)).astype(np.uint8)
    where = artefacts.region("eyes", POINTS[:2], 48, np.random.default_rng(0))
    change = []
    for strength in (0.2, 1.0):
        found = artefacts.spoof(image, kind, np.random.default_rng(1), strength, where)
        apart = np.abs(found.images.astype(int) - image).mean(-1)
        assert not apart[~where].any()
        assert np.array_equal(found.mask, where)
        change.append(apart[where].mean())
    assert 0 < change[0] < change[1]


@pytest.mark.parametrize("kind", ["halftone", "moire", "grid"])
def test_its_grating_is_where_it_says(kind: str) -> None:
    found = artefacts.spoof(GREY, kind, np.random.default_rng(2), 1.0)
    for image, wave in zip(found.images, found.waves, strict=True):
        bell = np.outer(np.hanning(48), np.hanning(48))
        shown = image.astype(float).mean(-1) if kind != "grid" else image[..., 1].astype(float)
        shown -= shown.mean()
        spectrum = np.abs(np.fft.fft2(shown * bell, s=(192, 192)))
        at = tuple(round(float(value) * 192) % 192 for value in wave[::-1])
        assert spectrum[at] > 0.4 * spectrum.max()


def test_without_strength_nothing_happens_and_without_a_grating_there_is_none() -> None:
    for kind in artefacts.KINDS:
        found = artefacts.spoof(GREY, kind, np.random.default_rng(0), 0.0)
        assert np.array_equal(found.images, GREY)
    assert not artefacts.spoof(GREY, "paper", np.random.default_rng(0)).waves.any()


@settings(max_examples=25, deadline=None)
@given(part=st.sampled_from(artefacts.PARTS), seed=st.integers(0, 999))
def test_parts_lie_where_they_are_called_after(part: str, seed: int) -> None:
    masks = artefacts.region(part, POINTS, 48, np.random.default_rng(seed))
    assert masks.shape == (3, 48, 48)
    if part == "whole":
        assert masks.all()
    elif part == "half":
        assert ((masks.mean((1, 2)) > 0.25) & (masks.mean((1, 2)) < 0.75)).all()
    else:
        y = np.argwhere(masks[0])[:, 0].mean()
        assert abs(y - (20 if part == "eyes" else 36)) < 2
        assert masks.mean() < 0.35


def test_bad_input() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(UnknownNameError, match="unknown artefact 'moiree'"):
        artefacts.spoof(GREY, "moiree", rng)
    with pytest.raises(UnknownNameError, match="unknown part 'nose'"):
        artefacts.region("nose", POINTS, 48, rng)
    with pytest.raises(ConfigError, match="artefacts take uint8 pictures"):
        artefacts.spoof(GREY[0], "grid", rng)
    with pytest.raises(ConfigError, match="the strength of an artefact is 0 to 1"):
        artefacts.spoof(GREY, "grid", rng, 1.5)
