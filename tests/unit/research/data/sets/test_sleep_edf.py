"""Sleep-EDF: polysomnograms and hypnograms as EDF and EDF+."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unit.research.data.sets.edf import write_edf, write_hypnogram
from unit.research.data.sets.physiology import sleep_edf
from vultus.errors import InputError
from vultus.research.data.sets import open_set


@pytest.mark.parametrize("home", ["sleep-cassette", "."])
def test_epochs_of_a_night(tmp_path: Path, home: str) -> None:
    reader = open_set("sleep_edf", sleep_edf(tmp_path, home))
    part = reader.found.parts["cassette"]
    assert part.subjects.tolist() == ["SC00", "SC00"]
    assert part.fields["night"].tolist() == [1, 2]
    assert reader.check().problems == ("cassette: 2 trials, but 153 are published",)
    assert "telemetry is not here" in reader.check().remarks
    channels = {"eeg": ("Fpz-Cz", "Pz-Oz"), "eog": ("EOG",), "emg": ("EMG",)}
    found = reader.windows("cassette", channels, seconds=30.0, rate_hz=10.0, rows=[0])
    labels = found["label"].tolist()
    assert labels[60:68] == [1, 1, 2, 2, 3, 3, 4, 0], "3 and 4 are one stage, movement is none"
    assert labels.count(0) == 119, "half an hour of waking on each side"
    assert found["eeg"].shape == (126, 2, 300)
    assert found["emg"].mean() == pytest.approx(3.0, abs=0.01), "microvolts"
    assert 15 < found["eeg"].std() < 25


def test_what_is_lacking(tmp_path: Path) -> None:
    home = sleep_edf(tmp_path) / "sleep-cassette"
    (home / "SC4002EC-Hypnogram.edf").write_bytes(b"no")
    load = open_set("sleep_edf", tmp_path).found.parts["cassette"].pictures.load
    with pytest.raises(InputError, match=r"SC4002EC-Hypnogram\.edf marks no sleep stage"):
        load(1)
    write_hypnogram(home / "SC4002EC-Hypnogram.edf", [(0, 30, "Sleep stage ?")])
    with pytest.raises(InputError, match=r"SC4002EC-Hypnogram\.edf marks no sleep stage"):
        load(1)
    write_edf(home / "SC4002E0-PSG.edf", {"EEG Fpz-Cz": np.ones(20)}, 10)
    with pytest.raises(InputError, match=r"has no channel EEG Pz-Oz, EOG horizontal, EMG submental; it has: EEG Fpz"):
        load(1)
    (home / "SC4002EC-Hypnogram.edf").unlink()
    with pytest.raises(InputError, match=r"has no hypnogram: SC4002E\?-Hypnogram\.edf is not there"):
        open_set("sleep_edf", tmp_path)
