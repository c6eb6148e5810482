"""The table of costs, and the goals that it has to meet."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from vultus.errors import VultusError
from vultus.evaluation.encrypted.costs import Cost, measure
from vultus.evaluation.encrypted.ours import DEFAULT, How
from vultus.evaluation.encrypted.study import piped
from vultus.evaluation.row import Row
from vultus.evaluation.timing import processors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vultus.evaluation.encrypted.peers import Choice
    from vultus.evaluation.encrypted.study import Study

# Seconds that encrypting one block may take about: for a backend's main ways at the first dimension, so that LightPHE
# encrypts a whole template of 2048 bits, at further dimensions, and for its other ways.
_FIRST_BUDGET_S, _FURTHER_BUDGET_S, _OTHER_BUDGET_S, _QUICK_BUDGET_S = 18.0, 4.0, 2.0, 0.3
_LIGHTPHE, _PHE, _PHE_WHOLE = "Paillier, 19 digits", "Paillier, floats", "Paillier, whole numbers"
_LIGHTPHE_SHORT = "Paillier, 2 digits"
_CKKS, _CKKS_LEAN, _BFV = "CKKS batched, N = 8192, rescaling", "CKKS batched, N = 4096", "BFV batched, N = 4096"
_FAST, _SINGLE = How(nonces="subgroup"), How(packed=False)

Speed = tuple[str, str, "Callable[[Cost], float]"]
DOT: Speed = ("dot product", "comparisons/s", lambda cost: 1 / cost.dot_s)
ENCRYPTION: Speed = ("encryption", "templates/s", lambda cost: 1 / cost.encrypt_s)
DECRYPTION: Speed = ("decryption", "scores/s", lambda cost: 1 / cost.decrypt_s)

# What is compared, our system, theirs, and how many times faster ours should be; None where nothing is asked.
GOALS: tuple[tuple[Speed, str, str, str, float | None], ...] = (
    (DOT, DEFAULT.words, "lightphe", _LIGHTPHE, 1000.0),
    (DOT, DEFAULT.words, "lightphe", _LIGHTPHE_SHORT, None),
    (DOT, _SINGLE.words, "lightphe", _LIGHTPHE, 20.0),
    (DOT, DEFAULT.words, "phe", _PHE, 100.0),
    (DOT, DEFAULT.words, "phe", _PHE_WHOLE, 100.0),
    (DOT, DEFAULT.words, "tenseal", _CKKS, 1.0),
    (DOT, DEFAULT.words, "tenseal", _CKKS_LEAN, 1.0),
    (DOT, DEFAULT.words, "tenseal", _BFV, 1.0),
    (ENCRYPTION, DEFAULT.words, "lightphe", _LIGHTPHE, 1000.0),
    (ENCRYPTION, _FAST.words, "lightphe", _LIGHTPHE, 1000.0),
    (ENCRYPTION, DEFAULT.words, "tenseal", _CKKS_LEAN, None),
    (DECRYPTION, DEFAULT.words, "lightphe", _LIGHTPHE, 100.0),
    (DECRYPTION, DEFAULT.words, "phe", _PHE_WHOLE, None),
    (DECRYPTION, _FAST.words, "lightphe", _LIGHTPHE, 100.0),
    (DECRYPTION, DEFAULT.words, "tenseal", _CKKS_LEAN, None),
)
# Ciphertext bytes per template, ours at most this share of theirs.
SIZES = (("lightphe", _LIGHTPHE, 1 / 50), ("tenseal", _CKKS, 1.0), ("tenseal", _CKKS_LEAN, 1.0), ("tenseal", _BFV, 1.0))


def costs(study: Study) -> Iterator[Row]:
    """Measure every system at every key size and dimension on one processor, then hold the goals against them.

    Besides its own main way each backend has others; those are measured at the first dimension alone.
    """
    found: list[Cost] = []
    missed: list[Row] = []
    names: dict[int, str] = {}
    with processors(1):
        for dimension in study.dimensions:
            names[dimension], vectors, probe = study.templates(dimension)
            for choice, bits in _cells(study, dimension):
                study.bench.tell(f"{choice.backend}: {choice.scheme}, {bits} bits, {dimension} dimensions")
                sides = piped(vectors, probe, "min-max" if choice.backend == "lightphe" else "signed")
                try:
                    found.append(measure(choice, bits, *sides, _budget(study, choice, dimension)))
                except VultusError as error:
                    what = f"costs of {choice.backend}, {choice.scheme}, {bits} bits, {dimension} dimensions"
                    missed.append(Row(what=what, reason=f"not measured: {error}"))
    study.bench.details["costs"] = [asdict(cost) for cost in found]
    study.bench.details["templates"] = {str(dimension): name for dimension, name in names.items()}
    yield from missed
    yield agreement(found)
    here = [cost for cost in found if cost.dimension == study.dimensions[0] and cost.bits in (None, study.main_bits)]
    yield from goals(here)


def _cells(study: Study, dimension: int) -> Iterator[tuple[Choice, int]]:
    for choice in study.choices:
        if choice.main or dimension == study.dimensions[0]:
            for bits in study.bits if choice.keyed else study.bits[:1]:
                yield choice, bits


def _budget(study: Study, choice: Choice, dimension: int) -> float:
    if study.bench.quick:
        return _QUICK_BUDGET_S
    if not choice.main:
        return _OTHER_BUDGET_S
    return _FIRST_BUDGET_S if dimension == study.dimensions[0] else _FURTHER_BUDGET_S


def agreement(found: Sequence[Cost]) -> Row:
    """Whether every system computes what it should."""
    wrong = [f"{cost.backend} {cost.scheme}, {cost.bits} bits, {cost.dimension}" for cost in found if not cost.agrees]
    return Row(
        what="systems whose scores equal the plain dot product of the numbers they encrypt",
        ours=(len(found) - len(wrong)) / len(found),
        unit="share",
        n=len(found),
        goal="all; schemes with rounding within 1e-4",
        met=not wrong,
        reason="; ".join(wrong),
    )


def goals(found: Sequence[Cost]) -> Iterator[Row]:
    """Rows of goals for the systems that were measured."""
    known = {(cost.backend, cost.scheme): cost for cost in found}
    for speed, ours, backend, scheme, least in GOALS:
        mine, theirs = known.get(("vultus", ours)), known.get((backend, scheme))
        if mine is not None and theirs is not None:
            yield _faster(speed, mine, theirs, least)
    for backend, scheme, most in SIZES:
        mine, theirs = known.get(("vultus", DEFAULT.words)), known.get((backend, scheme))
        if mine is not None and theirs is not None:
            yield _smaller(mine, theirs, most)


def _faster(speed: Speed, mine: Cost, theirs: Cost, least: float | None) -> Row:
    what, unit, rate = speed
    ours, peer = rate(mine), rate(theirs)
    ratio = ours / peer
    return Row(
        what=f"{what}, {mine.scheme}",
        ours=ours,
        peer=peer,
        peer_name=f"{theirs.backend}, {theirs.scheme}",
        ratio=ratio,
        unit=unit,
        n=mine.repeats,
        goal="" if least is None else f"at least {least:,.0f} times",
        met=None if least is None else ratio >= least,
        reason=_moduli(mine, theirs),
    )


def _smaller(mine: Cost, theirs: Cost, most: float) -> Row:
    ratio = mine.template_bytes / theirs.template_bytes
    return Row(
        what=f"ciphertext bytes per template, {mine.scheme}",
        ours=mine.template_bytes,
        peer=theirs.template_bytes,
        peer_name=f"{theirs.backend}, {theirs.scheme}",
        ratio=ratio,
        unit="bytes",
        n=mine.block,
        goal="smaller" if most == 1 else f"at least {1 / most:.0f} times smaller",
        met=ratio <= most if most < 1 else ratio < most,
        reason=_moduli(mine, theirs),
    )


def _moduli(mine: Cost, theirs: Cost) -> str:
    ours = f"{mine.dimension} dimensions; ours modulus {mine.modulus_bits} bits, exponents {mine.probe_precision}"
    measured = "" if theirs.measured_dimension == theirs.dimension else f", measured on {theirs.measured_dimension}"
    return f"{ours}; theirs {theirs.modulus_bits} bits, {theirs.probe_precision}{measured}"
