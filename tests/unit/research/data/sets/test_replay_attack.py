from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from unit.research.data.sets.filmed import rows, touched
from vultus.errors import InputError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.replay_attack import presentation

ATTACKS = (("print", "highdef_photo"), ("mobile", "mobile_photo"), ("mobile", "mobile_video"),
           ("highdef", "highdef_photo"), ("highdef", "highdef_video"))  # fmt: skip


def names(split: str, people: range) -> list[str]:
    found = []
    for who, light in product(people, ("adverse", "controlled")):
        client = f"client{who:03d}"
        found += [f"{split}/real/{client}_session01_webcam_authenticate_{light}_{n}.mov" for n in (1, 2)]
        found += [
            f"{split}/attack/{support}/attack_{device}_{client}_session01_{medium}_{light}.mov"
            for support in ("fixed", "hand") for device, medium in ATTACKS
        ]  # fmt: skip
    return found


def test_the_published_counts(tmp_path: Path) -> None:
    touched(tmp_path, *names("train", range(15)), *names("devel", range(15, 30)), *names("test", range(30, 50)))
    rows(tmp_path / "face-locations/train/real/client000_session01_webcam_authenticate_adverse_1.face", "1 80 40 40 80")
    reader = open_set("replay_attack", tmp_path)
    manifest = reader.check()
    assert manifest.problems == ()
    assert [manifest.splits[name].pictures for name in ("train", "devel", "test")] == [360, 360, 480]
    boxes = reader.found.parts["train"].pictures.boxes  # type: ignore[union-attr]
    assert boxes is not None
    assert boxes[0].tolist() == [70, 20, 130, 140]


def test_names() -> None:
    assert presentation(Path("attack_mobile_client005_session01_mobile_video_adverse.mov")).species == "mobile_video"
    for name in ("attack_mask_client005_session01_mobile_video_adverse.mov", "real_001.mov", "attack_x.mov"):
        with pytest.raises(InputError, match=r"expected client001_session01_... or attack_DEVICE_"):
            presentation(Path(name))
