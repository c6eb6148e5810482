from __future__ import annotations

from pathlib import Path

import pytest

from unit.research.data.sets.filmed import rows, touched
from vultus.errors import InputError, UnknownNameError
from vultus.research.data.sets import open_set
from vultus.research.data.sets.siw_m import _NAMES, CLASSES, LEFT_OUT, left_out, presentation


def whole(root: Path) -> Path:
    """As many films as the paper counts."""
    counts = {name: count for name, (_, count) in _NAMES.items()} | {"Partial_Eye": 57, "Partial_Mouth": 29}
    return touched(root, *(f"{name}_{n}.mov" for name, count in counts.items() for n in range(1, count + 1)))


def test_the_published_counts(tmp_path: Path) -> None:
    reader = open_set("siw_m", whole(tmp_path))
    manifest = reader.check()
    assert manifest.problems == ()
    assert manifest.splits["all"].pictures == 1628
    assert manifest.splits["all"].subjects is None
    assert manifest.splits["all"].classes["partial_mouth"] == 29
    assert reader.found.parts["all"].fields["partial"].sum() == 160 + 127 + 86
    assert any("nobody's protocol" in line for line in manifest.remarks)
    assert len(LEFT_OUT) == 13
    (tmp_path / "Live_1.mov").unlink()
    problems = open_set("siw_m", tmp_path).check().problems
    assert "all, bona_fide: 659 pictures, but 660 are published" in problems


def test_one_attack_is_left_out(tmp_path: Path) -> None:
    fields = open_set("siw_m", whole(tmp_path)).found.parts["all"].fields
    for kinds in LEFT_OUT:
        train, test = left_out(fields, kinds)
        assert not set(train) & set(test)
        assert len(train) + len(test) == 1628
        out = [CLASSES.index(one) for one in kinds]
        assert set(fields["species"][test]) == {0, *out}
        assert not set(fields["species"][train]) & set(out)
        assert (fields["species"][test] == 0).sum() == 660 // 5
    with pytest.raises(UnknownNameError, match="bona_fide"):
        left_out(fields, ["bona_fide"])


def test_the_second_edition_and_its_lists(tmp_path: Path) -> None:
    touched(tmp_path, "Live/Live_1.mov", "Live/Live_2.mp4", "Spoof/Mask_HalfMask/Mask_Half_3.mov",
            "Spoof/Partial_Eye/Partial_Eye_4.MOV")  # fmt: skip
    rows(tmp_path / "pro/testlist_live.txt", "Live_2", "Live_9")
    rows(tmp_path / "pro/testlist_all.txt", "Mask_Half_3", "Mask_Half_3", "")
    reader = open_set("siw_m", tmp_path)
    assert reader.found.layout == "the second edition"
    assert reader.found.parts["all"].fields["held"].tolist() == [0, 1, 1, 0]
    manifest = reader.check()
    assert "all: 4 pictures, but 1,700 are published" in manifest.problems
    assert manifest.remarks[0].endswith("are held; 1 of them are not here")
    (tmp_path / "pro/testlist_all.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="must hold a name of a film in each line"):
        open_set("siw_m", tmp_path)


def test_names(tmp_path: Path) -> None:
    assert presentation(Path("mask_trans_12.mov")).species == "transparent_mask"
    for name in ("Mask_Gold_1.mov", "Live_x.mov", "Live.mov"):
        with pytest.raises(InputError, match="expected a name such as Live_12 or Mask_Half_3"):
            presentation(Path(name))
    touched(tmp_path, "holiday_1.mov")
    with pytest.raises(InputError, match="holds no SiW-M"):
        open_set("siw_m", tmp_path)
