"""A person's own recording, in four formats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from unit.research.data.sets.edf import write_edf
from vultus.errors import InputError
from vultus.research.data.sets.trials import Signal
from vultus.research.data.world.signals import task_of
from vultus.research.methods.emotion.eeg_moce.recordings import modality_of, plain, read_recording

DATA = np.random.default_rng(0).normal(0, 20, (3, 128))
NAMES = ("Fp1", "EOG", "GSR")


def wrote(path: Path) -> Path:
    if path.suffix in (".edf", ".bdf"):
        return write_edf(path, dict(zip(NAMES, DATA, strict=True)), 64)
    if path.suffix == ".mat":
        cells = np.empty((1, 3), object)
        cells[0] = NAMES
        savemat(path, {"data": DATA, "channels": cells, "rate": 64.0})
    else:
        np.savez(path, data=DATA, channels=np.array(NAMES), rate=64)
    return path


@pytest.mark.parametrize("ending", ["edf", "bdf", "mat", "npz"])
def test_four_formats(tmp_path: Path, ending: str) -> None:
    found = read_recording(wrote(tmp_path / f"x.{ending}"))
    assert found.channels == NAMES
    assert found.rate_hz == 64
    assert np.allclose(found.values, DATA, atol=0.01)


@pytest.mark.parametrize(
    ("name", "word"),
    [("EEG Fp1-REF", "fp1"), ("Fp1.", "fp1"), ("EEG T3-LE", "t7"), ("EEG Fpz-Cz", "fpz-cz"), ("EDA", "gsr"),
     ("EOG horizontal", "heog"), ("Resp oro-nasal", "resp"), ("EMG submental", "emg"), ("hEOG", "heog"),
     ("HbO-L", "hbo-l"), ("A1", "a1")],
)  # fmt: skip
def test_names_of_channels(name: str, word: str) -> None:
    assert plain(name) == word


def test_channels_by_name_in_the_order_of_training() -> None:
    eog = task_of("sleep").modalities[1]
    whole = Signal(
        np.arange(6).reshape(3, 2).astype(np.float32), ("EMG submental", "EOG horizontal", "EEG Fpz-Cz"), 10.0
    )
    assert modality_of(whole, eog, "x").values.tolist() == [[2, 3]]
    face = task_of("emotion").modalities[1]
    says = "lacks vEOG, zEMG, tEMG of face, which needs hEOG, vEOG, zEMG, tEMG; it has: EMG submental, EOG horizontal"
    with pytest.raises(InputError, match=says):
        modality_of(whole, face, "x.edf")
    many = Signal(np.zeros((50, 1), np.float32), tuple(f"X{one}" for one in range(50)), 1.0)
    with pytest.raises(InputError, match="X39 and 10 more"):
        modality_of(many, face, "y")


def test_what_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must be a recording that ends in \.edf, \.bdf, \.mat, \.npz"):
        read_recording(tmp_path / "x.txt")
    bad = tmp_path / "x.npz"
    bad.write_bytes(b"no")
    with pytest.raises(InputError, match=r"x\.npz is no NPZ file that can be read"):
        read_recording(bad)
    np.savez(bad, data=DATA)
    with pytest.raises(InputError, match=r"must hold data .* but lacks channels, rate"):
        read_recording(bad)
    np.savez(bad, data=DATA, channels=np.array(["a"]), rate=64)
    with pytest.raises(InputError, match=r"data \(3, 128\) must be \(C, T\) with 1 channels, at a rate above 0"):
        read_recording(bad)
    np.savez(bad, data=DATA, channels=np.array([{}], object), rate=64)
    with pytest.raises(InputError, match="is no NPZ file that can be read: Object arrays cannot be loaded"):
        read_recording(bad)
