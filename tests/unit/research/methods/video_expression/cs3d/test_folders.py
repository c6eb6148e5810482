"""Real data: NEFER's tree and a labelled folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unit.research.data.sets.event_fakes import dat
from unit.research.data.sets.test_nefer import tree
from vultus.errors import ConfigError, InputError
from vultus.inference.image import write
from vultus.research.data.sets.nefer import CLASSES
from vultus.research.methods.video_expression import cs3d
from vultus.research.methods.video_expression.cs3d.displays import VARIANTS, Filming, Grid
from vultus.research.methods.video_expression.cs3d.folders import clips_of

GRID = Grid(4, 6)


def test_nefer_by_its_published_split(tmp_path: Path) -> None:
    root = tree(tmp_path)
    frame = np.zeros((12, 16, 3), np.uint8)
    frame[3, 5] = 0b10000001
    for number in range(3):
        write(root / f"event_videos/event_frame_NEW/user_02/b_cd/frame_{number:02d}.png", frame)
    raw = root / "event_videos/raw/user_01"
    raw.mkdir(parents=True)
    dat(raw / "a_cd.dat")
    train, test = clips_of(root, Filming(), GRID, 7, 0)
    assert [CLASSES[one] for one in train["label"]] == ["happy", "fear"]
    assert train["voxels"][0].sum() == 2, "the events of the file; two of four lie aside"
    assert train["voxels"][1].sum() == 6, "two bits in each of three frames"
    assert train["voxels"][1][1, :, 3 * 6 // 12, (5 - 2) * 6 // 12].sum() == 6
    assert set(VARIANTS) < set(test.fields)
    assert test["first_50"].sum() < test["voxels"].sum() <= test["noise_3x"].sum()
    with pytest.raises(ConfigError, match=r"has 7 classes .* but the network 6; say classes=7"):
        clips_of(root, Filming(), GRID, 6, 0)
    (root / "annotations/expected_emotions/validation_event.csv").unlink()
    with pytest.raises(InputError, match="holds only one of NEFER's two parts, train"):
        clips_of(root, Filming(), GRID, 7, 0)


def test_a_labelled_folder_is_split_by_person(tmp_path: Path) -> None:
    for person in ("anna", "ben", "cleo", "dora"):
        for word in ("smile", "surprise"):
            (tmp_path / person / word).mkdir(parents=True)
            dat(tmp_path / person / word / "1.dat")
    train, test = clips_of(tmp_path, Filming(), GRID, 2, 0)
    assert (len(train), len(test)) == (6, 2)
    assert set(train.subjects).isdisjoint(test.subjects)
    np.save(tmp_path / "anna/smile/2.npy", np.array([[5, 0, 0, 1], [6, 90, 1, 1]]))
    with pytest.raises(InputError, match="a recording says nothing in the middle square of its camera"):
        clips_of(tmp_path, Filming(), GRID, 2, 0)
    config = cs3d.Config.tiny()
    with pytest.raises(ConfigError, match="say classes=2"):
        cs3d.data(config, 0, tmp_path)
