from __future__ import annotations

import json

import pytest

from vultus.errors import UnknownNameError
from vultus.evaluation.bench_encrypted import PARTS, bench_encrypted
from vultus.evaluation.encrypted.study import Study
from vultus.evaluation.row import Bench


def study(**options):
    return Study(Bench(quick=True, threads=1), bits=(1024,), dimensions=(16,), **options)


def test_one_document_with_tables_and_rows():
    report = bench_encrypted(study(backends=("vultus",)), ["scaling", "links"])
    assert json.loads(json.dumps(report, allow_nan=False))["schema"] == "vultus.bench/1"
    assert set(report["details"]) == {"study", "scaling", "links"}
    assert report["details"]["study"]["pairs"] == "synthetic"
    assert "gmpy2" in report["versions"]


def test_without_ours_only_the_tables_of_all_remain():
    with pytest.raises(UnknownNameError, match="unknown measurement 'leaks'"):
        bench_encrypted(study(backends=("phe",)), ["leaks"])


def test_every_part_of_the_milestone_is_there():
    assert [name for name, _, _ in PARTS] == ["costs", "error_rates", "ablations", "scaling", "leaks", "links"]
