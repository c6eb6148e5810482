"""The suite of `vultus bench gallery`: searching and keeping a million people."""

from __future__ import annotations

from vultus.evaluation.bench_scan import beside_faiss
from vultus.evaluation.row import Measurement

PACKAGES = ("cryptography", "faiss-cpu", "usearch", "numkong")
MEASUREMENTS = (Measurement("beside_faiss", beside_faiss),)
