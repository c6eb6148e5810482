"""Files of events by what they begin with, not by their names."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from unit.research.data.sets.event_fakes import AS_TOLD, ROWS, aedat4, dat, dsec, metavision, nmnist
from vultus.errors import InputError, MissingExtraError
from vultus.research.data.sets.event_files import read_events


@pytest.mark.parametrize(("make", "size"), [(aedat4, (8, 10)), (dat, (8, 10)), (dsec, (8, 10)), (metavision, (8, 10))])
def test_each_kind_tells_the_same(tmp_path: Path, make, size) -> None:
    found = read_events(make(tmp_path / "x.file"))
    assert found.events.tolist() == AS_TOLD
    assert found.size == size
    assert found.seconds == pytest.approx(801e-6)


def test_bytes_of_nmnist(tmp_path: Path) -> None:
    found = read_events(nmnist(tmp_path / "x.bin"))
    assert found.events.tolist() == [*AS_TOLD, (8192 + 5, 4, 4, 1)]
    assert found.size == (8, 10)


@pytest.mark.shared
def test_a_real_file_of_nmnist(shared: Path) -> None:
    found = read_events(shared / "data/event_format_samples/sample_nmnist.bin")
    assert (len(found.events), found.size) == (4325, (34, 34))


def test_numpy_files(tmp_path: Path) -> None:
    t, x, y, p = ROWS.T
    npz, npy = tmp_path / "x.npz", tmp_path / "x.npy"
    np.savez(npz, timestamps=t / 1e6, x=x, y=y, polarity=2 * p - 1)
    assert np.abs(read_events(npz).events["t"] - t).max() <= 1, "times with a fraction are seconds"
    assert read_events(npz).events["p"].tolist() == p.tolist()
    for table in (ROWS, ROWS[:, [1, 2, 0, 3]]):
        np.save(npy, table)
        assert read_events(npy).events.tolist() == AS_TOLD
    np.savez(npz, events=ROWS)
    assert read_events(npz).events.tolist() == AS_TOLD
    records = np.zeros(4, [("ts", "i8"), ("x", "i2"), ("y", "i2"), ("p", "?")])
    records["ts"], records["x"], records["y"], records["p"] = t, x, y, p
    np.save(npy, records)
    assert read_events(npy).events.tolist() == AS_TOLD


def test_what_is_no_file_of_events_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"

    def says(text: str, where: Path = path) -> None:
        with pytest.raises(InputError, match=text):
            read_events(where)

    says("cannot read the events of", tmp_path / "nowhere")
    path.write_bytes(b"hello")
    says("is no file of events that is known")
    path.write_bytes(b"\x93NUMPY broken")
    says("cannot read the events of")
    np.save(path, np.array([{"t": 1}]), allow_pickle=True)
    says("cannot read the events of")
    np.save(path, np.zeros((3, 3)))
    says("events are a table of four columns")
    np.save(path, ROWS[::-1])
    says("has no column of times that rise, neither the first nor the third")
    np.save(path, ROWS[:0])
    says("holds no events")
    npz = tmp_path / "x.npz"
    np.savez(npz, t=ROWS[:, 0], x=ROWS[:, 1])
    says("has no column 'y' of events, but: t, x", npz)
    np.savez(npz, t=ROWS[:, 0], x=ROWS[:, 1], y=ROWS[:, 2], p=ROWS[:2, 3])
    says("has columns of different lengths", npz)
    np.savez(npz, t=ROWS[:, 0], x=-ROWS[:, 1], y=ROWS[:, 2], p=ROWS[:, 3])
    says("has events at negative places", npz)
    (tmp_path / "x.bin").write_bytes(b"1234567")
    says("7 bytes are no whole number of events of 5", tmp_path / "x.bin")
    (tmp_path / "x.dat").write_bytes(b"% Version 2\n\x0e\x08")
    says("DAT holds changes of 8 bytes, not kind 14 of 8", tmp_path / "x.dat")
    (tmp_path / "x.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    says("cannot read the events of", tmp_path / "x.h5")


def test_prophesees_own_packing_is_told(tmp_path: Path, monkeypatch) -> None:
    import h5py

    def broken(*_: object) -> None:
        raise OSError("can't open ECF plugin")

    path = metavision(tmp_path / "x.hdf5")
    monkeypatch.setattr(h5py, "File", broken)
    with pytest.raises(InputError, match="is packed with Prophesee's ECF"):
        read_events(path)


@pytest.mark.parametrize(
    ("package", "says"),
    [("h5py", r"h5py is not installed; run: pip install \"vultus\[events\]\""),
     ("hdf5plugin", r"hdf5plugin is not installed; run: pip install \"vultus\[events\]\"")],
)  # fmt: skip
def test_what_reads_hdf5_may_be_missing(tmp_path: Path, monkeypatch, package: str, says: str) -> None:
    path = metavision(tmp_path / "x.hdf5")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=says):
        read_events(path)
