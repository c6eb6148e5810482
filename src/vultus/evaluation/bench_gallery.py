"""The suite of `vultus bench gallery`: searching and keeping a million people."""

from __future__ import annotations

from vultus.evaluation.bench_scan import same_people, scan
from vultus.evaluation.bench_store import insert, reopen
from vultus.evaluation.row import Measurement

PACKAGES = ("cryptography", "faiss-cpu", "usearch", "numkong")
MEASUREMENTS = (
    Measurement("scan", scan),
    Measurement("same_people", same_people),
    Measurement("insert", insert),
    Measurement("reopen", reopen),
)
