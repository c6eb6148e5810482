from __future__ import annotations

import pytest

from vultus.evaluation.encrypted.ours import DEFAULT, OURS
from vultus.evaluation.encrypted.peers import PEERS
from vultus.evaluation.encrypted.study import Study
from vultus.evaluation.row import Bench


@pytest.fixture
def study(monkeypatch):
    """Two ways of ours alone, quickly, on few synthetic people."""
    ways = tuple(choice for choice in OURS if choice.scheme in (DEFAULT.words, "Okamoto-Uchiyama, packed, 8 bits"))
    monkeypatch.setattr("vultus.evaluation.encrypted.study.CHOICES", (*ways, *PEERS))
    monkeypatch.setattr("vultus.evaluation.encrypted.rates._OURS", (DEFAULT,))
    return Study(Bench(quick=True, threads=1), backends=("vultus",), bits=(1024,), dimensions=(16,))
