"""What each encrypted system costs: key, encryption, dot product, decryption, bytes, with proof that results agree."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vultus.evaluation.timing import seconds
from vultus.metrics.rows import unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vultus.evaluation.encrypted.peers import Choice, System

    Floats = NDArray[np.float64]

CLOSE = 1e-4  # largest difference to the plain dot product that a system with rounding may show
_FEW = 8  # dimensions encrypted to see how long one takes


@dataclass(frozen=True, slots=True)
class Cost:
    """One row: a system with one key size at one dimension.

    Attributes:
        backend, scheme, pipeline, modulus_bits, template_precision, probe_precision, block: as in `Facts`.
        bits: asked for; None where the scheme has its own parameters.
        dimension: of the templates.
        measured_dimension: dimensions really encrypted; times and bytes are scaled from them.
        keygen_s: processor seconds, like the others.
        encrypt_s: per template.
        prepare_s: per template, by the scorer, once.
        dot_s: per comparison.
        decrypt_s: per score.
        public_key_bytes, private_key_bytes: of the keys.
        template_bytes: ciphertext bytes per template.
        max_loss: largest difference to the cosine in float of the pipeline's own vectors.
        difference: largest difference to the plain dot product of the numbers encrypted.
        agrees: whether that is nothing, or below `CLOSE` for a scheme with rounding.
        repeats: of the dot product, whose median counts.
    """

    backend: str
    scheme: str
    pipeline: str
    bits: int | None
    modulus_bits: int
    dimension: int
    measured_dimension: int
    template_precision: str
    probe_precision: str
    block: int
    keygen_s: float
    encrypt_s: float
    prepare_s: float
    dot_s: float
    decrypt_s: float
    public_key_bytes: int
    private_key_bytes: int
    template_bytes: float
    max_loss: float
    difference: float
    agrees: bool
    repeats: int


def measure(choice: Choice, bits: int, vectors: Floats, probe: Floats, budget_s: float) -> Cost:
    """Measure a system on one processor.

    Args:
        choice: the system.
        bits: of its key.
        vectors: templates, enough for a block of any system, unit rows (N, D).
        probe: unit vector (D,).
        budget_s: seconds that one encryption of a block may take about; dimensions beyond are not measured.
    """
    built: list[System] = []
    keygen_s, _ = median(lambda: built.append(choice.build(bits, vectors.shape[1])), 3, budget_s / 4, processor_s)
    system = built[-1]
    facts = system.facts
    dimension = vectors.shape[1]
    block = vectors[: facts.block]
    measured = affordable(system, block, budget_s)
    left, right = unit(block[:, :measured]), unit(probe[:measured])
    scale = dimension / measured
    kept: list[Any] = []
    encrypt_s, _ = median(lambda: kept.append(system.encrypt(left)), 3, budget_s / 2, processor_s)
    templates = kept[-1]
    prepare_s, _ = median(lambda: kept.append(system.prepare(templates)), 3, budget_s / 4, processor_s)
    prepared = kept[-1]
    dot_s, repeats = median(lambda: kept.append(system.score(prepared, right)), 7, budget_s / 2, processor_s)
    scores = kept[-1]
    decrypt_s, _ = median(lambda: system.decrypt(scores), 7, budget_s / 4, processor_s)
    got = system.decrypt(scores)[: len(left)]
    difference = float(np.abs(got - system.plain(left, right)).max())
    public, private = system.key_bytes
    return Cost(
        backend=facts.backend,
        scheme=facts.scheme,
        pipeline=facts.pipeline,
        bits=bits if choice.keyed else None,
        modulus_bits=facts.modulus_bits,
        dimension=dimension,
        measured_dimension=measured,
        template_precision=facts.template_precision,
        probe_precision=facts.probe_precision,
        block=facts.block,
        keygen_s=keygen_s,
        encrypt_s=encrypt_s * scale / facts.block,
        prepare_s=prepare_s * scale / facts.block,
        dot_s=dot_s * scale / facts.block,
        decrypt_s=decrypt_s / facts.block,
        public_key_bytes=public,
        private_key_bytes=private,
        template_bytes=system.template_bytes(templates) * scale,
        max_loss=float(np.abs(got - left @ right).max()),
        difference=difference,
        agrees=difference == 0.0 if facts.exact else difference <= CLOSE,
        repeats=repeats,
    )


def affordable(system: System, block: Floats, budget_s: float) -> int:
    """Dimensions whose encryption takes about the budget at most."""
    dimension = block.shape[1]
    few = min(_FEW, dimension)
    system.encrypt(unit(block[:1, :2]))  # builds what is built once
    taken = processor_s(lambda: system.encrypt(unit(block[:, :few])))
    return int(min(dimension, max(few, few * budget_s / max(taken, 1e-9))))


def median(
    run: Callable[[], object], most: int, budget_s: float, clock: Callable[[Callable[[], object]], float] = seconds
) -> tuple[float, int]:
    """Median seconds of up to `most` runs, fewer when the budget is spent, and how many there were."""
    taken: list[float] = []
    start = time.perf_counter()
    while not taken or (len(taken) < most and time.perf_counter() - start < budget_s):
        taken.append(clock(run))
    return statistics.median(taken), len(taken)


def processor_s(run: Callable[[], object]) -> float:
    """Seconds that a processor works for one call: the time that passes, less what other programs take of it."""
    gc.collect()
    before = time.process_time()
    run()
    return time.process_time() - before


def min_max(vectors: Floats, low: float, high: float) -> Floats:
    """The published pipeline: every vector into [0, 1] by common bounds that its own extend, then length 1; (N, D)."""
    smallest = np.minimum(vectors.min(axis=1, keepdims=True), low)
    largest = np.maximum(vectors.max(axis=1, keepdims=True), high)
    return unit((vectors - smallest) / (largest - smallest))


def population(n_people: int, n_each: int, dimension: int, seed: int = 0) -> tuple[Floats, NDArray[np.int64]]:
    """Synthetic faces: dimensions of unequal mean and spread, noise within a person such that cosine errs now and then.

    Returns:
        Unit rows (n_people * n_each, D), and the person of each.
    """
    random = np.random.default_rng(seed)
    people = np.repeat(np.arange(n_people), n_each)
    spread = np.exp(random.normal(scale=0.4, size=dimension))
    centres = random.normal(size=(n_people, dimension)) * spread + random.normal(scale=0.2, size=dimension)
    noise = random.normal(size=(people.size, dimension)) * spread
    return unit(centres[people] + 1.1 * noise), people
