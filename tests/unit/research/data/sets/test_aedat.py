"""AEDAT in three versions, on fakes and on a real recording."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from unit.research.data.sets.event_fakes import AS_TOLD, aedat3, aedat4, davis346, dvs128
from vultus.errors import InputError, MissingExtraError
from vultus.research.data.sets.aedat import is_aedat, read_aedat


@pytest.mark.parametrize(
    ("make", "size"), [(dvs128, (128, 128)), (davis346, (260, 346)), (aedat3, None), (aedat4, (8, 10))]
)
def test_each_version_tells_the_same(tmp_path: Path, make, size) -> None:
    path = make(tmp_path / "x.aedat")
    assert is_aedat(path.read_bytes())
    events, told = read_aedat(path)
    assert events.tolist() == AS_TOLD
    assert told == size


@pytest.mark.parametrize("packing", [1, 3])
def test_packed_packets(tmp_path: Path, packing: int) -> None:
    assert read_aedat(aedat4(tmp_path / "x.aedat4", packing))[0].tolist() == AS_TOLD


def test_a_clock_that_begins_again_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "x.aedat"
    rows = np.array([[0, 2**32 - 5], [0, 3]], ">u4")
    path.write_bytes(b"#!AER-DAT2.0\r\n" + rows.tobytes())
    assert np.diff(read_aedat(path)[0]["t"]).tolist() == [8]


@pytest.mark.shared
def test_a_real_recording(shared: Path) -> None:
    events, size = read_aedat(shared / "data/event_format_samples/sample.aedat4")
    assert size == (240, 320)
    assert len(events) == 111_954
    assert events["x"].max() < 320
    assert events["y"].max() < 240
    assert (np.diff(events["t"]) >= 0).all()
    assert 0.4 < events["p"].mean() < 0.6


def test_damaged_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "x.aedat"

    def says(data: bytes, text: str) -> None:
        path.write_bytes(data)
        with pytest.raises(InputError, match=text):
            read_aedat(path)

    says(b"#!AER-DAT1.0\r\n", "is AEDAT of a version that is not read: 2, 3.1 and 4 are")
    says(b"#!AER-DAT2.0\r\nxxx", "3 bytes are no whole number of events of 8")
    outside = np.array([[400 << 12, 5]], ">u4").tobytes()
    says(b"#!AER-DAT2.0\r\n# davis240\r\n" + outside, "has events outside the 180 x 240 pixels of its camera")
    three = aedat3(path).read_bytes()
    says(three[:-3], "it ends within a packet")
    says(three.replace(b"\x01\x00\x00\x00\x08", b"\x01\x00\x00\x00\x04"), "events of changes have 8 bytes, not 4")
    four = aedat4(path).read_bytes()
    says(four[:-3], "it ends within a packet")
    says(four[:30], "is damaged")
    says(aedat4(path, 7).read_bytes(), "packets are packed in a way without a name, 7")
    for packing in (1, 3):
        whole = aedat4(path, packing).read_bytes()
        says(whole[:-20] + bytes(20), "is damaged")


@pytest.mark.parametrize(
    ("packing", "package", "says"),
    [(1, "lz4", r"lz4 is not installed; run: pip install \"vultus\[events\]\""),
     (3, "zstandard", r"zstandard is not installed; run: pip install \"vultus\[events\]\"")],
)  # fmt: skip
def test_what_unpacks_may_be_missing(tmp_path: Path, monkeypatch, packing: int, package: str, says: str) -> None:
    path = aedat4(tmp_path / "x.aedat4", packing)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=says):
        read_aedat(path)
