from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from unit.research.data.sets.filmed import rows, touched
from vultus.errors import InputError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.msu_mfsd import presentation


def whole(root: Path) -> Path:
    for who, (camera, ending) in product(range(1, 36), (("android", "mp4"), ("laptop", "mov"))):
        head = f"client{who:03d}_{camera}_SD"
        touched(root, f"scene01/real/real_{head}_scene01.{ending}")
        touched(root, *(f"scene01/attack/attack_{head}_{kind}_scene01.{ending}"
                        for kind in ("printed_photo", "ipad_video", "iphone_video")))  # fmt: skip
    rows(root / "train_sub_list.txt", *(f"{n:02d}" for n in range(1, 16)))
    rows(root / "test_sub_list.txt", *(f"{n:02d}" for n in range(16, 36)))
    return root


def test_the_published_counts(tmp_path: Path) -> None:
    rows(whole(tmp_path) / "scene01/real/real_client001_android_SD_scene01.face", "0, 100, 80, 140, 160, 1, 2, 3, 4")
    reader = open_set("msu_mfsd", tmp_path)
    manifest = reader.check()
    assert manifest.problems == ()
    assert [manifest.splits[name].pictures for name in ("train", "test")] == [120, 160]
    train = reader.found.parts["train"].pictures
    boxes = {path.stem: box.tolist() for path, box in zip(train.paths, train.boxes, strict=True)}  # type: ignore[union-attr, arg-type]
    assert boxes["real_client001_android_SD_scene01"] == [90, 60, 150, 180]


def test_bad_ones(tmp_path: Path) -> None:
    for name in ("attack_client001_android_SD_mask_video_scene01.mp4", "real_x.mp4", "other_client001_a.mp4"):
        with pytest.raises(InputError, match="expected real_client001_"):
            presentation(Path(name))
    rows(whole(tmp_path) / "train_sub_list.txt", "one")
    with pytest.raises(InputError, match="must hold a number of a person in each line"):
        open_set("msu_mfsd", tmp_path)
