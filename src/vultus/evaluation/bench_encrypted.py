"""The suite of `vultus bench encrypted`: search on encrypted faces beside LightPHE, python-paillier and TenSEAL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vultus.evaluation.bench import run_suite
from vultus.evaluation.encrypted.ablation import ablations
from vultus.evaluation.encrypted.compare import costs
from vultus.evaluation.encrypted.leaks import leaks
from vultus.evaluation.encrypted.links import links
from vultus.evaluation.encrypted.rates import error_rates
from vultus.evaluation.encrypted.scaling import scaling
from vultus.evaluation.row import Measurement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from vultus.evaluation.encrypted.study import Study
    from vultus.evaluation.row import Bench, Row

PACKAGES = ("gmpy2", "lightphe", "phe", "tenseal")
# Name, measurement, and whether it is about ours alone.
PARTS: tuple[tuple[str, Callable[[Study], Iterable[Row]], bool], ...] = (
    ("costs", costs, False),
    ("error_rates", error_rates, False),
    ("ablations", ablations, True),
    ("scaling", scaling, True),
    ("leaks", leaks, True),
    ("links", links, True),
)


def bench_encrypted(study: Study, only: Sequence[str] = ()) -> dict[str, Any]:
    """Measure and return one JSON document, see `run_suite`; tables are among its details.

    Args:
        study: which systems, keys, dimensions and faces.
        only: names of `PARTS`; empty for all.

    Raises:
        UnknownNameError: no measurement of a name in `only`.
    """
    ours = "vultus" in study.backends
    measurements = [Measurement(name, _bound(run, study)) for name, run, alone in PARTS if ours or not alone]
    study.bench.details["study"] = {
        "backends": list(study.backends),
        "bits": list(study.bits),
        "dimensions": list(study.dimensions),
        "pairs": study.pairs or "synthetic",
        "main_bits": study.main_bits,
    }
    return run_suite(measurements, study.bench, only, PACKAGES)


def _bound(run: Callable[[Study], Iterable[Row]], study: Study) -> Callable[[Bench], Iterable[Row]]:
    return lambda bench: run(study)
