from __future__ import annotations

import pytest

from vultus.evaluation.encrypted.study import Study
from vultus.evaluation.row import Bench


@pytest.fixture
def study():
    """Ours alone, quickly, on few synthetic people."""
    return Study(Bench(quick=True, threads=1), backends=("vultus",), bits=(1024,), dimensions=(16,))
